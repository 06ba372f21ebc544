"""What must hold when a change begins: its approval, its window, signatures for what collides, and who does it."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from changes.collision.collisions import collisions_between, collisions_of
from changes.collision.signing import blocking
from changes.models import Change, FreezeRule
from tests.changes.making import approve, change_in, later, request, role, sign, staffed, window_now
from tests.contract.subjects import problem_in
from tests.factories import MONDAY, World, act, make_item, make_system, make_user, register_incident, reload_user
from tests.importing.exports import run_import, write_export
from tickets import clock
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionInvalid
from tickets.models import TicketLink

pytestmark = pytest.mark.django_db
NONE: dict[str, Any] = {"planned_start": "", "planned_end": ""}
SIGNED = r"You signed|您已为其硬冲突签字"


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def freeze(begin: float, end: float) -> FreezeRule:
    """Nothing may be changed meanwhile, in hours after the beginning."""
    names = {"code": "audit", "name_zh": "审计", "name_en": "Audit", "kind": "span"}
    return FreezeRule.objects.create(starts_at=later(begin), ends_at=later(end), **names)


def scheduled(world: World, kind: str = "simple", **data: Any) -> Any:
    """A change that was approved on Monday."""
    change: Any = act(request(world, kind, **data), "submit", world.lead, now=MONDAY)
    if kind == "emergency":
        change = act(change, "ask_approval", world.lead, now=MONDAY)
        return approve(change, world.people["leader"], world.people["head"], reason="必需")
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    if kind == "major":
        change = act(
            change, "assess", make_user("assessor", "change_manager"), now=MONDAY, risk="low", assessment="小"
        )
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    deciders = ("head", "leader", "approver") if kind == "major" else ("approver",)
    return approve(change, *(world.people[name] for name in deciders))


def ordered(world: World) -> Any:
    """A standard change in its window."""
    make_item("db-9")
    window = {"planned_start": "2026-11-24T20:00", "planned_end": "2026-11-24T20:30"}
    data = {"template": "restart-service", "items": ["db-9"], **window}
    change = perform(Change(), "order", user=world.lead, data=data, now=MONDAY).ticket
    return act(change, "choose_implementers", world.lead, now=MONDAY, group="host", assignee="engineer")


@pytest.mark.req("CHG-03", "CHG-06")
@pytest.mark.parametrize("kind", ["simple", "major", "standard"])
def test_nothing_begins_before_its_approved_window(world: World, kind: str) -> None:
    change = ordered(world) if kind == "standard" else scheduled(world, kind, assignee="engineer")
    for moment in (later(1), later(34.99)):
        with pytest.raises(ActionConflict, match=r"2026-11-24 20:00"):
            act(change, "start", world.engineer, now=moment, text="有空")
    assert act(change, "start", world.engineer, now=later(35)).state == "implementing"


@pytest.mark.req("CHG-06")
def test_an_emergency_begins_as_soon_as_it_is_decided(world: World) -> None:
    change = act(scheduled(world, "emergency", assignee="engineer"), "start", world.engineer, now=later(1))
    assert (change.state, change.actual_start, change.overrides.count()) == ("implementing", later(1), 0)


@pytest.mark.slow
@pytest.mark.req("CHG-02", "CHG-05")
@pytest.mark.parametrize(
    ("data", "frozen", "at"),
    [(NONE, (0, 80), 2), ({}, (40, 80), 50), ({}, (1, 10), 2), ({}, (30, 60), 36)],
    ids=["no window", "past its window", "before its window", "a freeze declared after the decision"],
)
def test_whoever_begins_an_emergency_signs_for_what_collides(
    world: World, client: Client, data: dict[str, Any], frozen: tuple[float, float], at: float
) -> None:
    change = scheduled(world, "emergency", assignee="engineer", **data)
    freeze(*frozen)
    with pytest.raises(ActionInvalid) as asked:
        act(change, "start", world.engineer, now=later(at))
    assert "审计" in str(asked.value.form.errors["text"])
    assert [field.name for field in asked.value.form.visible_fields()] == ["text"]

    change = act(change, "start", world.engineer, now=later(at), text="行情中断")
    [signed] = change.overrides.all()
    assert (signed.person, signed.reason, signed.at) == (world.engineer, "行情中断", later(at))
    assert [one["reason"] for one in signed.collisions or []] == ["freeze"]
    assert (change.timeline.filter(action="collisions_signed").count(), blocking(change, later(at))) == (1, [])
    changer = reload_user(world.people["changer"])
    client.force_login(changer)
    pack = zipfile.ZipFile(BytesIO(client.get(f"/api/v1/changes/{change.number}/proof/").content))
    assert [row["person"] for row in json.loads(pack.read("overrides.json"))] == ["engineer"]
    assert "行情中断" in client.get(f"/changes/report/?month={later(at):%Y-%m}").content.decode()
    assert act(change, "implement", world.engineer, now=later(at + 1), result="as_planned").state == "implemented"


@pytest.mark.req("CHG-05")
def test_what_leaders_signed_for_is_not_asked_again_and_a_person_in_two_places_is(world: World) -> None:
    freeze(30, 60)
    change = act(request(world, "emergency"), "submit", world.lead, now=MONDAY)
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    change = approve(change, world.people["leader"], world.people["head"], reason="必需")
    assert change.overrides.count() == 2
    other = sign(request(world, assignee="engineer"), world.people["changer"])
    other = act(act(other, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    approve(act(other, "ask_approval", world.lead, now=MONDAY), world.approver)
    with pytest.raises(ActionInvalid) as asked:
        act(change, "start", world.engineer, now=later(35.5))
    assert other.number in str(asked.value.form.errors["text"])
    assert act(change, "start", world.engineer2, now=later(35.5)).overrides.count() == 2


@pytest.mark.req("CHG-03", "CHG-05")
@pytest.mark.parametrize("kind", ["simple", "standard"])
@pytest.mark.parametrize("account", ["same", "another"])
def test_whoever_signed_for_a_hard_collision_does_not_carry_it_out(world: World, kind: str, account: str) -> None:
    changer, own = world.people["changer"], world.people["changer"]
    if account == "another":
        own = make_user("changer-2", "first_line", employee_number="E77")
        type(changer).objects.filter(pk=changer.pk).update(employee_number="E77")
    role(own, "first_line")
    if kind == "standard":
        change = ordered(world)
        freeze(30, 60)
        change = sign(change, reload_user(changer))
    else:
        freeze(30, 60)
        change = sign(request(world), reload_user(changer))
        change = act(act(change, "submit", world.lead, now=MONDAY), "accept", reload_user(changer), now=MONDAY)
        change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    world.groups["host"].members.add(own)
    own = reload_user(own)
    with pytest.raises(ActionConflict, match=SIGNED):
        act(change, "start", own, now=later(35))
    change = act(change, "start", world.engineer, now=later(35))
    with pytest.raises(ActionConflict, match=SIGNED):
        act(change, "implement", own, now=later(36), result="as_planned")
    assert act(change, "implement", world.engineer, now=later(36), result="as_planned").state == "implemented"


ONE_CAUSE = (
    *("child", "parent", "sibling", "related", "duplicate", "itself", "own", "item"),
    *("problem", "both of a problem", "follow-up"),
)


@pytest.mark.req("CHG-02")
@pytest.mark.parametrize("how", ONE_CAUSE)
def test_one_cause_has_one_emergency_at_a_time(world: World, how: str) -> None:
    make_item("db-1")
    incident, second = (register_incident(world.desk, now=MONDAY) for _number in range(2))
    first = request(world, "emergency", raised_from=incident.number, items=["db-1"])
    first = act(first, "submit", world.lead, now=MONDAY)
    if how in ("child", "related"):
        _link(second, "child_of" if how == "child" else "related_to", incident, world)
    elif how == "parent":
        _link(incident, "child_of", second, world)
    elif how == "sibling":
        main = register_incident(world.desk, now=MONDAY)
        _link(incident, "child_of", main, world)
        _link(second, "child_of", main, world)
    elif how == "duplicate":
        act(second, "mark_duplicate", world.desk, now=MONDAY, main=incident.number)
    elif how == "follow-up":
        _linked(second, "follow_up_of", incident)
    problem: Any = problem_in("in_analysis", world) if "problem" in how else None
    if problem is not None:
        _linked(incident, "caused_by", problem)
    if how == "both of a problem":
        _linked(second, "caused_by", problem)
    source = {"itself": first, "own": incident, "problem": problem}.get(how, second)
    items: dict[str, Any] = {"items": ["db-1"]} if how == "item" else {}
    times: dict[str, Any] = {"planned_start": "2026-11-26T20:00", "planned_end": "2026-11-26T22:00"}
    again = request(world, "emergency", raised_from=source.number, **items, **times)
    with pytest.raises(ActionConflict, match=first.number):
        act(again, "submit", world.lead, now=MONDAY)
    act(first, "cancel", world.lead, now=MONDAY, text="不做了")
    assert act(again, "submit", world.lead, now=MONDAY).state == "submitted"


@pytest.mark.req("CHG-02")
def test_emergencies_that_turn_out_to_have_one_cause_are_not_both_begun_without_a_review(world: World) -> None:
    """Each was decided for an incident of its own; while the first was carried out, the two turned out to be one."""
    incident, second = (register_incident(world.desk, now=MONDAY) for _number in range(2))
    first = scheduled(world, "emergency", raised_from=incident.number, assignee="engineer", **NONE)
    again = scheduled(world, "emergency", raised_from=second.number, assignee="engineer2", **NONE)
    _link(second, "related_to", incident, world)
    first = act(first, "start", world.engineer, now=later(1))
    first = act(first, "back_out_now", world.engineer, now=later(2), text="无效")
    with pytest.raises(ActionConflict, match=first.number):
        act(again, "start", world.engineer2, now=later(3))
    answers = {"expected_reached": "no", "rating": "poor", "business_view": "fair", "interruption_minutes": "0"}
    act(first, "review", world.people["changer"], now=later(4), **answers)
    assert act(again, "start", world.engineer2, now=later(4)).state == "implementing"


@pytest.mark.req("CHG-02")
def test_another_trouble_may_have_an_emergency_of_its_own(world: World) -> None:
    for item in ("db-1", "db-2"):
        make_item(item)
        raised = register_incident(world.desk, now=MONDAY).number
        change = request(world, "emergency", raised_from=raised, items=[item])
        assert act(change, "submit", world.lead, now=MONDAY).state == "submitted"


@pytest.mark.req("CHG-02")
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"business_system": "core-db"}, {"items": ["db-1"]}, True),
        ({"items": ["db-1"]}, {"business_system": "core-db"}, True),
        ({"business_system": "core-db"}, {"business_system": "core-db"}, True),
        ({"items": ["db-1"]}, {"items": ["db-2"]}, False),
        ({"business_system": "core-db"}, {"business_system": "website"}, False),
    ],
)
def test_a_system_and_an_item_of_it_are_one_cause(
    world: World, one: dict[str, Any], other: dict[str, Any], same: bool
) -> None:
    system = make_system("core-db")
    make_system("website")
    for name in ("db-1", "db-2"):
        make_item(name, business_system=system)
    empty: dict[str, Any] = {"business_system": "", "items": []}
    first = act(request(world, "emergency", **{**empty, **one}), "submit", world.lead, now=MONDAY)
    again = request(world, "emergency", **{**empty, **other})
    if same:
        with pytest.raises(ActionConflict, match=first.number):
            act(again, "submit", world.lead, now=MONDAY)
    else:
        assert act(again, "submit", world.lead, now=MONDAY).state == "submitted"


def _linked(source: Any, meaning: str, target: Any) -> None:
    TicketLink.objects.create(source=source, target=target, meaning=meaning, created_at=MONDAY)


def _link(ticket: Any, meaning: str, target: Any, world: World) -> None:
    act(ticket, "link", world.lead, now=MONDAY, meaning=meaning, target=target.number)


MAPPING = """
kind: change
rows: items
system: other
time_formats: ["%Y-%m-%dT%H:%M:%S%z"]
columns: {number: change, state: st, opened_at: opened, closed_at: closed, change_type: type, planned_start: ps,
  planned_end: pe, actual_start: as, actual_end: ae, item: ci}
