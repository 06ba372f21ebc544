"""Calendars of the worked examples, and a naive count to compare with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sla.calendars.clock import Hours, Interval, WorkingTime

OFFICE: tuple[Interval, ...] = ((540, 720), (780, 1080))
MAKE_UP = ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
HOLIDAYS = [
    ("01-01", 3),
    ("02-15", 9),
    ("04-04", 3),
    ("05-01", 5),
    ("06-19", 3),
    ("09-25", 3),
    ("10-01", 7),
]


def chinese_days_of_2026() -> dict[date, tuple[Interval, ...]]:
    """Holidays and make-up workdays, as written in the examples."""
    days = {date.fromisoformat(f"2026-{day}"): OFFICE for day in MAKE_UP}
    for first, count in HOLIDAYS:
        start = date.fromisoformat(f"2026-{first}")
        days |= {start + timedelta(days=number): () for number in range(count)}
    return days


def weekly(zone: str, *intervals: Interval, days: str = "1111100") -> Hours:
    """The same intervals on the weekdays marked with 1."""
    return Hours(zone, tuple(intervals if mark == "1" else () for mark in days))


CN58_HOURS = Hours("Asia/Shanghai", weekly("Asia/Shanghai", *OFFICE).week, chinese_days_of_2026())
CN58 = WorkingTime(CN58_HOURS)
BERLIN = WorkingTime(weekly("Europe/Berlin", (540, 1020)))
NIGHT = WorkingTime(weekly("America/New_York", (0, 360), (1320, 1440), days="1111111"))


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    """``text`` as the clock on the wall shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def utc(text: str) -> datetime:
    """``text`` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def counted_minutes(hours: Hours, start: datetime, end: datetime) -> int:
    """Whole minutes from ``start`` to ``end`` whose wall-clock time is inside the hours, one by one."""
    zone, moment, count = ZoneInfo(hours.zone), start.astimezone(UTC), 0
    while moment < end:
        wall = moment.astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        count += any(first <= minute < last for first, last in hours.on(wall.date()))
        moment += timedelta(minutes=1)
    return count
