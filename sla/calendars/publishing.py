"""Calendars as business time, and publishing new versions of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from sla.calendars.clock import MOST_YEARS, Always, BusinessTime, CalendarEmpty, Hours, Interval, WorkingTime
from sla.models import Calendar, CalendarDay, CalendarVersion, Target
from tickets.models import Priority

#: A calendar that is published must open within this time.
MUST_OPEN_WITHIN = timedelta(days=366)
ALWAYS = Always()


class CalendarRefused(ValueError):  # noqa: N818 - named for what happened
    """The calendar cannot be published; the text is for the person who tried."""


@dataclass(frozen=True)
class Day:
    """A date that differs from the week, with its name and where it comes from."""

    intervals: tuple[Interval, ...]
    label: str = ""
    source: str = CalendarDay.Source.MANUAL


@dataclass(frozen=True)
class Content:
    """What a version of a calendar says. ``week`` has seven lists of intervals, Monday first."""

    zone: str
    always: bool = False
    week: tuple[tuple[Interval, ...], ...] = ((),) * 7
    days: Mapping[date, Day] = field(default_factory=dict)
    confirmed_until: date | None = None

    def business_time(self) -> BusinessTime:
        """How it counts."""
        days = {day: entry.intervals for day, entry in self.days.items()}
        return ALWAYS if self.always else WorkingTime(Hours(self.zone, self.week, days))

    def digest(self) -> str:
        """A hash of everything that it says."""
        days = [[str(day), entry.intervals, entry.label, entry.source] for day, entry in sorted(self.days.items())]
        said = [self.zone, self.always, self.week, days, str(self.confirmed_until)]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def content_of(version: CalendarVersion) -> Content:
    """What ``version`` says. One query for its days."""
    days = {row.date: Day(_intervals(row.intervals), row.label, row.source) for row in version.days.all()}
    week = tuple(_intervals(day) for day in version.week)
    return Content(version.zone, version.always, week, days, version.confirmed_until)


def business_time(version: CalendarVersion) -> BusinessTime:
    """How ``version`` counts. Kept for the life of the process, since a version never changes."""
    if version.pk is None:
        return _drafted(version)
    return ALWAYS if version.always else _working_time(version.pk)


def draft_version(calendar: Calendar, content: Content) -> CalendarVersion:
    """``content`` as a version that counts but is not stored: for trying it."""
    version = CalendarVersion(
        calendar=calendar,
        number=(calendar.current.number if calendar.current else 0) + 1,
        zone=content.zone,
        always=content.always,
        week=content.week,
        confirmed_until=content.confirmed_until,
    )
    version.__dict__["business"] = content.business_time()
    return version


def _drafted(version: CalendarVersion) -> BusinessTime:
    business: BusinessTime = version.__dict__["business"]
    return business


@lru_cache(maxsize=256)
def _working_time(version_id: int) -> BusinessTime:
    return content_of(CalendarVersion.objects.get(pk=version_id)).business_time()


def is_provisional(version: CalendarVersion, due_at: datetime) -> bool:
    """Whether the day of ``due_at``, where the calendar is, lies beyond what is known about public holidays."""
    known = version.confirmed_until
    return known is not None and due_at.astimezone(ZoneInfo(version.zone)).date() > known


@transaction.atomic
def publish(calendar: Calendar, content: Content, *, by: User | None, at: datetime, note: str = "") -> CalendarVersion:
    """Make ``content`` the newest version of ``calendar`` and return it; the same content again changes nothing.

    Clocks that run are not touched: see ``sla.calendars.following``. Raises CalendarRefused when it does not open
    within the next 366 days, or so rarely that a promise by it would never be due.
    """
    _refuse_closed(content, at)
    _refuse_rare(calendar, content, at)
    calendar = Calendar.objects.select_for_update(no_key=True, of=("self",)).get(pk=calendar.pk)
    digest = content.digest()
    if calendar.current and calendar.current.content_hash == digest:
        return calendar.current
    version = CalendarVersion.objects.create(
        calendar=calendar,
        number=(calendar.current.number if calendar.current else 0) + 1,
        zone=content.zone,
        always=content.always,
        week=content.week,
        confirmed_until=content.confirmed_until,
        content_hash=digest,
        note=note,
        published_at=at,
        published_by=by,
    )
    CalendarDay.objects.bulk_create(
        CalendarDay(version=version, date=day, intervals=entry.intervals, label=entry.label, source=entry.source)
        for day, entry in content.days.items()
    )
    calendar.current = version
    calendar.save(update_fields=["current"])
    return version


def _refuse_closed(content: Content, at: datetime) -> None:
    if not content.business_time().diff(at, at.astimezone(UTC) + MUST_OPEN_WITHIN):
        raise CalendarRefused(_("This calendar does not open within the next 366 days; nothing would ever be due."))


def _refuse_rare(calendar: Calendar, content: Content, at: datetime) -> None:
    longest = longest_promise(calendar)
    if not is_reached(content.business_time(), longest, at):
        raise CalendarRefused(
            _("So few hours are open that a promise of %(hours)d hours would not be due within %(years)d years.")
            % {"hours": longest / timedelta(hours=1), "years": MOST_YEARS}
        )


def longest_promise(calendar: Calendar) -> timedelta:
    """The longest time that is promised by ``calendar``. At most two queries."""
    targets = Target.objects.filter(calendar=calendar)
    minutes = [targets.aggregate(most=Max("minutes"))["most"]]
    if targets.filter(minutes=None).exists():
        minutes += Priority.objects.aggregate(a=Max("response_minutes"), b=Max("resolve_minutes")).values()
    return timedelta(minutes=max(filter(None, minutes), default=0))


def is_reached(business: BusinessTime, amount: timedelta, at: datetime) -> bool:
    """Whether ``amount`` from ``at`` on is over within the years that are looked at."""
    try:
        business.add(at, amount)
    except CalendarEmpty:
        return False
    return True


def _intervals(stored: Any) -> tuple[Interval, ...]:
    return tuple((start, end) for start, end in stored)
