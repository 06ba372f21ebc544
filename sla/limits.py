"""Planned times from a priority's limits, on a 24x7 calendar. Pure: no database, no present time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

#: A limit is "soon" in its last fifth, and at the latest this long before it (ui.md, SLA chip).
SOON = timedelta(minutes=10)
SOON_SHARE = 5


@dataclass(frozen=True)
class Limit:
    """A moment until which something is due, and from when on that is soon."""

    due_at: datetime
    soon_at: datetime


def planned(start: datetime, minutes: int, paused: timedelta = timedelta()) -> Limit:
    """Return the limit ``minutes`` after ``start``, moved by the time ``paused``.

    ``start`` is aware. The amber zone begins when under 20 % of the target or 10 minutes remain,
    whichever comes first, but never before the start.
    """
    target = timedelta(minutes=minutes)
    due_at = start + target + paused
    zone = min(max(target / SOON_SHARE, SOON), target)
    return Limit(due_at, due_at - zone)
