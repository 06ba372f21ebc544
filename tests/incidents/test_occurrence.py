"""When it occurred, how far it reaches, how hard it is, who passed it on; how it ended as columns and filters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from accounts.models import User
from exporting.services import plan_export, rows_of
from tests.api.client import Api
from tests.factories import MONDAY, World, act, add_task, close, incident_in, make_item, register_incident
from tickets import clock
from tickets.errors import ActionInvalid
from tickets.models import Ticket
from tickets.search.matching import matching
from tickets.services import affect_items

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-02")]


def page_of(user: User, url: str) -> str:
    """A page in English."""
    User.objects.filter(pk=user.pk).update(language="en")
    client = Client()
    client.force_login(user)
    return client.get(url).content.decode()


def test_registered_with_time_extent_difficulty_and_messenger(world: World) -> None:
    before = clock.now() - timedelta(hours=3)
    typed: dict[str, Any] = {
        "occurred_at": before.isoformat(),
        "extent": "二楼全部席位",
        "reported_by": "前台小王",
        "complexity": "3",
    }
    ticket = register_incident(world.desk, requester="requester", **typed)
    assert (ticket.occurred_at, ticket.extent, ticket.reported_by, ticket.complexity) == (
        before,
        "二楼全部席位",
        "前台小王",
        3,
    )
    page = page_of(world.desk, ticket.get_absolute_url())
    for shown in ("Occurred", "二楼全部席位", "前台小王", "Difficulty", "Hard", "Updated", "Vendor needed"):
        assert shown in page, shown
    for field in ("occurred_at", "extent", "reported_by", "complexity"):
        assert f"/actions/edit/?field={field}" in page, field
    found = Api(world.requester).get(f"incidents/{ticket.number}/").json()
    assert (found["extent"], found["reported_by"]) == ("二楼全部席位", "前台小王")
    for words in ("全部席位", "前台小王"):
        assert [row.pk for row in matching(Ticket.objects.all(), words, world.requester)] == [ticket.pk]


def test_nothing_occurred_that_is_still_to_come(world: World) -> None:
    later = (MONDAY + timedelta(hours=1)).isoformat()
    with pytest.raises(ActionInvalid) as refused:
        register_incident(world.desk, now=MONDAY, occurred_at=later)
    assert list(refused.value.form.errors) == ["occurred_at"]
    assert Ticket.objects.count() == 0
    ticket = register_incident(world.desk, now=MONDAY)
    with pytest.raises(ActionInvalid):
        act(ticket, "edit", world.desk, now=MONDAY, occurred_at=later)


@pytest.fixture
def endings(world: World) -> dict[str, Any]:
    """One closed with everything, one at work with a vendor, one just registered, and a task."""
    ended = incident_in("resolved", world, now=MONDAY - timedelta(days=1), extent="北楼")
    affect_items(ticket=ended, items=[make_item("b-2"), make_item("a-1")])
    ended = close(ended, world.desk, now=MONDAY, satisfaction="improve")
    called = incident_in("in_progress", world, now=MONDAY, occurred_at=(MONDAY - timedelta(days=2)).isoformat())
    called = act(called, "call_vendor", world.engineer, supplier="liyuan", vendor_case_number="C-9", text="看盘")
    return {
        "ended": ended,
        "called": called,
        "new": register_incident(world.desk),
        "task": add_task(called, world.engineer),
    }


@pytest.mark.slow
@pytest.mark.req("TKT-08")
def test_how_it_ended_is_a_filter_of_lists(world: World, endings: dict[str, Any]) -> None:
    asked = {
        "close_code=tier1": ["ended"],
        "close_code=none": ["called", "new"],
        "satisfaction=improve": ["ended"],
        "vendor_needed=true": ["called"],
        "solution=true": ["ended"],
        "solution=false": ["called", "new"],
        f"occurred_before={(MONDAY - timedelta(days=1)).date()}": ["called"],
    }
    names = {ticket.number: name for name, ticket in endings.items()}
    for query, expected in asked.items():
        rows = Api(world.desk).results(f"incidents/?{query}")
        assert sorted(names[row["number"]] for row in rows) == sorted(expected), query
    for query in ("close_code=tier1", "vendor_needed=true", "solution=true"):
        assert Api(world.requester).get(f"incidents/?{query}").status_code == 400, query
    page = page_of(world.desk, "/queue/filters/?query=view%3Dall")
    for name in ("close_code", "vendor_needed", "solution", "satisfaction", "occurred_after"):
        assert f'name="{name}"' in page, name


@pytest.mark.req("TKT-08")
def test_how_it_ended_is_a_column_of_tables_and_exports(world: World, endings: dict[str, Any]) -> None:
    codes = [
        "number",
        "close_code",
        "cause",
        "handling",
        "vendor_needed",
        "supplier",
        "items",
        "satisfaction",
        "extent",
    ]
    export = plan_export(
        user=world.desk, source="tickets", query=QueryDict("view=all"), columns=codes, file_format="csv", now=MONDAY
    )
    lines = {row[0]: [str(cell or "") for cell in row[1:]] for row in list(rows_of(export))[1:]}
    assert lines[endings["ended"].number] == [
        *("一线解决", "磁盘已满", "清理日志", "否", "", "a-1, b-2", "需要提高", "北楼"),
    ]
    assert lines[endings["called"].number][3:5] == ["是", "liyuan"]
    assert lines[endings["task"].number] == [""] * 8
    table = page_of(world.desk, "/queue/?view=all&layout=table&columns=number,close_code,vendor_needed,items")
    assert "Resolved by first line" in table
    assert "a-1, b-2" in table
