"""The figures of changes, and that each opens exactly its records (CHG-10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from changes.models import Change
from sla.clocks.timers import fire_due
from tests.api.client import Api
from tests.changes.making import approve, later, request, sign, staffed
from tests.factories import MONDAY, World, act, reload_user
from tests.reports.charts import assert_charts_open_what_they_show
from tickets.actions import perform

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-10")]
REPORT = "reports/change-kpis/?from=2026-11-01&to=2026-12-01"


def begun_major(world: World) -> Any:
    """A major change that is being implemented since its planned start."""
    changer, head, leader = (world.people[name] for name in ("changer", "head", "leader"))
    change = act(request(world, "major"), "submit", world.lead, now=MONDAY)
    change = act(act(change, "accept", changer, now=MONDAY), "assess", changer, now=MONDAY, risk="low", assessment="x")
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), head, leader, world.approver)
    return act(change, "start", world.engineer, now=later(35))


@pytest.fixture
def month(world: World) -> World:
    """November: two majors, one late; a standard one backed out; an emergency; one that was cancelled."""
    staffed(world)
    changer = world.people["changer"]
    for hours, minutes in ((36.5, 10), (40, 25)):
        change = act(begun_major(world), "report_step", world.engineer, now=later(36), step=1, status="done")
        change = act(change, "implement", world.engineer, now=later(hours), result="as_planned")
        answers = {"expected_reached": "yes" if minutes == 10 else "no", "rating": "fair", "business_view": "good"}
        act(change, "review", changer, now=later(41), interruption_minutes=minutes, **answers)
    order: Any = perform(
        Change(),
        "order",
        user=world.engineer,
        data={"template": "extend-disk", "business_system": "kvm", "planned_end": later(52).isoformat()},
        now=later(50),
    ).ticket
    act(act(order, "start", world.engineer, now=later(51)), "back_out_now", world.engineer, now=later(52), text="失败")
    none: dict[str, Any] = {"planned_start": "", "planned_end": ""}
    act(request(world, "emergency", **none), "submit", world.lead, now=MONDAY)
    fire_due(now=later(48))
    window: dict[str, Any] = {"planned_start": "2026-11-26T20:00", "planned_end": "2026-11-26T22:00"}
    act(request(world, "major", **window), "cancel", world.lead, now=MONDAY, text="不做了")
    return world


@pytest.mark.slow
def test_figures_of_a_month_by_their_own_dates(month: World) -> None:
    answer = Api(month.manager).get(REPORT)
    assert answer.status_code == 200, answer.content
    rows = {row["id"].removeprefix("change_"): row for row in answer.json()["results"]}
    found = {code: (row["numerator"], row["denominator"]) for code, row in rows.items()}
    assert found["total"] == (5, None)
    assert [found[code][0] for code in ("standard", "simple", "major", "emergency")] == [1, 0, 3, 1]
    assert found["major_in_time"] == (1, 2)
    assert parts_of_majors(found) == [1, 0, 0, 1]
    assert found["success"] == (2, 3)
    assert found["missed"] == (1, 2)
    assert found["emergency_share"] == (1, 5)
    assert (rows["interruption"]["value"], rows["interruption"]["numerator"]) == (35 * 60, 2)
    assert found["late_records"][0] == 0
    assert rows["lead_time"]["value"] == 35 * 3600
    api = Api(month.manager)
    for row in rows.values():
        listed = api.get(row["records"]).json()
        assert listed["count"] == row["numerator"] == len(listed["results"]), row["id"]


def test_an_emergency_counts_whose_record_was_overdue_after_its_work(month: World) -> None:
    change: Any = Change.objects.get(change_type="emergency")
    change = act(change, "ask_approval", month.lead, now=MONDAY)
    change = approve(change, month.people["leader"], month.people["head"])
    change = act(change, "start", month.engineer, now=later(1))
    act(change, "implement", month.engineer, now=later(2), result="as_planned")
    fire_due(now=later(27))
    [row] = [one for one in Api(month.manager).get(REPORT).json()["results"] if one["id"] == "change_late_records"]
    assert row["numerator"] == 1
    assert [one["number"] for one in Api(month.manager).get(row["records"]).json()["results"]] == [change.number]


def parts_of_majors(found: dict[str, Any]) -> list[int]:
    """Late, backed out, without an actual end, cancelled."""
    return [found[f"major_{part}"][0] for part in ("late", "backed_out", "untimed", "cancelled")]


@pytest.mark.slow
def test_a_major_that_still_runs_past_its_planned_end_missed_it(month: World) -> None:
    """Nothing that was begun is left out of the share; its parts make up the whole, cancelled ones stand beside."""
    act(begun_major(month), "back_out_now", month.engineer, now=later(36), text="失败")
    begun_major(month)
    rows = {row["id"].removeprefix("change_"): row for row in Api(month.manager).get(REPORT).json()["results"]}
    found = {code: (row["numerator"], row["denominator"]) for code, row in rows.items()}
    assert found["major_in_time"] == (1, 4)
    assert parts_of_majors(found) == [2, 1, 0, 1]
    said = Api(month.manager).get("change-report/?month=2026-11").json()["figures"]
    at = [label for label, _value in said].index("Major changes in planned time")
    assert [value for _label, value in said[at : at + 7]] == [
        "25 % (1/4)",
        "2",
        "1",
        "0",
        "1",
        "35.0 hours",
        "35.0 hours",
    ]


@pytest.mark.slow
def test_an_override_is_counted_in_the_month_in_which_it_was_signed(month: World) -> None:
    window: dict[str, Any] = {"planned_start": "2026-10-01T20:00", "planned_end": "2026-10-01T22:00"}
    change = request(month, **window)
    sign(change, month.people["changer"], now=MONDAY + timedelta(days=1), text="监管要求")
    rows = {row["id"]: row for row in Api(month.manager).get(REPORT).json()["results"]}
    assert rows["change_overrides"]["numerator"] == 1
    december = Api(month.manager).get(REPORT.replace("2026-11", "2026-10").replace("2026-12", "2026-11")).json()
    assert {row["id"]: row for row in december["results"]}["change_overrides"]["numerator"] == 0


@pytest.mark.slow
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
