"""Planted cases of every hard rule beside cases that only look like it: none missed, none invented (CHG-05).

The real log holds no persons, no redundancy, no freezes: these are planted. Precision and recall are printed (``-s``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from changes.collision.collisions import Grade, Reason, collisions_between, collisions_of
from changes.models import Change, PlanStep
from changes.schedule.freeze_models import FreezeRule
from changes.schedule.slots import collisions_in, free_slots
from cmdb.models import ConfigurationItem, Relation, RelationType
from notifications.models import Notice
from tests.api.client import Api
from tests.changes.making import later, request, staffed
from tests.factories import MONDAY, World, act, last_entry, make_item, make_system, register_incident
from tickets import clock
from tickets.errors import ActionConflict
from tickets.models import AffectedItem

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-05")]
#: Each case has a day of its own, so that none meets another.
FIRST_DAY = later(24 * 100)
HOUR = timedelta(hours=1)
#: When an incident that is open counts for what is planned on the first day.
SHORTLY = FIRST_DAY - HOUR


@dataclass
class Planting:
    """Changes made as rows: only what collisions read."""

    world: World
    made: int = 0
    day: int = 0
    expected: set[tuple[str, frozenset[str]]] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.expected = set()
        self.kind = RelationType.objects.get(code="runs_on")

    def change(self, start: float, hours: float = 2, items: tuple[Any, ...] = (), **fields: Any) -> Change:
        """A submitted change so many hours into the day of its case."""
        self.made += 1
        begin = FIRST_DAY + timedelta(days=self.day, hours=start)
        change = Change.objects.create(
            number=f"CH900101{self.made:06}",
            kind="change",
            summary=f"planted {self.made}",
            change_type_id="simple",
            state=fields.pop("state", "submitted"),
            phase=fields.pop("phase", "open"),
            priority_rank=99,
            organisation=self.world.lead.organisation,
            requester=self.world.lead,
            created_at=MONDAY,
            updated_at=MONDAY,
            planned_start=begin,
            planned_end=begin + hours * HOUR,
            **fields,
        )
        AffectedItem.objects.bulk_create(AffectedItem(ticket=change, item=item) for item in items)
        return change

    def item(self) -> ConfigurationItem:
        """A new server."""
        self.made += 1
        return make_item(f"planted-{self.made}")

    def pair(self, needed: int = 1, **second: Any) -> tuple[Any, Any]:
        """Two nodes of which ``needed`` must be up."""
        one, other = self.group(2, needed, **second)
        return one, other

    def group(self, size: int, needed: int = 1, **last: Any) -> tuple[Any, ...]:
        """Nodes of which ``needed`` must be up."""
        nodes = (*(self.item() for _node in range(size - 1)), make_item(f"planted-n{self.made}", **last))
        top = self.item()
        Relation.objects.bulk_create(
            Relation(
                relation_type=self.kind, source=top, target=node, group="nodes", needed=needed, confirmed_at=MONDAY
            )
            for node in nodes
        )
        return nodes

    def expect(self, reason: Reason, *changes: Change) -> None:
        """These must be found, and nothing else of the reason."""
        self.expected.add((str(reason), frozenset(one.number for one in changes)))

    def expect_all(self, *changes: Change) -> None:
        """Each two of these share the blame for a redundant group."""
        for one, other in combinations(changes, 2):
            self.expect(Reason.REDUNDANCY, one, other)

    def step(self, change: Change, person: Any, start: float, hours: float) -> None:
        """Somebody of the plan, so many hours into the change."""
        begin: Any = change.planned_start + start * HOUR  # type: ignore[operator]
        PlanStep.objects.create(
            change=change,
            position=change.steps.count() + 1,
            what="步骤",
            person=person,
            planned_from=begin,
            planned_to=begin + hours * HOUR,
        )


def freezes(plant: Planting) -> None:
    """Inside, across either edge, around; touching either edge, cancelled, in one that is switched off."""
    begin = FIRST_DAY + timedelta(days=plant.day, hours=10)
    span = {"kind": "span", "starts_at": begin, "ends_at": begin + 4 * HOUR}
    FreezeRule.objects.create(code="planted", name_zh="冻结", name_en="Freeze", **span)
    for start, hours in ((11, 1), (9, 2), (13, 2), (9, 6), (10, 4)):
        plant.expect(Reason.FREEZE, plant.change(start, hours))
    plant.change(8, 2)
    plant.change(14, 2)
    plant.change(11, 1, state="cancelled", phase="closed")
    plant.change(11, 1, state="implemented", phase="resolved")
    off = {**span, "starts_at": begin + 8 * HOUR, "ends_at": begin + 9 * HOUR, "active": False}
    FreezeRule.objects.create(code="planted-off", name_zh="停用", name_en="Off", **off)
    plant.change(18, 1)


def redundancy(plant: Planting) -> None:
    """Both nodes; one node each of two pairs, one after the other, the same node twice, both needed anyway."""
    for start in (0, 1, 1.9):
        one, other = plant.pair()
        plant.expect(Reason.REDUNDANCY, plant.change(0, 2, (one,)), plant.change(start, 2, (other,)))
        plant.day += 1
    one, other = plant.pair()
    plant.change(0, 2, (one,))
    plant.change(2, 2, (other,))
    plant.day += 1
    (one, _other), (third, _fourth) = plant.pair(), plant.pair()
    plant.change(0, 2, (one,))
    plant.change(0, 2, (third,))
    plant.day += 1
    one, _other = plant.pair()
    plant.change(0, 2, (one,))
    plant.change(1, 2, (one,))
    plant.day += 1
    one, other = plant.pair(needed=2)
    plant.change(0, 2, (one,))
    plant.change(1, 2, (other,))
    plant.day += 1
    crowds(plant)


def crowds(plant: Planting) -> None:
    """Three nodes at one moment; two and one in maintenance; one after the other; one left up; a bystander."""
    nodes = plant.group(3)
    plant.expect_all(*(plant.change(start, 2, (node,)) for start, node in zip((0, 1, 1.9), nodes, strict=True)))
    plant.change(0, 4, (plant.item(),))
    plant.day += 1
    nodes = plant.group(3)
    for start, node in zip((0, 1, 2), nodes, strict=True):  # the first has ended when the third begins
        plant.change(start, 2, (node,))
    plant.day += 1
    nodes = plant.group(3, status_id="in_maintenance")
    plant.expect_all(plant.change(0, 2, (nodes[0],)), plant.change(1, 2, (nodes[1],)))
    plant.day += 1
    nodes = plant.group(4)
    for node in nodes[:3]:  # one is up all the time
        plant.change(0, 2, (node,))
    plant.day += 1
    nodes = plant.group(4, needed=2)
    plant.expect_all(*(plant.change(0, 2, (node,)) for node in nodes[:3]))
    plant.day += 1
    nodes = plant.group(3)
    plant.expect_all(plant.change(0, 2, nodes[:2]), plant.change(1, 2, (nodes[2],)))
    plant.change(4, 2, (nodes[1],))
    plant.day += 1
    nodes = plant.group(3)
    plant.change(0, 2, (nodes[0],))
    plant.change(0, 2, (nodes[1],))
    plant.change(0, 2, (nodes[2],), state="rejected", phase="closed")


def away(plant: Planting) -> None:
    """The other node is in maintenance; it is in use; it is no node of it; or it is the one that is worked on."""
    for status in ("in_maintenance", "planned"):
        one, other = plant.pair(status_id=status)
        plant.expect(Reason.AWAY, plant.change(0, 2, (one,)))
        plant.day += 1
        plant.change(0, 2, (other,))
        plant.day += 1
    one, _other = plant.pair()
    plant.change(0, 2, (one,))
    plant.day += 1
    make_item("planted-alone", status_id="in_maintenance")
    plant.change(0, 2, (plant.item(),))


def persons(plant: Planting) -> None:
    """Steps and assignees that overlap; steps of one person apart inside overlapping changes; two persons."""
    first, second = plant.world.engineer, plant.world.engineer2
    plant.expect(Reason.PERSON, plant.change(0, 2, assignee=first), plant.change(1, 2, assignee=first))
    plant.day += 1
    stepped, assigned = plant.change(0, 4), plant.change(1, 2, assignee=second)
    plant.step(stepped, second, 1, 1)
    plant.expect(Reason.PERSON, stepped, assigned)
    plant.day += 1
    one, other = plant.change(0, 4), plant.change(0, 4)
    plant.step(one, first, 0, 2)
    plant.step(other, first, 1.5, 1)
    plant.expect(Reason.PERSON, one, other)
    plant.day += 1
    one, other = plant.change(0, 4), plant.change(0, 4)
    plant.step(one, first, 0, 2)
    plant.step(other, first, 2, 2)
    plant.day += 1
    plant.change(0, 2, assignee=first)
    plant.change(0, 2, assignee=second)
    plant.change(2, 2, assignee=first)


def no_return(plant: Planting) -> None:
    """While both run, on the same item; before, at the end, on other items, of a cancelled one."""
    for point, counts in ((1.0, True), (1.99, True), (0.5, False), (2.0, False)):
        item = plant.item()
        begin = FIRST_DAY + timedelta(days=plant.day)
        one, other = plant.change(0, 2, (item,), no_return_at=begin + point * HOUR), plant.change(1, 2, (item,))
        if counts:
            plant.expect(Reason.NO_RETURN, one, other)
        plant.day += 1
    begin = FIRST_DAY + timedelta(days=plant.day)
    plant.change(0, 2, (plant.item(),), no_return_at=begin + HOUR)
    plant.change(0, 2, (plant.item(),))
    plant.day += 1
    item = plant.item()
    begin = FIRST_DAY + timedelta(days=plant.day)
    plant.change(0, 2, (item,), no_return_at=begin + HOUR, state="cancelled", phase="closed")
    plant.change(0, 2, (item,))


RULES: dict[Reason, Callable[[Planting], None]] = {
    Reason.FREEZE: freezes,
    Reason.REDUNDANCY: redundancy,
    Reason.AWAY: away,
    Reason.PERSON: persons,
    Reason.NO_RETURN: no_return,
}


def found_of(plant: Planting) -> Iterator[tuple[str, frozenset[str]]]:
    """Every hard collision of the planted days."""
    span = FIRST_DAY - timedelta(days=1), FIRST_DAY + timedelta(days=plant.day + 2)
    for one in collisions_between(*span, MONDAY):
        if one.grade is Grade.HARD:
            yield str(one.reason), frozenset(row.number for row in (one.change, one.other) if row)


@pytest.mark.parametrize("reason", RULES, ids=str)
def test_hard_rule_finds_every_planted_case_and_nothing_beside(
    world: World, reason: Reason, capsys: pytest.CaptureFixture[str]
) -> None:
    plant = Planting(world)
    RULES[reason](plant)
    found, expected = set(found_of(plant)), plant.expected
    hit = found & expected
    precision, recall = len(hit) / len(found), len(hit) / len(expected)
    with capsys.disabled():
        cases = f"{len(expected)} planted of {Change.objects.count()} changes"
        print(f"\n{reason}: precision {precision:.0%}, recall {recall:.0%} ({cases})")  # noqa: T201 - shown
    assert (found - expected, expected - found) == (set(), set())


def reasons(change: Any, now: datetime = MONDAY) -> list[tuple[str, str]]:
    """(grade, reason) of everything that ``change`` collides with."""
    return [(str(one.grade), str(one.reason)) for one in collisions_of(change, now)]


@pytest.mark.req("CHG-05", "INC-16")
def test_an_open_major_incident_collides_softly_and_counts_its_node_as_down(world: World) -> None:
    """On its items, on its business system; not a small one, not a solved one, not elsewhere."""
    plant = Planting(staffed(world))
    one, other = plant.pair()
    make_system("core-db")
    on_node, on_other, in_system, elsewhere = (
        plant.change(0, 2, (one,)),
        plant.change(4, 2, (other,)),
        plant.change(8, 2, business_system_id="core-db"),
        plant.change(12, 2, (plant.item(),)),
    )
    small = register_incident(world.desk, impact="I4", items=[one.identifier])
    assert reasons(on_node, SHORTLY) == []
    major = register_incident(world.desk, impact="I1", items=[one.identifier], business_system="core-db")
    assert (small.priority_rank > 2, major.priority_rank <= 2) == (True, True)
    assert reasons(on_node, SHORTLY) == [("soft", "incident")]
    assert reasons(on_other, SHORTLY) == [("hard", "away")]
    assert (reasons(in_system, SHORTLY), reasons(elsewhere, SHORTLY)) == ([("soft", "incident")], [])
    tomorrow = plant.change((clock.now() + timedelta(days=1) - FIRST_DAY) / HOUR, 2, (one,))
    rows = Api(world.lead).results(f"changes/{tomorrow.number}/collisions/")
    [row] = [row for row in rows if row["incident"]]
    assert (row["incident"], row["change"]) == (major.number, None)


@pytest.mark.req("CHG-05", "INC-16")
def test_an_open_major_incident_counts_for_two_days_and_the_windows_offered_are_free_of_it(world: World) -> None:
    """Nobody knows until when it lasts; what was refused because of it is not refused in a window that is offered."""
    plant = Planting(staffed(world))
    one, other = plant.pair()
    change = plant.change(0, 2, (other,))
    register_incident(world.desk, impact="I1", items=[one.identifier])
    soon, late = SHORTLY, FIRST_DAY - timedelta(days=2)
    assert {str(row.reason) for row in collisions_of(change, soon)} == {"away"}
    assert collisions_of(change, late) == []
    slots = free_slots(change, soon)
    assert slots
    assert all(slot.start >= soon + timedelta(days=2) for slot in slots)
    assert [collisions_in(change, slot.start, soon) for slot in slots] == [[]] * len(slots)


@pytest.mark.req("CHG-05")
def test_windows_are_offered_from_its_own_on(world: World) -> None:
    """Of a change planned three weeks ahead, not in the days before it."""
    plant = Planting(staffed(world))
    node = plant.item()
    change, _other = plant.change(24 * 21, 2, (node,)), plant.change(24 * 21 + 1, 2, (node,))
    slots = free_slots(change, MONDAY)
    assert slots
    assert all(change.planned_start is not None and slot.start > change.planned_start for slot in slots)


@pytest.mark.req("CHG-05")
def test_who_only_answers_for_a_change_is_free_while_its_steps_are_others(world: World) -> None:
    """Without steps its implementer is busy throughout; with them whoever is named, when the step says."""
    staffed(world)
    first: Any = act(request(world, assignee="engineer"), "submit", world.lead, now=MONDAY)
    other: Any = request(world, assignee="engineer")
    with pytest.raises(ActionConflict, match=first.number):
        act(other, "submit", world.lead, now=MONDAY)
    times = {"planned_from": "2026-11-24T20:00", "planned_to": "2026-11-24T21:00"}
    nameless: Any = act(request(world, assignee="engineer"), "add_step", world.lead, now=MONDAY, what="切换", **times)
    with pytest.raises(ActionConflict, match=first.number):
        act(nameless, "submit", world.lead, now=MONDAY)
    other = act(other, "add_step", world.lead, now=MONDAY, what="备份", person="engineer2", **times)
    other = act(other, "submit", world.lead, now=MONDAY)
    assert reasons(other) == []
    assert reasons(first) == []


@pytest.mark.req("CHG-05")
def test_three_that_take_one_node_each_collide_though_no_two_do(world: World) -> None:
    """From the side of each, where it would be moved to, and with a node that an open major incident took down."""
    plant = Planting(staffed(world))
    nodes = plant.group(3)
    first, _second, third = changes = [plant.change(0, 2, (node,)) for node in nodes]
    begin, end = FIRST_DAY, FIRST_DAY + 2 * HOUR
    for change in changes:
        assert reasons(change) == [("hard", "redundancy")] * 2
    assert {str(one.reason) for one in collisions_in(third, begin, MONDAY)} == {"redundancy"}
    [slot, *_more] = free_slots(third, begin)
    assert slot.start >= end
    Change.objects.filter(pk=third.pk).update(state="cancelled", phase="closed")
    assert reasons(first) == []
    register_incident(world.desk, impact="I1", items=[nodes[2].identifier])
    assert reasons(first, SHORTLY) == [("hard", "redundancy")]


@pytest.mark.req("CHG-05")
def test_the_other_side_learns_of_a_hard_collision_once(world: World) -> None:
    """Whoever was there first did nothing; a note or a soft collision is no news, neither is the same one again."""
    staffed(world)
    first: Any = act(request(world, requester="expert", assignee="engineer"), "submit", world.lead, now=MONDAY)
    second = act(request(world, assignee="engineer2"), "submit", world.lead, now=MONDAY)
    told = Notice.objects.filter(event="collision_found")
    assert not told.exists()
    make_item("shared-1")
    for change in (first, second):
        act(change, "add_items", world.lead, now=MONDAY, items=["shared-1"])
    assert {grade for grade, _reason in reasons(first)} == {"soft"}
    assert not told.exists()
    second = Change.objects.get(pk=second.pk)
    second = act(second, "choose_implementers", world.lead, now=MONDAY, group="host", assignee="engineer")
    [notice] = told.all()
    assert notice.ticket_id == first.pk
    assert set(notice.deliveries.values_list("recipient__username", flat=True)) == {"expert", "engineer"}
    assert second.number in notice.payload["text"]["en"]
    assert last_entry(first).action == "collision_found"
    act(second, "edit", world.lead, now=MONDAY, summary="改个名字")
    assert told.count() == 1
    window = {"planned_start": "2026-11-24T21:00", "planned_end": "2026-11-24T23:00"}
    act(Change.objects.get(pk=second.pk), "edit", world.lead, now=MONDAY, **window)
    assert told.count() == 2
