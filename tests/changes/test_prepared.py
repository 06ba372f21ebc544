"""Edits that a change prepares: approved with it, written in its window, and what differs is settled (CHG-08)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from changes.origins.plans import copy_plan
from changes.prepared.difference import differences, unexplained
from changes.prepared.panels import part_of
from cmdb.definitions import Definitions
from cmdb.models import Attribute, ConfigurationItem, Relation, RelationType
from cmdb.services import Link, Stamp, end_relations, update_item, write_relations
from cmdb.versioning.moments import replaying
from tests.api.client import Api, problem
from tests.changes.making import approve, later, request, staffed
from tests.factories import MONDAY, World, act, make_item, make_system, reload_user
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-08", "CMDB-06")]
START = later(35)
#: A relation of the new item.
RESTS = {"item": "db-9", "relation_type": "runs_on", "other": "db-2"}


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


@pytest.mark.slow
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
        ("prepare_value", {"item": "db-1", "attribute": "status", "value": "planned"}, "value"),
        ("prepare_item", {"identifier": "db-2", "ci_class": "server", "name": "x", "status": "in_use"}, "identifier"),
        ("prepare_relation", {"item": "db-1", "relation_type": "runs_on", "other": "db-2", "ends": "on"}, "ends"),
    ]
    for name, typed, field in cases:
        with pytest.raises(ActionInvalid) as refused:
            perform(change, name, user=world.lead, data=typed, now=MONDAY)
        assert list(refused.value.form.errors) == [field], name


@pytest.mark.slow
@pytest.mark.req("CHG-03")
def test_approval_binds_to_the_edits(world: World) -> None:
    change = approved(world, prepared(world))
    with pytest.raises(ActionInvalid) as refused:
        act(change, "drop_edit", world.lead, edit=1, now=MONDAY)
    assert "let_approvals_fall" in refused.value.form.errors
    assert act(change, "drop_edit", world.lead, edit=1, let_approvals_fall="on", now=MONDAY).state == "accepted"


@pytest.mark.slow
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
    with pytest.raises(ActionConflict):
        act(change, "close", world.engineer, now=later(39))
    change = act(change, "settle_difference", world.engineer, text="名称再改", now=later(39))
    change = act(change, "send_notice", world.engineer, text="名称再改", now=later(39))
    assert act(change, "close", world.engineer, now=later(39)).state == "closed"


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


@pytest.mark.slow
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
    assert list(refused.value.form.errors) == ["attribute"]
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


@pytest.mark.slow
def test_another_value_than_the_planned_one_differs(world: World) -> None:
    """The value counts, not the field: what was written as prepared and then rewritten is no plan (CHG-08)."""
    change = act(approved(world, prepared(world)), "start", world.engineer, now=START)
    with replaying(START):
        act(change, "apply_edits", world.engineer, now=START)
    assert not differences(change)
    stamp = Stamp(by=world.engineer, change=change.number)
    for identifier in ("db-1", "db-3"):
        with replaying(later(35.2)):
            item = ConfigurationItem.objects.get(identifier=identifier)
            update_item(item=item, facts={"name": "另一个"}, stamp=stamp)
    assert [one.text for one in differences(change)] == ["db-1: 名称", "db-3: 名称"]
    with replaying(later(35.3)):
        item = ConfigurationItem.objects.get(identifier="db-1")
        update_item(item=item, facts={"name": "主库"}, stamp=stamp)
    assert len(differences(change)) == 2


@pytest.mark.slow
def test_a_relation_other_than_planned_differs(world: World) -> None:
    """Ended though it was to begin, or with another redundancy."""
    change = act(approved(world, prepared(world)), "start", world.engineer, now=START)
    with replaying(START):
        act(change, "apply_edits", world.engineer, now=START)
    stamp, relation = Stamp(by=world.engineer, change=change.number), Relation.objects.get()
    with replaying(later(35.2)):
        write_relations([Link(relation.source, relation.relation_type, relation.target, "节点", 1)], stamp)
    assert len(differences(change)) == 1
    with replaying(later(35.3)):
        end_relations(Relation.objects.filter(active=True), stamp)
    assert len(differences(change)) == 2


@pytest.mark.slow
def test_however_much_is_written_all_of_it_must_be_explained(world: World) -> None:
    """The 206th write, after 205 that were settled, keeps the change open; the page says how many it does not show."""
    change = act(approved(world, prepared(world)), "start", world.engineer, now=START)
    with replaying(START):
        act(change, "apply_edits", world.engineer, now=START)
    for number in range(205):
        with replaying(later(35.1 + number / 1000)):
            item = ConfigurationItem.objects.get(identifier="db-1")
            update_item(
                item=item, facts={"name": f"备 {number}"}, stamp=Stamp(by=world.engineer, change=change.number)
            )
    change = act(change, "implement", world.engineer, result="as_planned", now=later(36))
    assert len(differences(change)) == 205
    part = part_of(change, {})
    assert (len(part["differs"]), part["more"]) == (200, 5)
    change = act(change, "settle_difference", world.engineer, now=later(37), text="名称逐步改")
    assert not unexplained(change)

    with replaying(later(37.5)):
        late = Stamp(by=world.engineer, change=change.number)
        update_item(item=ConfigurationItem.objects.get(identifier="db-1"), facts={"name": "又改"}, stamp=late)

    assert [one.text for one in unexplained(change)] == ["db-1: 名称"]


def test_a_swap_fits_where_an_item_has_one_relation_only(world: World) -> None:
    """What ends is written first; of two edits of one relation the later holds."""
    RelationType.objects.filter(pk="runs_on").update(max_targets=1)
    kind = RelationType.objects.get(pk="runs_on")
    with replaying(MONDAY):
        items = [ConfigurationItem.objects.get(identifier="db-1"), ConfigurationItem.objects.get(identifier="db-2")]
        make_item("db-3")
        write_relations([Link(items[0], kind, items[1])], Stamp(source="test", trusted=True))
    change: Any = request(world)
    ends: dict[str, Any] = {"item": "db-1", "relation_type": "runs_on", "now": MONDAY}
    change = act(change, "prepare_relation", world.lead, other="db-3", **ends)
    change = act(change, "prepare_relation", world.lead, other="db-2", ends="on", **ends)
    change = act(approved(world, change), "start", world.engineer, now=START)
    with replaying(START):
        act(change, "apply_edits", world.engineer, now=START)
    assert Relation.objects.get(active=True).target.identifier == "db-3"


def bringing(world: World) -> Any:
    """A change that brings a server whose class needs an address, with what rests on it and what it rests on."""
    with replaying(MONDAY):
        Attribute.objects.create(
            ci_class_id="server", code="duty_phone", name_zh="值守电话", name_en="Duty phone", required=True
        )
    new = {"identifier": "db-9", "ci_class": "server", "name": "新库", "status": "in_use"}
    return perform(request(world), "prepare_item", user=world.lead, data=new, now=MONDAY).ticket


def test_a_new_item_gets_its_attributes_and_relations_before_it_is_written(world: World) -> None:
    """The whole of what comes is prepared, approved and written together, under the change alone."""
    change: Any = bringing(world)
    typed: list[tuple[str, dict[str, Any]]] = [
        ("prepare_value", {"item": "db-9", "attribute": "duty_phone", "value": "8001"}),
        ("prepare_value", {"item": "db-9", "attribute": "duty_phone", "value": "8002"}),
        ("prepare_relation", {"item": "db-9", "relation_type": "runs_on", "other": "db-2"}),
        ("prepare_relation", {"item": "db-1", "relation_type": "depends_on", "other": "db-9"}),
    ]
    for name, data in typed:
        change = act(change, name, world.lead, now=MONDAY, **data)
    change = act(approved(world, change), "start", world.engineer, now=START)
    with replaying(START):
        act(change, "apply_edits", world.engineer, now=START)
    item = ConfigurationItem.objects.get(identifier="db-9")
    assert (item.name, item.attributes["duty_phone"]) == ("新库", "8002")
    assert {(row.source.identifier, row.target.identifier) for row in Relation.objects.filter(active=True)} == {
        ("db-9", "db-2"),
        ("db-1", "db-9"),
    }
    assert {row.reference for row in item.versions.all()} == {change.number}
    assert differences(change) == []


def test_a_new_item_that_lacks_what_its_class_needs_is_not_asked_about(world: World) -> None:
    """Approved, it could never be written: it is said before, with what is missing (CHG-03)."""
    change = bringing(world)
    with pytest.raises(ActionConflict, match="db-9：值守电话: "), translation.override("zh-hans"):
        act(change, "submit", world.lead, now=MONDAY)
    change = act(change, "prepare_value", world.lead, now=MONDAY, item="db-9", attribute="duty_phone", value="8001")
    assert act(change, "submit", world.lead, now=MONDAY).state == "submitted"


def test_a_relation_is_prepared_once_and_never_to_the_item_itself(world: World) -> None:
    """Also of items that the change brings; what was taken out may be prepared again (CHG-08)."""
    change: Any = act(bringing(world), "prepare_relation", world.lead, now=MONDAY, **RESTS)
    itself = {"item": "db-9", "relation_type": "depends_on", "other": "db-9"}
    for typed in (RESTS, {**RESTS, "group": "节点", "needed": 1}, itself):
        with pytest.raises(ActionInvalid) as refused:
            perform(change, "prepare_relation", user=world.lead, data=typed, now=MONDAY)
        assert list(refused.value.form.errors) == ["other"], typed
    address = f"changes/{change.number}/actions/prepare_relation/"
    said = problem(Api(world.lead).post(address, {**itself, "item": "db-1", "other": "db-1"}), 400)["errors"]
    assert said == {"other": ["db-1 cannot be related to itself."]}
    assert [edit.position for edit in change.edits.order_by("position")] == [1, 2]
    change = act(change, "drop_edit", world.lead, now=MONDAY, edit=2)
    assert act(change, "prepare_relation", world.lead, now=MONDAY, **RESTS).edits.count() == 2


def test_what_does_not_fit_a_new_item_is_refused_beside_its_field(world: World) -> None:
    change = act(bringing(world), "prepare_relation", world.lead, now=MONDAY, **RESTS)
    own = next(iter(Definitions().of("network_device").keys() - Definitions().of("server").keys()))
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("prepare_value", {"item": "db-8", "attribute": "duty_phone", "value": "1"}, "item"),
        ("prepare_value", {"item": "db-9", "attribute": own, "value": "1"}, "attribute"),
        ("prepare_relation", {**RESTS, "ends": "on"}, "ends"),
        ("drop_edit", {"edit": 1}, "edit"),
    ]
    for name, typed, field in cases:
        with pytest.raises(ActionInvalid) as refused:
            perform(change, name, user=world.lead, data=typed, now=MONDAY)
        assert list(refused.value.form.errors) == [field], name
    other = request(world)
    with pytest.raises(ActionInvalid):
        act(other, "prepare_relation", world.lead, now=MONDAY, **RESTS)
    for edit in (2, 1):
        change = act(change, "drop_edit", world.lead, now=MONDAY, edit=edit)
    assert not change.edits.exists()


def test_pages_and_programs_name_what_a_new_item_gets(world: World, client: Client) -> None:
    change = act(bringing(world), "prepare_relation", world.lead, now=MONDAY, **RESTS)
    change = act(change, "prepare_value", world.lead, now=MONDAY, item="db-9", attribute="duty_phone", value="8001")
    api = Api(world.lead)
    rows = api.results(f"changes/{change.number}/edits/")
    assert [(one["kind"], one["item"]) for one in rows] == [("item", "db-9"), ("relate", "db-9"), ("value", "db-9")]
    assert rows[1]["relation"]["other"] == "db-2"
    again = api.post(
        f"changes/{change.number}/actions/prepare_relation/",
        {"item": "db-1", "relation_type": "depends_on", "other": "db-9"},
    )
    assert again.status_code == 200, again.content
    client.force_login(reload_user(world.lead))
    page = client.get(f"/tickets/{change.number}/", HTTP_ACCEPT_LANGUAGE="en").text
    assert "Duty phone:" in page
    assert "8001" in page
    form = client.get(f"/tickets/{change.number}/actions/prepare_value/").text
    assert '<option value="db-9">db-9 新库</option>' in form


def test_a_copied_plan_brings_its_new_items_whole(world: World) -> None:
    change = act(bringing(world), "prepare_relation", world.lead, now=MONDAY, **RESTS)
    change = act(change, "prepare_value", world.lead, now=MONDAY, item="db-9", attribute="duty_phone", value="8001")
    copy = request(world)
    copy_plan(source=change, target=copy, user=world.lead, now=MONDAY)
    assert [str(edit) for edit in copy.edits.all()] == [str(edit) for edit in change.edits.all()]
