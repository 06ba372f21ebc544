"""Pages of recurring changes: all of them, one with its next dates, a new one whose dates are shown first."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from changes.recurring.dates import preview
from changes.recurring.forms import RecurrenceForm
from changes.recurring.models import Recurrence
from changes.recurring.queries import visible_to
from changes.recurring.rules import may_make, may_read, may_steer
from changes.recurring.services import STEPS, edit, make
from changes.recurring.versions import history
from records.views import sent_version
from tickets import clock
from tickets.errors import ActionConflict

#: So many dates to come are shown, and so many that were.
NEXT, PAST = 12, 50


class RecurrencesView(SignedInView):
    """All that come again, and making one."""

    goes_on_here = True

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them; ``?copy=`` fills the form in."""
        form = None
        if may_make(request.user):
            number = request.GET.get("copy", "")[:20]
            form = RecurrenceForm(user=request.user, initial={"copied": number} if number else None)
        return self._draw(request, form)

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Show its dates first; store it when they were seen."""
        if not may_make(request.user):
            raise PermissionDenied
        form = RecurrenceForm(request.POST, user=request.user)
        if not form.is_valid():
            return self._draw(request, form, 422)
        if "preview" in request.POST:
            return self._draw(request, form, dates=preview(form.draft(), clock.now(), NEXT), zone=form.draft().zone)
        made = make(owner=request.user, now=clock.now(), **form.cleaned_data)
        return redirect("changes:recurrence", made.pk)

    def _draw(
        self, request: SignedInRequest, form: RecurrenceForm | None, status: int = 200, **more: Any
    ) -> HttpResponse:
        if not may_read(request.user):
            raise PermissionDenied
        rows = [(made, preview(made, clock.now(), 1)) for made in visible_to(request.user)]
        context = {"form": form, "rows": rows, **more}
        return render(request, "changes/recurring/list.html", context, status=status)


def find(request: SignedInRequest, pk: int) -> Recurrence:
    """The rule, for those who may read it. Raises PermissionDenied, Http404."""
    if not may_read(request.user):
        raise PermissionDenied
    found = visible_to(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


class RecurrenceView(SignedInView):
    """One of them."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Its rule, its next dates, what became of those that were."""
        made = find(request, pk)
        context = {
            "made": made,
            "items": made.items.visible_to(request.user),
            "dates": [] if made.status == Recurrence.Status.ENDED else preview(made, clock.now(), NEXT),
            "past": made.occurrences.select_related("change")[:PAST],
            "steers": may_steer(made, request.user) and made.status != Recurrence.Status.ENDED,
            "history": history(made),
            "owns": made.owner_id == request.user.pk,
        }
        return render(request, "changes/recurring/detail.html", context)


class EditRecurrenceView(SignedInView):
    """Editing one: its dates are shown first."""

    goes_on_here = True

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it."""
        made = self._find(request, pk)
        return self._draw(request, made, RecurrenceForm(user=request.user, made=made))

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show its dates; save it when they were seen."""
        made = self._find(request, pk)
        form = RecurrenceForm(request.POST, user=request.user, made=made)
        if not form.is_valid():
            return self._draw(request, made, form, 422)
        if "preview" in request.POST:
            dates = preview(form.draft(), clock.now(), NEXT)
            return self._draw(request, made, form, dates=dates, zone=form.draft().zone)
        known = sent_version(request, "known")
        try:
            edit(made, user=request.user, now=clock.now(), known=known, **form.cleaned_data)
        except ActionConflict as error:
            form.add_error(None, str(error.message))
            return self._draw(request, made, form, 409)
        messages.success(request, _("“%(title)s” is saved.") % {"title": form.cleaned_data["title"]})
        return redirect("changes:recurrence", pk)

    def _find(self, request: SignedInRequest, pk: int) -> Recurrence:
        made = find(request, pk)
        if not may_steer(made, request.user):
            raise PermissionDenied
        return made

    def _draw(
        self, request: SignedInRequest, made: Recurrence, form: RecurrenceForm, status: int = 200, **more: Any
    ) -> HttpResponse:
        read = None if status == 409 else sent_version(request, "known")  # who was told of another version has read it
        known = read or made.versions.values_list("number", flat=True).first()
        context = {"form": form, "made": made, "known": known, **more}
        return render(request, "changes/recurring/edit.html", context, status=status)


class RecurrenceStepView(SignedInView):
    """Pausing, resuming, ending, taking over."""

    def post(self, request: SignedInRequest, pk: int, step: str) -> HttpResponse:
        """Do it; what is not possible any more is said."""
        made = find(request, pk)
        if step not in STEPS:
            raise Http404
        if not may_steer(made, request.user):
            raise PermissionDenied
        try:
            STEPS[step](made, request.user, clock.now())
        except ActionConflict as error:
            messages.error(request, str(error.message))
        else:
            messages.success(request, _("Done."))
        return redirect("changes:recurrence", pk)