states: {sched: {state: scheduled}, impl: {state: implementing}, "*": {state: closed}}
values: {change_type: {standard: standard, major: major, emergency: emergency, "*": simple}}
texts: {summary: {columns: [change], join: " "}}
prefix: other-
customer: {code: other-c, zh: 其他, en: Other}
groups: {tier: tier2}
items: {class: other, status: in_use}
systems: {class: non_core}
"""


def imported(tmp_path: Path, *rows: dict[str, str]) -> dict[str, Any]:
    """Changes of another product by their numbers there."""
    (tmp_path / "m.yaml").write_text(MAPPING)
    plain = {"opened": "2013-09-20T09:00:00+0200", "closed": "", "as": "", "ae": "", "ci": "SRV1"}
    path = write_export(tmp_path / "x.csv", [plain | row for row in rows])
    run_import(path, mapping=str(tmp_path / "m.yaml"))
    return {str(one.external_number): one for one in Change.objects.exclude(external_number="")}


@pytest.mark.req("CHG-02", "CHG-03")
@pytest.mark.parametrize("kind", ["simple", "major", "emergency", "standard"])
def test_what_was_imported_as_scheduled_does_not_begin_without_an_approval_here(
    world: World, tmp_path: Path, kind: str
) -> None:
    now = clock.now()
    window = {"ps": f"{now:%Y-%m-%dT%H:%M:00+0000}", "pe": f"{now.year + 1}-12-24T22:00:00+0000"}
    FreezeRule.objects.update(active=False)
    [change] = imported(tmp_path, {"change": "C1", "st": "sched", "type": kind, **window}).values()
    change = act(change, "choose_implementers", world.people["changer"], group="host", assignee="engineer")
    with pytest.raises(ActionConflict, match=r"Nobody approved|无人批准"):
        act(change, "start", world.engineer, text="必需")


@pytest.mark.req("CHG-05")
def test_what_began_elsewhere_and_is_past_collides_with_nothing(world: World, tmp_path: Path) -> None:
    span = {"ps": "2013-09-28T20:00:00+0200", "pe": "2013-09-28T22:00:00+0200", "as": "2013-09-28T20:00:00+0200"}
    old = imported(tmp_path, {"change": "C1", "st": "impl", "type": "simple", **span})["C1"]
    FreezeRule.objects.update(active=False)
    item = old.items.get().identifier
    now = clock.now()
    change: Any = request(world, now=None, items=[item], assignee="engineer", **window_now())
    assert collisions_of(change, now) == []
    assert collisions_between(now, datetime(2100, 1, 1, tzinfo=UTC), now) == []
    assert old.span_at(now) == (old.planned_start, old.planned_end)
    running = change_in("implementing", world)
    assert running.span_at(later(24 * 400))[1] > later(24 * 400)
