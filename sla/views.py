"""Pages of time: the health of the engine, how a ticket's clocks were counted."""

from __future__ import annotations

from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.http import SignedInRequest, SignedInView, is_htmx
from sla.explaining import explain
from sla.health import check
from tickets import clock
from tickets.models import Ticket


@require_GET
def engine_health(request: HttpRequest) -> HttpResponse:
    """For monitors: 200 while nothing is red, else 503. Reasons as codes alone; staff see the page."""
    try:
        health = check(clock.now())
    except DatabaseError:
        return JsonResponse({"status": "red", "red": ["database"]}, status=HTTPStatus.SERVICE_UNAVAILABLE)
    status = HTTPStatus.SERVICE_UNAVAILABLE if health.red else HTTPStatus.OK
    said = "red" if health.red else "amber" if health.amber else "green"
    return JsonResponse({"status": said, "red": health.red, "amber": health.amber}, status=status)


class TimerHealthView(SignedInView):
    """How well time is kept; for htmx only the tile of the top bar, with a banner when something is red."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Look now."""
        if not request.user.is_agent:
            raise PermissionDenied
        now = clock.now()
        template = "sla/_tile.html" if is_htmx(request) else "sla/health.html"
        return render(request, template, {"health": check(now), "now": now})


class CountedView(SignedInView):
    """How each clock of a ticket was counted."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Count until now."""
        ticket = Ticket.objects.visible_to(request.user).filter(number=number).first()
        if ticket is None or not request.user.is_agent:
            raise Http404
        now = clock.now()
        return render(request, "sla/counted.html", {"ticket": ticket, "clocks": explain(ticket, now), "now": now})
