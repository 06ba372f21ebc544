"""Edits that a change prepares: approved with it, written in its window, and what differs is settled (CHG-08)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from changes.prepared.difference import differences
from cmdb.definitions import Definitions
from cmdb.models import ConfigurationItem, Relation, RelationType
from cmdb.services import Link, Stamp, update_item, write_relations
from cmdb.versioning.moments import replaying
from tests.api.client import Api
from tests.changes.making import approve, later, request, staffed
from tests.factories import MONDAY, World, act, make_item, make_system, reload_user
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-08", "CMDB-06")]
START = later(35)


@pytest.fixture(autouse=True)
def estate(world: World) -> World:
    """Two servers of long ago."""
    with replaying(MONDAY):
        make_system("core-db")
        make_item("db-1", attributes={"location": "上海 3-2"})
        make_item("db-2")
    return staffed(world)


def prepared(world: World) -> Any:
    """A change that moves db-1, adds a node, and lets the one rest on the other."""
    change: Any = request(world)
    change = act(change, "prepare_value", world.lead, item="db-1", attribute="location", value="北京 1-1", now=MONDAY)
    change = act(change, "prepare_value", world.lead, item="db-1", attribute="name", value="主库", now=MONDAY)
    new = {"identifier": "db-3", "ci_class": "server", "name": "备库", "status": "in_use"}
    change = perform(change, "prepare_item", user=world.lead, data=new, now=MONDAY).ticket
    return act(change, "prepare_relation", world.lead, item="db-1", relation_type="runs_on", other="db-2", now=MONDAY)


def approved(world: World, change: Any) -> Any:
    """The change, approved."""
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    return approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)


def ended(world: World, change: Any) -> Any:
    """The change, carried out and reviewed."""
    change = act(change, "implement", world.engineer, result="as_planned", now=later(36))
    change = act(change, "send_notice", world.engineer, text="已更新", now=later(37))
    return act(change, "confirm_result", world.engineer, now=later(37))


def test_edits_are_written_together_in_the_window_with_the_change_as_their_ground(world: World) -> None:
    change = approved(world, prepared(world))
    with replaying(later(30)), pytest.raises(ActionConflict):
        act(change, "apply_edits", world.engineer, now=later(30))
    assert ConfigurationItem.objects.get(identifier="db-1").name == "db-1"
    change = act(change, "start", world.engineer, now=START)
    with replaying(START):
        act(change, "apply_edits", world.engineer, now=START)
    item = ConfigurationItem.objects.get(identifier="db-1")
    assert (item.name, item.attributes["location"]) == ("主库", "北京 1-1")
    version = item.versions.order_by("-pk")[0]
    assert (version.authority, version.reference, version.by) == ("change", change.number, world.engineer)
    assert sorted(change.items.values_list("identifier", flat=True)) == ["db-1", "db-3"]
    assert Relation.objects.get(active=True).relation_type_id == "runs_on"
    with pytest.raises(ActionConflict):
        act(change, "apply_edits", world.engineer, now=START)
    assert act(ended(world, change), "close", world.engineer, now=later(38)).state == "closed"


def test_one_that_is_refused_writes_none(world: World) -> None:
    change = act(approved(world, prepared(world)), "start", world.engineer, now=START)
    make_item("db-3")
    with replaying(START), pytest.raises(ActionConflict, match="db-3"):
        act(change, "apply_edits", world.engineer, now=START)
    assert ConfigurationItem.objects.get(identifier="db-1").name == "db-1"
    assert not change.edits.exclude(applied_at=None).exists()


def test_what_does_not_fit_is_refused_beside_its_field(world: World) -> None:
    change: Any = request(world)
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("prepare_value", {"item": "db-1", "attribute": "status", "value": "nowhere"}, "value"),
        ("prepare_item", {"identifier": "db-2", "ci_class": "server", "name": "x", "status": "in_use"}, "identifier"),
        ("prepare_relation", {"item": "db-1", "relation_type": "runs_on", "other": "db-2", "ends": "on"}, "ends"),
    ]
    for name, typed, field in cases:
        with pytest.raises(ActionInvalid) as refused:
            perform(change, name, user=world.lead, data=typed, now=MONDAY)
        assert list(refused.value.form.errors) == [field], name


@pytest.mark.req("CHG-03")
def test_approval_binds_to_the_edits(world: World) -> None:
    change = approved(world, prepared(world))
    with pytest.raises(ActionInvalid) as refused:
        act(change, "drop_edit", world.lead, edit=1, now=MONDAY)
    assert "let_approvals_fall" in refused.value.form.errors
    assert act(change, "drop_edit", world.lead, edit=1, let_approvals_fall="on", now=MONDAY).state == "accepted"


def test_what_differs_is_settled_before_it_is_closed(world: World, client: Client) -> None:
    """Planned and not written; written and not planned, with its number or without any; each until it is explained."""
    change = act(approved(world, prepared(world)), "start", world.engineer, now=START)
    item = ConfigurationItem.objects.get(identifier="db-1")
    with replaying(later(35.2)):
        update_item(item=item, facts={"name": "手工"}, stamp=Stamp(source="import", trusted=True))
    with replaying(later(35.3)):
        update_item(
            item=item, facts={"business_system_id": "core-db"}, stamp=Stamp(by=world.engineer, change=change.number)
        )
    change = ended(world, change)
    found = Api(world.engineer).results(f"changes/{change.number}/edits/differences/")
    assert [(one["planned"], one["text"].split(":")[0]) for one in found][-1] == (False, "db-1")
    assert sum(one["planned"] for one in found) == 4
    with pytest.raises(ActionConflict):
        act(change, "close", world.engineer, now=later(38))
    client.force_login(reload_user(world.engineer))
    assert "written, not planned" in client.get(f"/tickets/{change.number}/", HTTP_ACCEPT_LANGUAGE="en").text
    change = act(change, "settle_difference", world.engineer, text="部分改为手工", now=later(38))
    with replaying(later(38.5)):
        update_item(item=item, facts={"name": "再改"}, stamp=Stamp(by=world.engineer, change=change.number))
    change = act(change, "close", world.engineer, now=later(39))
    assert change.state == "closed"


def test_programs_read_the_edits(world: World) -> None:
    change = prepared(world)
    rows = Api(world.lead).results(f"changes/{change.number}/edits/")
    assert [(one["kind"], one["item"]) for one in rows] == [
        ("value", "db-1"),
        ("value", "db-1"),
        ("item", "db-3"),
        ("relate", "db-1"),
    ]
    assert rows[0]["given"] == {"location": "北京 1-1"}
    assert rows[3]["relation"] == {"type": "runs_on", "other": "db-2", "group": "", "needed": 1}
    assert Api(world.requester).get(f"changes/{change.number}/edits/").status_code == 403
    assert RelationType.objects.filter(code="runs_on").exists()


def test_a_relation_gets_another_redundancy_and_an_item_another_class(world: World) -> None:
    """What stands is replaced; attributes that only the new class has may be prepared with it."""
    change: Any = request(world)
    with replaying(MONDAY):
        db, rack = (ConfigurationItem.objects.get(identifier=name) for name in ("db-1", "db-2"))
        write_relations([Link(db, RelationType.objects.get(code="runs_on"), rack)], Stamp(trusted=True))
    own = next(iter(Definitions().of("network_device").keys() - Definitions().of("server").keys()))
    typed: list[tuple[str, dict[str, Any]]] = [
        (
            "prepare_relation",
            {"item": "db-1", "relation_type": "runs_on", "other": "db-2", "group": "节点", "needed": 1},
        ),
        ("prepare_value", {"item": "db-2", "attribute": "ci_class", "value": "network_device"}),
        ("prepare_value", {"item": "db-2", "attribute": own, "value": "1"}),
    ]
    with pytest.raises(ActionInvalid) as refused:
        act(change, "prepare_value", world.lead, now=MONDAY, **typed[2][1])
    assert list(refused.value.form.errors) == ["value"]
    with pytest.raises(ActionInvalid) as same:
        act(change, "prepare_relation", world.lead, item="db-1", relation_type="runs_on", other="db-2", now=MONDAY)
    assert list(same.value.form.errors) == ["other"]
    for name, data in typed:
        change = act(change, name, world.lead, now=MONDAY, **data)
    rows = Api(world.lead).results(f"changes/{change.number}/edits/")
    assert rows[0]["relation"] == {"type": "runs_on", "other": "db-2", "group": "节点", "needed": 1}
    change = act(approved(world, change), "start", world.engineer, now=START)
    with replaying(START):
        act(change, "apply_edits", world.engineer, now=START)
    relation, item = Relation.objects.get(), ConfigurationItem.objects.get(identifier="db-2")
    assert (relation.group, relation.needed, relation.active) == ("节点", 1, True)
    assert (item.ci_class_id, own in item.attributes) == ("network_device", True)
    assert not [one for one in differences(change) if not one.planned]
