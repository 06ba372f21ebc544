"""Bringing clocks in order from outside: after an upgrade, and when the past itself was counted wrongly."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from sla.clocks import timers
from sla.clocks.keeping import Keeper, lock
from sla.clocks.storing import store
from sla.models import Calendar, Clock, ClockChange
from sla.services import store_plan
from tickets.models import Ticket


def start_missing_clocks(at: datetime) -> int:
    """Start the clocks of live tickets that have none, such as those from before an upgrade; return how many.

    Rules that lie ahead are armed; nobody is told of what is past. Safe to repeat.
    """
    missing = Ticket.objects.live().filter(clocks=None).order_by("pk")
    started = 0
    for key in list(missing.values_list("pk", flat=True)):
        with transaction.atomic(), timers.quietly():
            ticket = _locked(key)
            keeper = Keeper(ticket, lock(ticket), at)
            keeper.keep(None)
            store(keeper.lives, keeper.at)
            store_plan(ticket, keeper.lives)
        started += bool(keeper.lives)
    timers.arm_future(Clock.objects.filter(state__in=("running", "paused")), at)
    return started


def recalculate(calendar: Calendar, *, since: datetime, at: datetime, reason: str) -> int:
    """Count clocks that started from ``since`` on anew, from their start, by the current version of ``calendar``.

    For a holiday that was forgotten: changes verdicts of the past, so the old ones stay in each clock's changes
    with ``reason``. No notice is given twice. Returns how many clocks changed.
    """
    clocks = Clock.objects.filter(calendar_version__calendar=calendar, started_at__gte=since).exclude(
        state="cancelled"
    )
    return sum(_recalculate(key, calendar, since, at, reason) for key in _tickets(clocks))


def _tickets(clocks: QuerySet[Clock, Clock]) -> Iterable[int]:
    return list(clocks.order_by("ticket_id").values_list("ticket_id", flat=True).distinct())


@transaction.atomic
def _recalculate(ticket_id: int, calendar: Calendar, since: datetime, at: datetime, reason: str) -> int:
    ticket = _locked(ticket_id)
    lives = lock(ticket)
    moment = Keeper(ticket, lives, at).at
    changed = 0
    for life in lives:
        clock = life.clock
        fits = clock.calendar_version.calendar_id == calendar.pk and clock.started_at >= since
        if fits and clock.state != Clock.State.CANCELLED:
            cause = ClockChange.Cause.CORRECTION
            life.promise(clock.rule, clock.target, moment, cause=cause, reason=reason, calendar=calendar.current)
            timers.arm(life, moment, cause="correction")
            changed += 1
    store(lives, moment)
    store_plan(ticket, lives)
    return changed


def _locked(ticket_id: int) -> Ticket:
    """The ticket as its kind has it, locked."""
    return Ticket.objects.select_for_update(no_key=True).get(pk=ticket_id).specific
