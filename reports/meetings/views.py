"""The page of process meetings."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from reports.meetings.services import (
    figures_of,
    lines_of,
    may_write,
    meetings_of,
    write_minutes,
)
from reports.quarters import Quarter
from reports.views import ReportsView
from tickets import clock
from tickets.figures.measures import measures_of
from tickets.lifecycle import Kind
from tickets.shared.minutes import MinutesForm


class MeetingsView(ReportsView):
    """The figures of a quarter, and what was said and decided about them."""

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show them."""
        return self._draw(kind, MinutesForm(initial={"held_at": clock.now()}, now=clock.now()))

    def post(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Put the minutes on record."""
        if not may_write(request.user):
            raise PermissionDenied
        form = MinutesForm(request.POST, now=clock.now())
        if not form.is_valid():
            return self._draw(kind, form, 422)
        quarter, now = self._quarter(), clock.now()
        write_minutes(kind=kind, quarter=quarter, cleaned=form.cleaned_data, user=request.user, now=now)
        messages.success(request, _("The minutes are on record."))
        return redirect(f"{reverse('reports:meetings', args=[kind.slug])}?quarter={quarter.code}")

    def _quarter(self) -> Quarter:
        return Quarter.parse(self.request.GET.get("quarter", ""), clock.now())

    def _draw(self, kind: Kind, form: MinutesForm, status: int = 200) -> HttpResponse:
        if not measures_of(kind.code):
            raise Http404
        quarter, user = self._quarter(), self.request.user
        meetings = meetings_of(kind, quarter)
        context = {
            "kind": kind,
            "quarter": quarter,
            "before": quarter.moved(-1).code,
            "after": quarter.moved(1).code,
            "meetings": meetings,
            "lines": lines_of(figures_of(kind, quarter, user, clock.now()), meetings),
            "form": form if may_write(user) else None,
        }
        return render(self.request, "reports/meetings.html", context, status=status)
