"""The customers' page of planned work: what affects them, and when their systems may be worked on (CHG-07, ORG-03)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import SignedInRequest, SignedInView
from changes.informing.ahead import AHEAD, upkeep_ahead, work_ahead
from tickets import clock


class PlannedWorkView(SignedInView):
    """For customers; staff have the calendar of changes."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it."""
        if request.user.is_agent:
            return redirect("changes:calendar")
        now = clock.now()
        context = {
            "work": work_ahead(request.user, now),
            "upkeep": upkeep_ahead(request.user, now),
            "days": AHEAD.days,
        }
        return render(request, "portal/planned_work.html", context)
