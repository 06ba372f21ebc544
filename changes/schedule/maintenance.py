"""Maintenance windows as moments: whether a change lies in those of its business system (CHG-05)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from changes.schedule.freeze_models import MaintenanceWindow

DAY = timedelta(days=1)
Windows = dict[str, list[MaintenanceWindow]]


def windows_of(systems: Iterable[str]) -> Windows:
    """The active windows of business systems (codes). One query, none for none."""
    found: Windows = defaultdict(list)
    keys = sorted(set(systems))
    if keys:
        for row in MaintenanceWindow.objects.filter(business_system__in=keys, active=True):
            found[str(row.business_system_id)].append(row)
    return found


def occurrences(
    windows: Iterable[MaintenanceWindow], start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Every window that overlaps the span, in order: local wall time, so that summer time moves none of them."""
    return sorted({span for window in windows for span in _of(window, start, end)})


def _of(window: MaintenanceWindow, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    zone, length = ZoneInfo(window.zone), timedelta(minutes=window.minutes)
    day = (start - length).astimezone(zone).date() - DAY
    last = end.astimezone(zone).date()
    while day <= last:
        if day.weekday() == window.weekday:
            begins = datetime.combine(day, window.begins_at, tzinfo=zone)
            until = (begins.replace(tzinfo=None) + length).replace(tzinfo=zone)
            if begins < end and until > start:
                yield begins, until
        day += DAY


def lies_within(windows: Iterable[MaintenanceWindow], start: datetime, end: datetime) -> bool:
    """Whether the span lies in the windows, several that join counted as one."""
    reached = start
    for begins, until in occurrences(windows, start, end):
        if begins > reached:
            break
        reached = max(reached, until)
    return reached >= end
