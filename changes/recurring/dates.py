"""The dates of a rule: local wall time, so that summer time moves none of them (RFC 5545 by dateutil.rrule)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import rrule

from changes.recurring.models import Recurrence
from changes.schedule.freezes import Years, freezes_between

Window = tuple[datetime, datetime]
Unit = Recurrence.Unit
#: A month has at most so many weeks: the weekday of a later day is its last one.
WEEKS, LAST = 4, -1
SHORTEST = 28
#: Nothing is looked for beyond.
HORIZON = timedelta(days=20 * 366)


def _rule(made: Recurrence) -> rrule.rrule:
    """Its dates as naive local times."""
    first = datetime.combine(made.first_day, made.begins_at)
    until = datetime.combine(made.last_day, made.begins_at) if made.last_day else first + HORIZON
    known: dict[str, Any] = {"interval": made.every, "dtstart": first, "until": until}
    if made.unit == Unit.DAY:
        return rrule.rrule(rrule.DAILY, **known)
    if made.unit == Unit.WEEK:
        return rrule.rrule(rrule.WEEKLY, **known)
    if made.unit == Unit.WEEKDAY:
        place = (made.first_day.day - 1) // 7 + 1
        weekday = rrule.weekdays[made.first_day.weekday()](place if place <= WEEKS else LAST)
        return rrule.rrule(rrule.MONTHLY, byweekday=weekday, **known)
    day = made.first_day.day  # the 31st is the last day of a shorter month
    days = (day,) if day <= SHORTEST else tuple(range(SHORTEST, day + 1))
    return rrule.rrule(rrule.MONTHLY, bymonthday=days, bysetpos=LAST, **known)


def windows_after(made: Recurrence, after: datetime) -> Iterator[Window]:
    """Its windows that begin after ``after``, in order."""
    zone, length = ZoneInfo(made.zone), timedelta(minutes=made.minutes)
    local = after.astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
    for naive in _rule(made).xafter(local):
        begins = naive.replace(tzinfo=zone)
        if begins > after:
            yield begins, (naive + length).replace(tzinfo=zone)


def preview(made: Recurrence, after: datetime, count: int) -> list[dict[str, Any]]:
    """Its next dates, each with the freeze windows that it would stand in."""
    known = Years()
    return [
        {"begins": begins, "ends": ends, "freezes": [one.rule for one in freezes_between(begins, ends, known)]}
        for begins, ends in islice(windows_after(made, after), count)
    ]
