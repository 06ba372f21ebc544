"""Whatever moves a change grades those that it meets, too: no action that alters what collisions read is left out."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from changes.collision.collisions import STANDING, Loaded, load
from changes.collision.regrading import MOVES
from changes.models import Change, PreparedEdit
from cmdb.models import Relation, RelationType
from notifications.models import Notice
from tests.changes.making import change_in, request, staffed
from tests.contract.subjects import sample_input
from tests.factories import MONDAY, World, act, last_entry, make_item, make_system
from tickets import clock
from tickets.actions import perform
from tickets.errors import ActionError
from tickets.services import affect_items

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-05")]


@pytest.fixture
def pair(world: World) -> World:
    """A cluster that needs one of two nodes."""
    staffed(world)
    cluster, *nodes = (make_item(name) for name in ("db", "db-1", "db-2"))
    kind = RelationType.objects.get(code="runs_on")
    for node in nodes:
        named = {"relation_type": kind, "source": cluster, "target": node, "group": "nodes", "needed": 1}
        Relation.objects.create(**named, confirmed_at=MONDAY)
    return world


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("add_items", {"items": ["db-2"]}),
        ("prepare_value", {"item": "db-2", "attribute": "name", "value": "备库"}),
        ("prepare_relation", {"item": "db-2", "relation_type": "runs_on", "other": "db-1"}),
    ],
)
def test_whoever_gets_the_other_node_lets_the_first_one_know(pair: World, name: str, data: dict[str, Any]) -> None:
    first = act(request(pair, items=["db-1"]), "submit", pair.lead, now=MONDAY)
    second = act(request(pair), "submit", pair.lead, now=MONDAY)
    second = act(second, name, pair.lead, now=MONDAY, **data)
    told = Notice.objects.get(event="collision_found")
    assert told.ticket_id == first.pk
    assert second.number in told.payload["text"]["en"]
    assert last_entry(first).action == "collision_found"


@pytest.mark.slow
@pytest.mark.parametrize("state", ["submitted", "scheduled", "implementing"])
def test_every_action_that_moves_a_change_grades_it_anew(world: World, state: str) -> None:
    """Each is done with something that its form takes: what collisions read stays the same, or the action is known."""
    make_system("core-db")
    item = make_item("app-1")
    make_item("app-2")
    change: Any = change_in(state, world)
    affect_items(ticket=change, items=[item])
    new = {"ci_class": "server", "name": "app-3", "status": "in_use"}
    PreparedEdit.objects.create(change=change, position=1, kind="item", identifier="app-3", given=new)
    moving = {name for name in change.kind_info.actions if any(_moves(change, name, user) for user in _people(world))}
    assert moving <= MOVES
    assert moving >= EXPECTED[state]


#: What the forms take that moves it, where any other input would do as well.
TYPED: dict[str, dict[str, Any]] = {
    "edit": {"business_system": "core-db"},
    "add_items": {"items": ["app-2"]},
    "prepare_value": {"item": "app-2", "attribute": "name", "value": "新名"},
    "prepare_relation": {"item": "app-2", "relation_type": "runs_on", "other": "app-1"},
    "add_step": {"what": "值守", "person": "desk"},
    "choose_implementers": {"group": "host", "assignee": "engineer"},
}
FALL = {"let_approvals_fall": "on"}
#: What is known to move one, so that the test above is seen to do something.
EXPECTED = {
    "submitted": {*TYPED, "remove_items"},
    "scheduled": {"start", "report_delay"},
    "implementing": {"report_delay", "hand_on", "apply_edits"},
}


def _people(world: World) -> list[Any]:
    return [world.engineer2, world.people["changer"], None]


def _moves(change: Change, name: str, user: Any) -> bool:
    """Whether ``user`` can do it, and what collisions read of the change is another thing then; it is undone."""
    action, found = change.kind_info.actions[name], clock.now()
    if action.creates:
        return False
    before = _read(change, found)
    with transaction.atomic():
        try:
            known = {**TYPED[name], **FALL} if name in TYPED else None
            data = known or (sample_input(action, change, user) if action.form and user else {})
            perform(Change.objects.get(pk=change.pk), name, user=user, data=data)
            after = _read(Change.objects.get(pk=change.pk), found)
        except ActionError:
            after = before
        transaction.set_rollback(True)
    return bool(after) and before != after


def _read(change: Change, now: Any) -> list[tuple[Any, ...]]:
    """What collisions read of it while it stands."""
    rows: list[Loaded] = load([change], now) if change.state in STANDING else []
    return [(row.start, row.end, row.items, row.systems, row.busy, row.no_return) for row in rows]
