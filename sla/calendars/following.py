"""Running clocks take over new versions of their calendars; what was counted stays (SLM-05)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, QuerySet

from sla.calendars.clock import DAY_MINUTES, instant
from sla.calendars.publishing import Content, business_time, content_of
from sla.clocks import timers
from sla.clocks.keeping import lock
from sla.clocks.storing import store
from sla.models import Calendar, CalendarVersion, Clock
from sla.services import store_plan
from tickets import clock as database_clock
from tickets.models import Ticket

logger = logging.getLogger(__name__)

BATCH = 200
#: So many limits are looked at for a preview; each costs some microseconds.
MOST_LOOKED_AT = 50_000
ACTIVE = ("running", "paused")


def follow_calendars(*, budget_tickets: int = 2000) -> int:
    """Let the clocks of newly published calendars follow them; return how many tickets were touched.

    One transaction for each ticket, ticket first, then its clocks. Safe to repeat and to interrupt: what is
    left is found again by the next pass. Costs one look at the few calendars when there is nothing to do.
    """
    touched = 0
    for calendar in Calendar.objects.exclude(current=None).exclude(followed=F("current__number")):
        version = calendar.current
        if version is None or touched >= budget_tickets:
            break
        touched += _follow_all(version, budget_tickets - touched)
        if not _behind(version).exists():
            Calendar.objects.filter(pk=calendar.pk, current=version).update(followed=version.number)
    return touched


def _follow_all(version: CalendarVersion, most: int) -> int:
    """Up to about ``most`` tickets; one that cannot follow, or that somebody changes right now, holds up no other."""
    touched = last = 0
    while touched < most and (keys := list(_behind(version).filter(ticket_id__gt=last)[:BATCH])):
        touched += sum(_tried(key, version) for key in keys)
        last = keys[-1]
    return touched


def _tried(ticket_id: int, version: CalendarVersion) -> bool:
    try:
        return _follow(ticket_id, version)
    except Exception:
        logger.exception("Ticket %s cannot follow version %s of its calendar.", ticket_id, version.number)
        return False


def _behind(version: CalendarVersion) -> QuerySet[Clock, int]:
    """Tickets with an active clock that counts by an older version."""
    older = CalendarVersion.objects.filter(calendar=version.calendar_id).exclude(pk=version.pk)
    clocks = Clock.objects.filter(state__in=ACTIVE, calendar_version__in=list(older.values_list("pk", flat=True)))
    return clocks.order_by("ticket_id").values_list("ticket_id", flat=True).distinct()


@transaction.atomic
def _follow(ticket_id: int, version: CalendarVersion) -> bool:
    ticket = Ticket.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=ticket_id).first()
    if ticket is None:
        return False
    lives = lock(ticket)
    at = max([database_clock.now(), *(each.clock.settled_at for each in lives if each.clock.settled_at)])
    for life in lives:
        clock = life.clock
        if clock.is_active and clock.calendar_version.calendar_id == version.calendar_id:
            if clock.next_fire_at and clock.next_fire_at < at:
                timers.fire_clock(life, at)
            life.follow_calendar(version, max(at, clock.running_since or clock.paused_since or at))
    store(lives, at)
    store_plan(ticket, lives)
    return True


@dataclass(frozen=True)
class Moved:
    """How many open limits an edit moves; ``more``: there were too many to look at all of them."""

    count: int
    more: bool = False


def moved_limits(calendar: Calendar, content: Content, at: datetime) -> Moved:
    """How many limits of running clocks an edit of ``calendar`` would move. Changes nothing.

    Only limits that lie behind the first changed hours are looked at, the nearest first, and at most
    ``MOST_LOOKED_AT`` of them: a page waits for the answer. What is counted until ``at`` stays, as when clocks follow.
    """
    if calendar.current is None:
        return Moved(0)
    old, new = content_of(calendar.current), content.business_time()
    changed = first_change(old, content, at)
    if changed is None:
        return Moved(0)
    rows = Clock.objects.filter(state="running", calendar_version__calendar=calendar, due_at__gt=changed)
    found = rows.order_by("due_at").values_list("running_since", "target", "consumed", "due_at", "calendar_version")
    looked = list(found[: MOST_LOOKED_AT + 1])
    versions = {row.pk: row for row in CalendarVersion.objects.filter(calendar=calendar)}
    moved = 0
    for since, target, consumed, due_at, version in looked[:MOST_LOOKED_AT]:
        if since is not None:
            remaining = target - consumed - _used(versions[version], since, at)
            moved += remaining > timedelta() and new.add(max(at, since), remaining) != due_at
    return Moved(moved, len(looked) > MOST_LOOKED_AT)


def first_change(old: Content, new: Content, at: datetime) -> datetime | None:
    """From when on ``new`` counts otherwise than ``old``, not before ``at``; None: it does not."""
    before, after = old.business_time(), new.business_time()
    if (old.zone, old.always, old.week) != (new.zone, new.always, new.week):
        return at
    days = sorted(day for day in old.days.keys() | new.days.keys() if old.days.get(day) != new.days.get(day))
    for day in days:
        start = instant(ZoneInfo(new.zone), day, 0)
        end = instant(ZoneInfo(new.zone), day, DAY_MINUTES)
        if end > at and before.open_between(start, end) != after.open_between(start, end):
            return max(at, start)
    return None


def _used(version: CalendarVersion, since: datetime, at: datetime) -> timedelta:
    return business_time(version).diff(since, at) if since < at else timedelta()
