"""Pages of the change advisory board: its meetings, one of them with agenda, votes and minutes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from approvals.decisions.deciding import decide
from approvals.forms import DecisionForm
from changes.cab.forms import STEPS, CloseForm, MeetingForm, PresenceForm
from changes.cab.models import Meeting
from changes.cab.queries import find_meeting, not_yet_on, points_of, what_waits
from changes.cab.rules import may_read, may_run
from changes.cab.services import call_meeting
from tickets import clock
from tickets.errors import ActionError

PAST = 20


class MeetingsView(SignedInView):
    """Meetings to come and past ones, what waits for the board, and calling a meeting."""

    goes_on_here = True

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them."""
        return self._draw(request, MeetingForm(label_suffix="") if may_run(request.user) else None)

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Call a meeting."""
        if not may_run(request.user):
            raise PermissionDenied
        form = MeetingForm(request.POST, label_suffix="")
        if not form.is_valid():
            return self._draw(request, form, 422)
        meeting = call_meeting(by=request.user, now=clock.now(), **form.cleaned_data)
        return redirect("changes:meeting", meeting.pk)

    def _draw(self, request: SignedInRequest, form: MeetingForm | None, status: int = 200) -> HttpResponse:
        if not may_read(request.user):
            raise PermissionDenied
        over = (Meeting.Status.HELD, Meeting.Status.CANCELLED)
        context = {
            "form": form,
            "coming": Meeting.objects.exclude(status__in=over).order_by("starts_at"),
            "past": Meeting.objects.filter(status__in=over)[:PAST],
            "waiting": what_waits(),
        }
        return render(request, "changes/cab/list.html", context, status=status)


def draw(request: SignedInRequest, meeting: Meeting, status: int = 200, **more: Any) -> HttpResponse:
    """A meeting with its agenda. ``more``: ``refusal``, at which change (``at``), and what was typed."""
    user, runs = request.user, may_run(request.user) and not meeting.is_over
    points = points_of(meeting, user, clock.now())
    if more.get("at") not in {point.change.number for point in points}:
        more["at"] = ""  # said above the agenda
    context = {
        "meeting": meeting,
        "points": points,
        "people": meeting.people.select_related("person"),
        "waiting": not_yet_on(meeting) if runs else [],
        "runs": runs,
        "close_form": CloseForm(meeting=meeting, user=user) if runs else None,
        "presence_form": PresenceForm(meeting=meeting, user=user) if runs else None,
        **more,
    }
    return render(request, "changes/cab/meeting.html", context, status=status)


class MeetingView(SignedInView):
    """One meeting."""

    goes_on_here = True

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it."""
        return draw(request, find_meeting(request.user, pk))


class MeetingStepView(SignedInView):
    """A step of a meeting, by those who run it."""

    def post(self, request: SignedInRequest, pk: int, step: str) -> HttpResponse:
        """Do it; what is refused is said on the page, and what was typed is kept."""
        meeting = find_meeting(request.user, pk)
        if step not in STEPS:
            raise Http404
        if not may_run(request.user):
            raise PermissionDenied
        form = STEPS[step].form(request.POST, meeting=meeting, user=request.user)
        kept = {"close_form": form} if step == "close" else {"presence_form": form} if step == "presence" else {}
        if not form.is_valid():
            texts = " ".join(str(text) for errors in form.errors.values() for text in errors)
            return draw(request, meeting, 422, refusal=texts, at=request.POST.get("change", ""), **kept)
        try:
            STEPS[step](meeting, form.cleaned_data, request.user, clock.now())
        except ActionError as error:
            at = request.POST.get("change", "")
            return draw(request, find_meeting(request.user, pk), 409, refusal=str(error), at=at, **kept)
        return redirect("changes:meeting", pk)


class VoteView(SignedInView):
    """A member's vote: a decision of the round, as ``approvals`` makes it."""

    def post(self, request: SignedInRequest, pk: int, round_pk: int) -> HttpResponse:
        """Decide as the person who is signed in."""
        meeting, form = find_meeting(request.user, pk), DecisionForm(request.POST)
        item = meeting.agenda.filter(round=round_pk).select_related("round__ticket").first()
        if item is None:
            raise Http404
        at = {"at": item.round.ticket.number, "typed": request.POST.get("reason", "")}
        if not form.is_valid():
            said = " ".join(str(text) for errors in form.errors.values() for text in errors)
            return draw(request, meeting, 422, refusal=said, **at)
        typed = form.cleaned_data
        try:
            decide(
                pk=round_pk,
                user=request.user,
                verdict=typed["verdict"],
                reason=typed["reason"],
                digest=typed["digest"] or item.round.digest,
                seen=typed["seen"],
            )
        except ActionError as error:
            return draw(request, find_meeting(request.user, pk), 409, refusal=str(error), **at)
        messages.success(request, _("Your decision is recorded."))
        return redirect("changes:meeting", pk)
