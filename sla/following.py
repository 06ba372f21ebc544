"""Running clocks take over new versions of their calendars; what was counted stays (SLM-05)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from sla import timers
from sla.calendars import Content, business_time
from sla.clocks import lock, store
from sla.models import Calendar, CalendarVersion, Clock
from sla.services import store_plan
from tickets import clock as database_clock
from tickets.models import Ticket

BATCH = 200
ACTIVE = ("running", "paused")


def follow_calendars(*, budget_tickets: int = 2000) -> int:
    """Let the clocks of newly published calendars follow them; return how many tickets were touched.

    One transaction for each ticket, ticket first, then its clocks. Safe to repeat and to interrupt: what is
    left is found again by the next pass. Costs one look at the few calendars when there is nothing to do.
    """
    touched = 0
    for calendar in Calendar.objects.exclude(current=None).exclude(followed=F("current__number")):
        version = calendar.current
        while version and (keys := list(_behind(version)[:BATCH])):
            for key in keys:
                _follow(key, version)
            touched += len(keys)
            if touched >= budget_tickets:
                return touched
        Calendar.objects.filter(pk=calendar.pk, current=version).update(followed=version.number if version else 0)
    return touched


def _behind(version: CalendarVersion) -> QuerySet[Clock, int]:
    """Tickets with an active clock that counts by an older version."""
    older = CalendarVersion.objects.filter(calendar=version.calendar_id).exclude(pk=version.pk)
    clocks = Clock.objects.filter(state__in=ACTIVE, calendar_version__in=list(older.values_list("pk", flat=True)))
    return clocks.order_by("ticket_id").values_list("ticket_id", flat=True).distinct()


@transaction.atomic
def _follow(ticket_id: int, version: CalendarVersion, now: datetime | None = None) -> None:
    ticket = Ticket.objects.select_for_update(no_key=True).get(pk=ticket_id)
    lives = lock(ticket)
    at = max([now or database_clock.now(), *(each.clock.settled_at for each in lives if each.clock.settled_at)])
    for life in lives:
        clock = life.clock
        if clock.is_active and clock.calendar_version.calendar_id == version.calendar_id:
            if clock.next_fire_at and clock.next_fire_at < at:
                timers.fire_clock(life, at)
            life.follow_calendar(version, max(at, clock.running_since or clock.paused_since or at))
    store(lives, at)
    store_plan(ticket, lives)


def moved_limits(calendar: Calendar, content: Content, at: datetime) -> int:
    """How many limits of running clocks an edit of ``calendar`` would move. Changes nothing."""
    if calendar.current is None:
        return 0
    old, new = calendar.current, content.business_time()
    rows = Clock.objects.filter(state="running", calendar_version__calendar=calendar)
    count = 0
    for since, target, consumed, due_at in rows.values_list(
        "running_since", "target", "consumed", "due_at"
    ).iterator():
        if since is None:
            continue
        used = consumed + _used(old, since, at)
        remaining = target - used
        count += remaining > timedelta() and new.add(max(at, since), remaining) != due_at
    return count


def _used(version: CalendarVersion, since: datetime, at: datetime) -> timedelta:
    return business_time(version).diff(since, at) if since < at else timedelta()
