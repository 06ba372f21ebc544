"""The page of the incident meeting: what came again or was got round, what runs, what was decided (INC-17)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from problems.meeting.queries import by_workaround_in, repeated_in, running_in
from problems.meeting.services import may_write, meetings_of, write_minutes
from problems.views.known_errors import check
from tickets import clock
from tickets.actions import perform
from tickets.errors import ActionError
from tickets.figures.months import Month
from tickets.models import Ticket
from tickets.shared.minutes import MinutesForm
from tickets.workspace.pages import rows_of


class IncidentMeetingView(SignedInView):
    """The review of a month."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it."""
        check(request.user)
        return self._draw(MinutesForm(initial={"held_at": clock.now()}, now=clock.now()))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Write the minutes, or a note on a running incident."""
        check(request.user)
        if not may_write(request.user):
            raise PermissionDenied
        if request.POST.get("number"):
            return self._note(request.POST["number"])
        form = MinutesForm(request.POST, now=clock.now())
        if not form.is_valid():
            return self._draw(form, 422)
        write_minutes(month=self._month(), cleaned=form.cleaned_data, user=request.user, now=clock.now())
        messages.success(request, _("The minutes are on record."))
        return self._back("minutes")

    def _note(self, number: str) -> HttpResponse:
        """A note on one incident; what was refused is said, and what was typed is kept."""
        ticket = Ticket.objects.visible_to(self.request.user).filter(kind="incident", number=number).first()
        if ticket is None:
            raise Http404
        text = self.request.POST.get("text", "").strip()
        try:
            perform(ticket.specific, "note", user=self.request.user, data={"text": text}, now=clock.now())
        except ActionError as error:
            kept = {"number": number, "text": text, "refusal": str(error.message)}
            return self._draw(MinutesForm(now=clock.now()), 422, kept=kept)
        messages.success(self.request, _("The note is on %(number)s.") % {"number": number})
        return self._back("running")

    def _month(self) -> Month:
        return Month.parse(self.request.GET.get("month", ""), clock.now())

    def _back(self, anchor: str) -> HttpResponse:
        return redirect(f"{reverse('problems:incident_meeting')}?month={self._month().code}#{anchor}")

    def _draw(self, form: MinutesForm, status: int = 200, **more: Any) -> HttpResponse:
        month, user = self._month(), self.request.user
        context = {
            "month": month,
            "before": f"{month.start - timedelta(days=1):%Y-%m}",
            "after": f"{month.end:%Y-%m}",
            "repeated": repeated_in(month, user),
            "by_workaround": by_workaround_in(month, user),
            "running": rows_of(running_in(month, user), clock.now()),
            "meetings": meetings_of(month),
            "form": form if may_write(user) else None,
            **more,
        }
        return render(self.request, "problems/meeting/page.html", context, status=status)
