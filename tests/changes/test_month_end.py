"""The monthly report is told to those who answer for the process when the month is over, once (CHG-10)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from changes.monthly.month_end import tell_month
from notifications.models import Notice
from problems.figures.month_end import look_through
from problems.models import Problem
from tests.changes.making import request, staffed
from tests.factories import World, make_user
from tickets.actions import perform

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


def raise_problem(world: World, *, now: datetime) -> Any:
    """Of low level, from the desk."""
    data = {"summary": "连接池反复耗尽", "problem_source": "incident", "level": "low"}
    return perform(Problem(), "register", user=world.desk, data=data, now=now).ticket


@pytest.mark.req("PRB-09")
@pytest.mark.parametrize(
    ("kind", "tell", "make", "months"),
    [
        ("change", tell_month, request, ["2026-09", "2026-11", "2026-12"]),
        ("problem", look_through, raise_problem, ["2026-09", "2026-10", "2026-11", "2026-12"]),
    ],
)
def test_downtime_of_months_skips_none_of_any_process(
    world: World, kind: str, tell: Any, make: Any, months: list[str]
) -> None:
    """September is told in time, then the portal is down until January. In October no change was asked for or ended,
    but a problem was open."""
    staffed(world)
    make_user("pm", "problem_manager")
    make(world, now=datetime(2026, 9, 7, 2, tzinfo=UTC))
    tell(datetime(2026, 10, 1, 1, tzinfo=UTC))
    for month in (11, 12):
        make(world, now=datetime(2026, month, 9, 2, tzinfo=UTC))
    for day in (10, 11):
        tell(datetime(2027, 1, day, tzinfo=UTC))
    told = Notice.objects.filter(event=f"{kind}_month").order_by("pk")
    assert [notice.payload["summary"] for notice in told] == months
    assert told[1].payload["path"].endswith(f"?month={months[1]}")


def test_what_was_before_the_portal_told_anything_is_nobodys_news(world: World) -> None:
    staffed(world)
    for month in (9, 10, 11):
        request(world, now=datetime(2026, month, 9, 2, tzinfo=UTC))
    tell_month(datetime(2026, 12, 1, 1, tzinfo=UTC))
    assert [notice.payload["summary"] for notice in Notice.objects.filter(event="change_month")] == ["2026-11"]
