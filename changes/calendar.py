"""The change calendar: a month of changes and freezes, as weeks of days and as a list."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from changes.freezes import Freeze, freezes_between
from changes.models import Change
from changes.states import States
from changes.trading import is_announced, is_trading_day

WEEK = timedelta(days=7)
SHOWN = 500
TONES = {
    States.SCHEDULED: "info",
    States.IMPLEMENTING: "soon",
    States.IMPLEMENTED: "ok",
    States.REVIEWED: "ok",
    States.CLOSED: "ok",
    States.BACKED_OUT: "late",
}


@dataclass(frozen=True)
class Planned:
    """A change on a day. ``tone`` of its state."""

    change: Change
    tone: str


@dataclass(frozen=True)
class Day:
    """A square of the month."""

    day: date
    in_month: bool
    is_today: bool
    trades: bool
    freezes: list[Freeze] = field(default_factory=list)
    changes: list[Planned] = field(default_factory=list)


@dataclass(frozen=True)
class Month:
    """What the page shows. ``complete``: False while the year's holidays are not announced."""

    first: date
    weeks: list[list[Day]]
    rows: list[Planned]
    freezes: list[Freeze]
    previous: str
    following: str
    complete: bool


def month_of(first: date, user: User, now: datetime, group: str = "") -> Month:
    """The month that begins with ``first``: changes that ``user`` sees, of one group or all. Four queries."""
    begin = first - timedelta(days=first.weekday())
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    end = after + timedelta(days=(7 - after.weekday()) % 7)
    start, until = _midnight(begin), _midnight(end)
    rows = [Planned(one, TONES.get(States(one.state), "neutral")) for one in _changes(user, start, until, group)]
    freezes = freezes_between(start, until)
    days = [begin + timedelta(days=number) for number in range((end - begin).days)]
    squares = [_day(day, first, now, rows, freezes) for day in days]
    return Month(
        first=first,
        weeks=[squares[place : place + 7] for place in range(0, len(squares), 7)],
        rows=rows,
        freezes=freezes,
        previous=f"{first - timedelta(days=1):%Y-%m}",
        following=f"{after:%Y-%m}",
        complete=is_announced(first.year),
    )


def _changes(user: User, start: datetime, until: datetime, group: str) -> list[Change]:
    found: Any = Change.objects.visible_to(user).filter(planned_start__lt=until, planned_end__gt=start)
    found = found.exclude(state__in=(States.CANCELLED, States.REJECTED))
    if group:
        found = found.filter(group__code=group)
    related = ("change_type", "group", "assignee", "business_system")
    return list(found.select_related(*related).order_by("planned_start", "pk")[:SHOWN])


def _day(day: date, first: date, now: datetime, rows: list[Planned], freezes: list[Freeze]) -> Day:
    start, until = _midnight(day), _midnight(day + timedelta(days=1))
    return Day(
        day=day,
        in_month=day.month == first.month,
        is_today=day == timezone.localtime(now).date(),
        trades=is_trading_day(day),
        freezes=[one for one in freezes if one.starts_at < until and one.ends_at > start],
        changes=[row for row in rows if _within(row.change, start, until)],
    )


def _within(change: Change, start: datetime, until: datetime) -> bool:
    begin, end = change.planned_start, change.planned_end
    return begin is not None and end is not None and begin < until and end > start


def _midnight(day: date) -> datetime:
    """The beginning of ``day`` in the person's zone."""
    return timezone.make_aware(datetime.combine(day, time()))
