"""Records of emergencies by time: the column is the timer (CHG-02)."""

from __future__ import annotations

from datetime import datetime

from changes.models import Change
from changes.states import States
from tickets.actions import perform
from tickets.errors import ActionError

BATCH = 50
OVER = (States.DRAFT, States.CLOSED, States.REJECTED, States.CANCELLED)


def run_due(now: datetime) -> int:
    """Tell of records that are overdue at ``now``; how many. Any number of drivers may call it."""
    waiting = Change.objects.filter(record_due_at__lte=now, record_completed_at=None, record_told_at=None)
    rows = list(waiting.exclude(state__in=OVER).order_by("record_due_at")[:BATCH])
    return sum(_run(change, now) for change in rows)


def _run(change: Change, now: datetime) -> bool:
    """One of them; somebody else may have been faster, or completed it meanwhile."""
    try:
        perform(change, "miss_record", user=None, now=now)
    except ActionError:
        return False
    return True
