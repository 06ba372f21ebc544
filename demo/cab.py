"""A meeting of the change advisory board in the demo: called, its agenda sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from changes.cab.services import call_meeting, invite


def load_meeting(now: datetime) -> None:
    """The change manager calls it for the day after tomorrow, 14:00, and sends the agenda."""
    manager = User.objects.get(username="wuhao")
    day = timezone.localtime(now).replace(hour=14, minute=0, second=0, microsecond=0) + timedelta(days=2)
    meeting = call_meeting(
        by=manager,
        now=now,
        title=f"变更评审例会 {day:%m-%d}",
        starts_at=day,
        ends_at=day + timedelta(hours=1),
        place="三层会议室",
    )
    invite(meeting=meeting, by=manager, now=now)
