"""Writing down what the incident meeting said (INC-17)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from problems.meeting.models import IncidentMeeting
from tickets.figures.months import Month


def may_write(user: User) -> bool:
    """Whoever raises problems writes the minutes, and notes on running incidents."""
    return user.may(Permission.PROBLEM_RAISE)


def write_minutes(*, month: Month, cleaned: dict[str, Any], user: User, now: datetime) -> IncidentMeeting:
    """Store what was written; it never changes."""
    return IncidentMeeting.objects.create(month=month.start.date(), written_by=user, written_at=now, **cleaned)


def meetings_of(month: Month) -> list[IncidentMeeting]:
    """The meetings about a month, the newest first."""
    return list(IncidentMeeting.objects.filter(month=month.start.date()).select_related("written_by"))
