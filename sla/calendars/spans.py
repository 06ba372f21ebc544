"""Amounts of time and hours of a day as people type and read them. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

from sla.calendars.clock import DAY_MINUTES, Interval

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(h|m|s)", re.IGNORECASE)
_UNITS = {"h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000}
_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*[-–~]\s*(\d{1,2}):(\d{2})")


def parse_amount(text: str) -> timedelta:
    """``4h``, ``90m``, ``1h30m``, ``2.5h`` as an amount of time. Raises ValueError."""
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        raise ValueError(text)
    return timedelta(microseconds=sum(round(float(number) * _UNITS[unit.lower()]) for number, unit in parts))


def format_amount(amount: timedelta) -> str:
    """An amount of time as ``2:05:00``: hours, minutes, seconds; parts of a second only when there are some."""
    sign, amount = ("-", -amount) if amount < timedelta() else ("", amount)
    minutes, seconds = divmod(int(amount.total_seconds()), 60)
    rest = f".{amount.microseconds:06d}".rstrip("0") if amount.microseconds else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02d}:{seconds:02d}{rest}"


def parse_hours(text: str) -> tuple[Interval, ...]:
    """``09:00-12:00 13:00-18:00`` as intervals, sorted; nothing: closed. Raises ValueError for anything else."""
    if re.sub(r"[\s,;，；]+", "", _HOURS.sub("", text)):
        raise ValueError(text)
    found = []
    for first, second, third, fourth in _HOURS.findall(text):
        start, end = int(first) * 60 + int(second), int(third) * 60 + int(fourth)
        if int(second) > 59 or int(fourth) > 59 or not start < end <= DAY_MINUTES:
            raise ValueError(text)
        found.append((start, end))
    return tuple(sorted(found))


def format_hours(intervals: tuple[Interval, ...]) -> str:
    """Intervals as ``parse_hours`` reads them."""
    return " ".join(f"{a // 60:02d}:{a % 60:02d}-{b // 60:02d}:{b % 60:02d}" for a, b in intervals)
