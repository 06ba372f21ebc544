"""The figures of changes, and that each opens exactly its records (CHG-10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from changes.models import Change
from sla.clocks.timers import fire_due
from tests.api.client import Api
from tests.changes.making import approve, later, request, staffed
from tests.factories import MONDAY, World, act, reload_user
from tests.reports.charts import assert_charts_open_what_they_show
from tickets.actions import perform

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-10")]
REPORT = "reports/change-kpis/?from=2026-11-01&to=2026-12-01"


@pytest.fixture
def month(world: World) -> World:
    """November: two majors, one late; a standard one backed out; an emergency; one that was cancelled."""
    staffed(world)
    changer, head, leader = (world.people[name] for name in ("changer", "head", "leader"))
    for hours, minutes in ((36.5, 10), (40, 25)):
        change = act(request(world, "major"), "submit", world.lead, now=MONDAY)
        change = act(
            act(change, "accept", changer, now=MONDAY), "assess", changer, now=MONDAY, risk="low", assessment="x"
        )
        change = approve(act(change, "ask_approval", world.lead, now=MONDAY), head, leader, world.approver)
        change = act(change, "start", world.engineer, now=later(35))
        change = act(change, "implement", world.engineer, now=later(hours), result="as_planned")
        answers = {"expected_reached": "yes" if minutes == 10 else "no", "rating": "fair", "business_view": "good"}
        act(change, "review", changer, now=later(41), interruption_minutes=minutes, **answers)
    order: Any = perform(
        Change(),
        "order",
        user=world.engineer,
        data={"template": "extend-disk", "business_system": "kvm"},
        now=later(50),
    ).ticket
    act(act(order, "start", world.engineer, now=later(51)), "back_out_now", world.engineer, now=later(52), text="失败")
    none: dict[str, Any] = {"planned_start": "", "planned_end": ""}
    act(request(world, "emergency", **none), "submit", world.lead, now=MONDAY)
    fire_due(now=later(48))
    window: dict[str, Any] = {"planned_start": "2026-11-26T20:00", "planned_end": "2026-11-26T22:00"}
    act(request(world, "major", **window), "cancel", world.lead, now=MONDAY, text="不做了")
    return world


def test_figures_of_a_month_by_their_own_dates(month: World) -> None:
    answer = Api(month.manager).get(REPORT)
    assert answer.status_code == 200, answer.content
    rows = {row["id"].removeprefix("change_"): row for row in answer.json()["results"]}
    found = {code: (row["numerator"], row["denominator"]) for code, row in rows.items()}
    assert found["total"] == (5, None)
    assert [found[code][0] for code in ("standard", "simple", "major", "emergency")] == [1, 0, 3, 1]
    assert found["major_in_time"] == (1, 2)
    assert found["success"] == (2, 3)
    assert found["missed"] == (1, 2)
    assert found["emergency_share"] == (1, 5)
    assert (rows["interruption"]["value"], rows["interruption"]["numerator"]) == (35 * 60, 2)
    assert found["late_records"][0] == 1
    assert rows["lead_time"]["value"] == 35 * 3600
    api = Api(month.manager)
    for row in rows.values():
        listed = api.get(row["records"]).json()
        assert listed["count"] == row["numerator"] == len(listed["results"]), row["id"]


def test_an_override_is_counted_in_the_month_in_which_it_was_signed(month: World) -> None:
    window: dict[str, Any] = {"planned_start": "2027-10-01T20:00", "planned_end": "2027-10-01T22:00"}
    change = act(request(month, **window), "submit", month.lead, now=MONDAY)
    act(change, "override_collisions", month.people["changer"], now=MONDAY + timedelta(days=1), text="监管要求")
    rows = {row["id"]: row for row in Api(month.manager).get(REPORT).json()["results"]}
    assert rows["change_overrides"]["numerator"] == 1
    december = Api(month.manager).get(REPORT.replace("2026-11", "2026-10").replace("2026-12", "2026-11")).json()
    assert {row["id"]: row for row in december["results"]}["change_overrides"]["numerator"] == 0


def test_the_board_of_changes_shows_its_own_tiles(month: World, client: Client) -> None:
    client.force_login(reload_user(month.manager))
    page = client.get("/boards/changes/?from=2026-11-01&to=2026-12-01").content.decode()
    assert "/boards/incidents/" in page
    assert "/boards/changes/charts/types/" in page
    tiles = client.get("/boards/changes/tiles/?from=2026-11-01&to=2026-12-01").content.decode()
    assert "change.registered" in tiles
    assert client.get("/boards/changes/table/?from=2026-11-01&to=2026-12-01").status_code == 200
    assert client.get("/boards/changes/load/").status_code == 404
    assert client.get("/boards/changes/charts/weather/").status_code == 404
    assert_charts_open_what_they_show(client, "changes", ["trend", "types", "risk", "results", "domains", "ageing"])
    explain = client.get("/boards/changes/figures/change_major_in_time/?from=2026-11-01&to=2026-12-01")
    assert "change.major_due" in explain.content.decode()
