"""Freeze windows by hand-made lists, and collisions by planted cases: none missed, nothing beside them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from chinese_calendar import constants
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from changes.collision.collisions import collisions_between, collisions_of
from changes.schedule.freeze_models import FreezeRule, MaintenanceWindow
from changes.schedule.freezes import freezes_between, year_of
from changes.schedule.slots import free_slots
from changes.schedule.trading import ANNOUNCED, is_trading_day
from cmdb.models import ConfigurationItem, Relation, RelationType
from tests.api.client import Api
from tests.changes.making import approve, later, request, sign, staffed
from tests.factories import MONDAY, World, act, make_item, make_system, register_incident, reload_user
from tickets.errors import ActionConflict, ActionForbidden
from tickets.services import affect_items

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-05")]
SHANGHAI = ZoneInfo("Asia/Shanghai")
#: (holiday, last trading day before it, first one after it), written down from the notices of the State Council.
BY_HAND = {
    2025: [
        ("2025-01-28", "2025-01-27", "2025-02-05"),
        ("2025-04-04", "2025-04-03", "2025-04-07"),
        ("2025-05-01", "2025-04-30", "2025-05-06"),
        ("2025-05-31", "2025-05-30", "2025-06-03"),
        ("2025-10-01", "2025-09-30", "2025-10-09"),
    ],
    2026: [
        ("2026-01-01", "2025-12-31", "2026-01-05"),
        ("2026-02-15", "2026-02-13", "2026-02-24"),
        ("2026-04-04", "2026-04-03", "2026-04-07"),
        ("2026-05-01", "2026-04-30", "2026-05-06"),
        ("2026-06-19", "2026-06-18", "2026-06-22"),
        ("2026-09-25", "2026-09-24", "2026-09-28"),
        ("2026-10-01", "2026-09-30", "2026-10-08"),
    ],
}
#: Saturdays and Sundays on which offices work instead: the exchange does not.
MAKE_UP = ["2025-01-26", "2025-02-08", "2025-09-28", "2025-10-11", "2026-01-04", "2026-02-14", "2026-02-28"]


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


@pytest.mark.parametrize("year", [2025, 2026])
def test_freezes_of_a_year_equal_the_list_made_by_hand(year: int) -> None:
    found = year_of(year)
    lines = [
        (
            str(one.holiday),
            *(f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" for moment in (one.starts_at, one.ends_at)),
        )
        for one in found.freezes
    ]
    assert lines == [(first, f"{before} 20:00", f"{after} 17:00") for first, before, after in BY_HAND[year]]
    assert found.complete
    assert not any(is_trading_day(date.fromisoformat(day)) for day in MAKE_UP)


def test_year_that_is_not_announced_says_so(world: World) -> None:
    answer = Api(world.engineer).get("freezes/?year=2099").json()
    assert (answer["complete"], answer["results"]) == (False, [])
    first = Api(world.engineer).get("freezes/?year=2026").json()["results"][0]
    assert (first["rule"], first["holiday"], first["zone"]) == ("holidays", "2026-01-01", "Asia/Shanghai")
    assert Api(world.engineer).get("freezes/?year=soon").status_code == 400
    assert Api(world.requester).get("freezes/?year=2026").status_code == 403


def test_span_is_a_freeze_of_its_own_and_half_open(world: World) -> None:
    span = {"starts_at": later(0), "ends_at": later(2)}
    FreezeRule.objects.create(code="audit", name_zh="审计", name_en="Audit", kind="span", **span)
    assert [one.rule.code for one in freezes_between(later(1), later(3))] == ["audit"]
    assert freezes_between(later(2), later(3)) == []


def test_span_of_several_years_is_a_freeze_in_each_of_them_and_counts_once(world: World) -> None:
    span = {"starts_at": datetime(2025, 6, 1, tzinfo=UTC), "ends_at": datetime(2027, 6, 1, tzinfo=UTC)}
    FreezeRule.objects.create(code="moving", name_zh="搬迁", name_en="Move", kind="span", **span)
    assert [year for year in range(2024, 2029) if "moving" in rules_of(year)] == [2025, 2026, 2027]
    for begins in (
        datetime(2025, 6, 17, tzinfo=UTC),
        datetime(2026, 3, 2, tzinfo=UTC),
        datetime(2027, 3, 2, tzinfo=UTC),
    ):
        assert [one.rule.code for one in freezes_between(begins, begins + timedelta(hours=2))] == ["moving"]
    assert freezes_between(span["ends_at"], span["ends_at"] + timedelta(hours=2)) == []
    over = freezes_between(datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
    assert [one.rule.code for one in over].count("moving") == 1


def rules_of(year: int) -> set[str]:
    """Codes of the rules that freeze something in a year."""
    return {one.rule.code for one in year_of(year).freezes}


def test_no_holiday_is_lost_at_the_turn_of_a_year() -> None:
    """Its first day off may be a weekend of the year before: New Year 2006, 2017 and 2018."""
    lost = {2006: "2005-12-31", 2017: "2016-12-31", 2018: "2017-12-30"}
    for year, first in lost.items():
        assert str(next(iter(ANNOUNCED.holidays_of(year))).first) == first
        assert str([*ANNOUNCED.holidays_of(year - 1)][-1].first) == first
        [freeze] = freezes_between(datetime(year, 1, 1, 1, tzinfo=UTC), datetime(year, 1, 1, 2, tzinfo=UTC))
        assert str(freeze.holiday) == first
    for day in constants.holidays:
        assert len([one for one in ANNOUNCED.holidays_of(day.year) if one.first <= day <= one.last]) == 1


def test_calendar_shows_changes_and_freezes_of_a_month(world: World, client: Client) -> None:
    change = submitted(world)
    act(submitted(world, summary="不做的变更"), "cancel", world.lead, text="不做了")
    client.force_login(reload_user(world.engineer))
    page = client.get("/changes/calendar/?on=2026-11").content.decode()
    assert f"{change.number}</span> {change.summary}" in page
    assert "不做的变更" not in page
    assert change.number not in client.get("/changes/calendar/?on=2026-11&group=network").content.decode()
    assert "2026-09-30 20:00" in client.get("/changes/calendar/?on=2026-10").content.decode()
    assert all(f"{before} " in page for _first, before, _after in BY_HAND[2026])
    assert "not announced" in client.get("/changes/calendar/?on=2099-05", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert client.get("/changes/calendar/?on=gestern").status_code == 200


@pytest.mark.slow
@pytest.mark.req("CHG-02")
def test_freeze_blocks_until_somebody_else_signs_for_this_window(world: World) -> None:
    """Without a signature no route leads on; the signature expires with the window."""
    changer: Any = world.people["changer"]
    window: dict[str, Any] = {"planned_start": "2026-10-01T20:00", "planned_end": "2026-10-01T22:00"}
    change = request(world, **window)
    with pytest.raises(ActionConflict, match=r"Hard collision|硬冲突"):
        act(change, "submit", world.lead, now=MONDAY)
    with pytest.raises(ActionForbidden):
        sign(change, world.lead)
    change = sign(change, changer, text="监管要求")
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", changer, now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    moved = {"planned_start": "2026-10-02T20:00", "planned_end": "2026-10-02T22:00", "let_approvals_fall": "on"}
    change = act(change, "edit", world.lead, now=MONDAY, **moved)
    with pytest.raises(ActionConflict):
        act(change, "ask_approval", world.lead, now=MONDAY)
    assert change.overrides.get().reason == "监管要求"


def reasons(change: Any) -> list[tuple[str, str]]:
    """(grade, reason) of everything that ``change`` collides with."""
    return [(str(one.grade), str(one.reason)) for one in collisions_of(change, MONDAY)]


def submitted(world: World, *, signed: bool = False, **data: Any) -> Any:
    """A change that can collide; ``signed``: it goes on in spite of what is hard."""
    change: Any = request(world, **data)
    if signed:
        change = sign(change, world.people["changer"])
    return act(change, "submit", world.lead, now=MONDAY)


def test_submission_is_refused_with_reason_owner_and_the_next_free_windows(world: World) -> None:
    """Whoever is refused learns what is in the way, whom to talk to, and when it would go."""
    first = submitted(world, assignee="engineer")
    late = request(world, assignee="engineer", planned_start="2026-11-24T21:00", planned_end="2026-11-24T23:00")
    with pytest.raises(ActionConflict) as refused:
        act(late, "submit", world.lead, now=MONDAY)
    said = str(refused.value.message)
    for part in (
        first.number,
        "(Lead) Engineer",
        "22:00 – 2026-11-25 00:00 (Asia/Shanghai)",
        "2026-11-25 21:00 – 23:00 (",
    ):
        assert part in said
    answer = Api(world.lead).post(f"changes/{late.number}/actions/submit/", {})
    assert (answer.status_code, first.number in answer.json()["detail"]) == (409, True)
    act(late, "edit", world.lead, planned_start="2026-11-24T22:00", planned_end="2026-11-24T23:00", now=MONDAY)
    assert act(late, "submit", world.lead, now=MONDAY).state == "submitted"


def test_steps_of_one_person_that_touch_do_not_collide(world: World) -> None:
    """Half open: whoever is done with one at nine may begin the other at nine, whichever of both is looked at."""
    hours = [("20:00", "21:00"), ("21:00", "22:00"), ("20:59", "21:01")]
    first, second, both = [
        act(request(world), "add_step", world.lead, now=MONDAY, what="切换", person="engineer", **span)
        for span in ({"planned_from": f"2026-11-24T{a}", "planned_to": f"2026-11-24T{b}"} for a, b in hours)
    ]
    first, second = (act(change, "submit", world.lead, now=MONDAY) for change in (first, second))

    assert [reasons(first), reasons(second)] == [[], []]
    assert reasons(both) == [("hard", "person")] * 2


@pytest.mark.slow
def test_planted_pairs_are_graded_with_reasons(world: World, client: Client) -> None:
    """Both nodes, persons, the same and dependent items, the same system; half open, and never what is over."""
    node1, node2, cluster, host = (make_item(name) for name in ("db-1", "db-2", "db", "host-1"))
    kind = RelationType.objects.get(code="runs_on")
    for node in (node1, node2):
        Relation.objects.create(
            relation_type=kind, source=cluster, target=node, group="nodes", needed=1, confirmed_at=MONDAY
        )
    Relation.objects.create(relation_type=kind, source=node2, target=host, confirmed_at=MONDAY)
    system = make_system("core-db")
    first = submitted(world, items=["db-1"], assignee="engineer", business_system="core-db")
    assert reasons(first) == []

    other_node = submitted(world, signed=True, items=["db-2"])
    assert reasons(first) == [("hard", "redundancy")]
    act(other_node, "cancel", world.lead, text="不做了")
    assert reasons(first) == []
    overlapping = {"planned_start": "2026-11-24T21:00", "planned_end": "2026-11-24T23:00"}
    submitted(world, signed=True, assignee="engineer", **overlapping)
    submitted(world, planned_start="2026-11-24T22:00", planned_end="2026-11-24T23:00", items=["db-1"])
    submitted(world, items=["db-1"])
    submitted(world, business_system="core-db")
    assert reasons(first) == [("hard", "person"), ("soft", "item"), ("note", "system")]
    upper = submitted(world, items=["db-2"], planned_start="2026-11-25T20:00", planned_end="2026-11-25T22:00")
    submitted(world, items=["host-1"], planned_start="2026-11-25T20:00", planned_end="2026-11-25T22:00")
    assert reasons(upper) == [("soft", "dependent")]

    rows = Api(world.lead).results(f"changes/{first.number}/collisions/")
    assert [(row["grade"], row["owner"]["username"]) for row in rows] == [
        ("hard", "lead"),
        ("soft", "lead"),
        ("note", "lead"),
    ]
    assert rows[2]["what"] == [str(system)]
    client.force_login(reload_user(world.lead))
    assert "collisions" in client.get(f"/tickets/{first.number}/").content.decode()

    out = StringIO()
    call_command("collisions", "--from", "2026-11-24", "--to", "2026-11-26", "--json", stdout=out)
    data = json.loads(out.getvalue())
    assert [one["reason"] for one in data["hard"]] == ["person"]
    assert first.number in {one["change"] for one in data["soft"]}
    span = (datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC))
    assert len(collisions_between(*span, MONDAY)) == sum(map(len, data.values()))
    with pytest.raises(CommandError):
        call_command("collisions", "--from", "2026-11-26", "--to", "2026-11-24", stdout=out)


def test_the_systems_of_its_items_count_like_the_one_that_a_change_names(world: World) -> None:
    """Whoever names items only works on their systems all the same: maintenance windows, the same system, majors."""
    system = make_system("core-db")
    for name in ("db-1", "db-2", "db-3"):
        make_item(name, business_system=system)
    MaintenanceWindow.objects.create(
        business_system=system, weekday=5, begins_at=time(1), minutes=120, zone="Asia/Shanghai"
    )
    first = submitted(world, items=["db-1"])
    assert reasons(first) == [("soft", "maintenance")]
    submitted(world, items=["db-2"])
    submitted(world, business_system="core-db")
    assert reasons(first) == [("soft", "maintenance"), ("note", "system"), ("note", "system")]
    major = register_incident(world.desk, now=MONDAY, impact="I1")
    affect_items(ticket=major, items=[ConfigurationItem.objects.get(identifier="db-3")])
    assert ("soft", "incident") in reasons(first)
    inside = request(world, items=["db-1"], planned_start="2026-11-28T01:00", planned_end="2026-11-28T03:00")
    assert ("soft", "maintenance") not in reasons(inside)
    slots = free_slots(first, MONDAY)
    assert {f"{one.start.astimezone(SHANGHAI):%a %H:%M}" for one in slots} == {"Sat 01:00"}
    span = (datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC))
    pairs = [one for one in collisions_between(*span, MONDAY) if str(one.reason) == "system"]
    assert len(pairs) == 3


def test_a_check_asks_the_database_as_often_for_many_as_for_few(world: World) -> None:
    """The graph is opened once and names are read together: a page with many overlapping changes stays quick."""
    kind = RelationType.objects.get(code="runs_on")
    base, *items = (make_item(f"app-{number}") for number in range(9))
    for item in items:
        Relation.objects.create(relation_type=kind, source=item, target=base, confirmed_at=MONDAY)
    first = submitted(world, items=["app-0"])
    counts = []
    for names in (("app-1", "app-2"), ("app-3", "app-4", "app-5", "app-6")):
        for name in names:
            submitted(world, items=[name])
        with CaptureQueriesContext(connection) as queries:
            found = collisions_of(first, MONDAY)
        counts.append(len(queries))
    assert [str(one.reason) for one in found] == ["dependent"] * 6
    assert counts[0] == counts[1]
