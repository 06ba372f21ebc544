"""What alters by no action of a change is told to its owners, once: announced holidays, relations, items (CHG-05)."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

import pytest
from chinese_calendar import constants

from changes.collision.watching import grade_what_altered
from changes.models import FreezeRule
from changes.schedule.trading import is_announced
from cmdb.models import ConfigurationItem, Relation, RelationType
from cmdb.relating import end_relations
from cmdb.services import Link, Stamp, update_item, write_relations
from notifications.models import Notice
from tests.changes.making import later, request, staffed
from tests.factories import MONDAY, World, act, last_entry, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-05")]
LOADING = Stamp(source="import", trusted=True)


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need; everything is graded as it stands."""
    staffed(world)
    grade_what_altered(MONDAY)
    return world


def submitted(world: World, **data: Any) -> Any:
    """A change that can collide."""
    return act(request(world, **data), "submit", world.lead, now=MONDAY)


def told(event: str) -> list[tuple[int | None, set[str]]]:
    """Of which changes whom, in order."""
    rows = Notice.objects.filter(event=event).order_by("pk")
    return [(row.ticket_id, set(row.deliveries.values_list("recipient__username", flat=True))) for row in rows]


def test_a_newly_announced_holiday_grades_anew_and_tells_each_owner_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = next(one for one in count(2027) if not is_announced(one))
    window = {"planned_start": f"{year}-01-02T20:00", "planned_end": f"{year}-01-02T22:00"}
    hit = submitted(world, **window, assignee="engineer")
    submitted(world, planned_start=f"{year}-01-20T20:00", planned_end=f"{year}-01-20T22:00")
    grade_what_altered(later(1))
    assert told("freeze_moved") == []

    for day in (1, 2, 3):
        monkeypatch.setitem(constants.holidays, date(year, 1, day), "New Year's Day")
    for hours in (2, 3):
        grade_what_altered(later(hours))
    assert told("freeze_moved") == [(hit.pk, {"lead", "engineer"})]
    assert last_entry(hit).action == "freeze_stands"

    for day in (1, 2, 3):
        monkeypatch.delitem(constants.holidays, date(year, 1, day))
    grade_what_altered(later(4))
    assert last_entry(hit).action == "freeze_gone"
    assert FreezeRule.objects.filter(active=True).exists()


@pytest.fixture
def nodes(world: World) -> list[Any]:
    """A cluster that needs one of its three nodes; changes of two of them at the same time."""
    cluster, *found = (make_item(name) for name in ("db", "db-1", "db-2", "db-3"))
    kind = RelationType.objects.get(code="runs_on")
    write_relations([Link(cluster, kind, node, "nodes", 1) for node in found], LOADING)
    grade_what_altered(MONDAY)
    return found


def lose(node: Any) -> None:
    """It belongs to the cluster no more."""
    end_relations(Relation.objects.filter(target=node), LOADING)


def test_a_relation_that_ends_lets_both_owners_know_once(world: World, nodes: list[Any]) -> None:
    """Two of three nodes may go; once the third is none any more they collide, and nobody did anything to a change."""
    first = submitted(world, items=["db-1"])
    second = submitted(world, items=["db-2"], assignee="engineer")
    submitted(world, items=["db-2"], planned_start="2026-11-25T20:00", planned_end="2026-11-25T22:00")
    grade_what_altered(later(1))
    assert told("collision_found") == []
    lose(nodes[2])
    for hours in (2, 3):
        grade_what_altered(later(hours))
    assert sorted(told("collision_found")) == sorted([(first.pk, {"lead"}), (second.pk, {"lead", "engineer"})])
    assert {last_entry(one).action for one in (first, second)} == {"collision_found", "collision_arose"}
    update_item(item=nodes[2], facts={"status_id": "in_maintenance"}, stamp=LOADING)
    grade_what_altered(later(4))
    assert len(told("collision_found")) == 2


def test_whoever_made_them_collide_is_told_nothing_by_a_later_edit(world: World, nodes: list[Any]) -> None:
    lose(nodes[2])
    first = submitted(world, items=["db-1"])
    grade_what_altered(later(1))
    second = act(act(request(world), "submit", world.lead, now=MONDAY), "add_items", world.lead, items=["db-2"])
    assert told("collision_found") == [(first.pk, {"lead"})]
    cluster, kind = ConfigurationItem.objects.get(identifier="db"), RelationType.objects.get(code="runs_on")
    write_relations([Link(cluster, kind, make_item("db-4"), "nodes-2", 1)], LOADING)
    grade_what_altered(later(2))
    assert told("collision_found") == [(first.pk, {"lead"})]
    assert last_entry(second).action == "add_items"


def test_a_node_that_goes_away_lets_the_owner_of_the_other_know_once(world: World, nodes: list[Any]) -> None:
    lose(nodes[2])
    change = submitted(world, items=["db-1"])
    grade_what_altered(later(1))
    update_item(item=nodes[1], facts={"status_id": "in_maintenance"}, stamp=LOADING)
    for hours in (2, 3):
        grade_what_altered(later(hours))
    assert told("collision_found") == [(change.pk, {"lead"})]
    assert last_entry(change).action == "collision_arose"
    assert last_entry(change).at == later(2)
