"""Pages of time: the health of the engine, how a ticket's clocks were counted."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.http import SignedInRequest, SignedInView, is_htmx
from accounts.models import User
from accounts.permissions import Permission
from sla.clocks.auditing import explained
from sla.clocks.explaining import explain
from sla.engine.forms import SwitchForm
from sla.engine.health import check
from sla.engine.metrics import CONTENT_TYPE
from sla.engine.metrics import render as render_metrics
from sla.engine.rounds import switch
from sla.models import EngineSwitch
from tickets import clock
from tickets.models import Ticket

#: Times at which the engine was held back or let go on, newest first.
SWITCHES_SHOWN = 10


def may_monitor(request: HttpRequest) -> bool:
    """Whether a monitor with its token asks, or somebody of the staff."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    known = settings.MONITORING_TOKEN
    if known and scheme.lower() == "bearer" and constant_time_compare(token.strip(), known):
        return True
    return isinstance(request.user, User) and request.user.is_agent


@require_GET
def engine_health(request: HttpRequest) -> HttpResponse:
    """For monitors: 200 while nothing is red, else 503. Reasons as codes, for staff and monitors with their token."""
    try:
        health = check(clock.now())
        known = may_monitor(request)
    except DatabaseError:
        return JsonResponse({"status": "red"}, status=HTTPStatus.SERVICE_UNAVAILABLE)
    status = HTTPStatus.SERVICE_UNAVAILABLE if health.red else HTTPStatus.OK
    said = {"status": "red" if health.red else "amber" if health.amber else "green"}
    return JsonResponse(said | ({"red": health.red, "amber": health.amber} if known else {}), status=status)


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of timer health for Prometheus: with the monitoring token, or for staff."""
    if not may_monitor(request):
        raise PermissionDenied
    now = clock.now()
    return HttpResponse(render_metrics(check(now), now), content_type=CONTENT_TYPE)


class TimerHealthView(SignedInView):
    """How well time is kept; for htmx only the tile of the top bar, with a banner when something is red.

    Administrators hold the engine back here, and let it go on.
    """

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Look now."""
        if not request.user.is_agent:
            raise PermissionDenied
        now = clock.now()
        if is_htmx(request):
            return render(request, "sla/_tile.html", {"health": check(now).seen_by(request.user), "now": now})
        return self._page(request, None)

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Hold the engine back or let it go on, with a reason that is kept."""
        if not request.user.is_staff:
            raise PermissionDenied
        paused = request.POST.get("paused") == "1"
        form = SwitchForm(request.POST, paused=not paused)
        if not form.is_valid():
            return self._page(request, form, status=422)
        done = switch(paused=paused, by=request.user, reason=form.cleaned_data["reason"], now=clock.now())
        text = _("Done; it is written down.") if done else _("Somebody else was faster: nothing was changed.")
        messages.add_message(request, messages.SUCCESS if done else messages.WARNING, text)
        return redirect("sla:health")

    def _page(self, request: SignedInRequest, form: SwitchForm | None, status: int = 200) -> HttpResponse:
        now = clock.now()
        health = check(now).seen_by(request.user)
        if not request.user.may(Permission.VIEW):
            health.figures["findings"] = []  # they name tickets of other customers
        health.figures["findings"] = explained(health.figures["findings"])
        if form is None and request.user.is_staff:
            form = SwitchForm(paused=health.figures["paused"], label_suffix="")
        switches = EngineSwitch.objects.select_related("by")[:SWITCHES_SHOWN]
        context = {"health": health, "now": now, "form": form, "switches": switches}
        return render(request, "sla/health.html", context, status=status)


class CountedView(SignedInView):
    """How each clock of a ticket was counted."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Count until now."""
        ticket = Ticket.objects.visible_to(request.user).filter(number=number).first()
        if ticket is None or not request.user.is_agent:
            raise Http404
        now = clock.now()
        context = {"ticket": ticket, "clocks": explain(ticket, now), "commands": ticket.commands.all(), "now": now}
        return render(request, "sla/counted.html", context)
