"""Meetings of the change advisory board in the demo: one that was held, and one that was called."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from changes.cab.models import Meeting
from changes.cab.services import call_meeting, close_meeting, invite, note_presence, open_meeting, write_note
from changes.models import Change

#: Who sits on the board, and whether they came to the meeting that was held.
CAME = {"zhengli": True, "xiezhi": True, "leader": False}
NOTE = "回退演练记录齐全；请补充备库切换后的性能对比，下次会议表决。"
MINUTES = "1. 数据库补丁升级：方案与回退演练已说明，待补充性能对比后表决。\n2. 月底前的扩容窗口不与结算日冲突。"


def load_meetings(now: datetime) -> None:
    """The change manager held one yesterday, 14:00, and calls the next for the day after tomorrow."""
    manager = User.objects.get(username="changemanager")
    at = timezone.localtime(now).replace(hour=14, minute=0, second=0, microsecond=0)
    held = _call(manager, at - timedelta(days=1), at - timedelta(days=1, hours=1))
    _hold(held, manager, at - timedelta(days=1))
    invite(meeting=_call(manager, at + timedelta(days=2), now), by=manager, now=now)


def _call(manager: User, at: datetime, now: datetime) -> Meeting:
    """Call it; what was asked only after it was called is not on its agenda."""
    fields = {"starts_at": at, "ends_at": at + timedelta(hours=1), "place": "三层会议室"}
    meeting = call_meeting(by=manager, now=now, title=f"变更评审例会 {at:%m-%d}", **fields)
    meeting.agenda.filter(round__asked_at__gt=now).delete()
    return meeting


def _hold(meeting: Meeting, manager: User, at: datetime) -> None:
    """What it dealt with was noted, nothing was decided."""
    invite(meeting=meeting, by=manager, now=at - timedelta(minutes=30))
    open_meeting(meeting=meeting, by=manager, now=at)
    for name, present in CAME.items():
        note_presence(meeting=meeting, person=User.objects.get(username=name), present=present)
    for change in Change.objects.filter(pk__in=meeting.agenda.values("round__ticket")):
        write_note(meeting=meeting, change=change, text=NOTE)
    close_meeting(meeting=meeting, by=manager, now=at + timedelta(hours=1), minutes=MINUTES)
