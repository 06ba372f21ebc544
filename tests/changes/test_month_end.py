"""The monthly report is told to those who answer for the process when the month is over, once (CHG-10)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from changes.monthly.month_end import tell_month
from notifications.models import Notice
from tests.changes.making import request, staffed
from tests.factories import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-10")]


def test_the_month_before_is_told_once_also_when_the_portal_was_down(world: World) -> None:
    staffed(world)
    tell_month(datetime(2026, 12, 1, 1, tzinfo=UTC))
    assert not Notice.objects.filter(event="change_month").exists()  # nothing was requested
    request(world)
    tell_month(datetime(2026, 11, 30, 12, tzinfo=UTC))
    assert not Notice.objects.filter(event="change_month").exists()  # it is not over
    for day in (11, 12):  # the portal was down until the eleventh
        tell_month(datetime(2026, 12, day, tzinfo=UTC))
    notice = Notice.objects.get(event="change_month")
    readers = set(notice.deliveries.values_list("recipient__username", flat=True))
    assert {"changer", "leader"} <= readers
    assert "engineer" not in readers
    assert notice.payload["path"] == "/changes/report/?month=2026-11"
    assert "Requested or ordered: 1" in notice.payload["text"]["en"]
    assert notice.payload["text"]["zh"] != notice.payload["text"]["en"]
