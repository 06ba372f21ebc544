"""Edits that begin earlier than they are written, never later; the guard asks what was in use then (CMDB-04, 06)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cmdb.models import ConfigurationItem, ItemVersion, Relation, RelationType
from cmdb.services import Link, NotAllowed, NotYet, Stamp, end_relations, update_item, write_relations
from cmdb.versioning.moments import replaying
from tests.api.client import Api, problem
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-04", "CMDB-06")]
HOUR = timedelta(hours=1)
FREE = Stamp(source="test", trusted=True)


def test_no_door_writes_what_is_so_only_later(world: World) -> None:
    make_item("A", status_id="planned")
    api, later = Api(world.engineer), "2099-01-01T00:00:00Z"
    new = {"identifier": "B", "name": "b", "ci_class": "server", "status": "planned", "since": later}
    assert "future" in problem(api.post("items/", new), 400)["errors"]["since"][0]
    answer = api.patch("items/A/", {"attributes": {"cpu": "8"}, "since": later})
    assert problem(answer, 400)["errors"].keys() == {"since"}
    assert ConfigurationItem.objects.count() == ItemVersion.objects.count() == 1


def test_no_relation_begins_or_ends_later(world: World) -> None:
    one, other = make_item("A", status_id="planned"), make_item("B", status_id="planned")
    link, later = Link(one, RelationType.objects.get(code="runs_on"), other), timezone.now() + HOUR
    ahead = Stamp(by=world.engineer, since=later)
    with pytest.raises(NotYet):
        write_relations([link], ahead)
    write_relations([link], Stamp(by=world.engineer))
    with pytest.raises(NotYet):
        end_relations(Relation.objects.all(), ahead)
    assert Relation.objects.get().active


@pytest.fixture
def retired(world: World) -> ConfigurationItem:
    """In stock at first, in use from 2 on, and retired at 10."""
    with replaying(MONDAY):
        item = make_item("A", status_id="in_stock", attributes={"serial_number": "TRUE"})
    for hour, status in ((2, "in_use"), (10, "retired")):
        with replaying(MONDAY + hour * HOUR):
            update_item(item=item, facts={"status_id": status}, stamp=FREE)
    item.refresh_from_db()
    return item


def test_the_guard_asks_whether_it_was_in_use_then(world: World, retired: ConfigurationItem) -> None:
    api = Api(world.engineer)
    false: dict[str, Any] = {"attributes": {"serial_number": "FALSE"}}
    problem(api.patch("items/A/", {**false, "since": (MONDAY + 5 * HOUR).isoformat()}), 409)
    problem(api.patch("items/A/", {**false, "since": MONDAY.isoformat()}), 409)
    assert not ItemVersion.objects.believed().filter(attributes__serial_number="FALSE").exists()
    # Nothing of the time in use differs, or is controlled:
    assert api.patch("items/A/", {**false, "since": (MONDAY + 11 * HOUR).isoformat()}).status_code == 200
    observed = {"attributes": {"cpu": "8"}, "since": (MONDAY + 5 * HOUR).isoformat()}
    assert api.patch("items/A/", observed).status_code == 200
    right = {"attributes": {"serial_number": "REAL"}, "since": (MONDAY + 5 * HOUR).isoformat()}
    ground = {"correction": True, "reason": "misread"}
    assert Api(world.admin).patch("items/A/", {**right, **ground}).status_code == 200


def test_of_an_item_in_use_now_only_the_edited_time_counts(world: World) -> None:
    """It is in use, and an edit that differs only while it was in stock needs nothing."""
    with replaying(MONDAY):
        item = make_item("A", status_id="in_stock", attributes={"serial_number": "OLD"})
    with replaying(MONDAY + 2 * HOUR):
        update_item(item=item, facts={"status_id": "in_use", "serial_number": "NEW"}, stamp=FREE)
    stamp = Stamp(by=world.engineer, since=MONDAY + HOUR)
    item.refresh_from_db()
    update_item(item=item, facts={"serial_number": "NEW"}, stamp=stamp)
    then = ItemVersion.objects.believed().get(item=item, valid__contains=MONDAY + HOUR)
    assert then.attributes["serial_number"] == "NEW"


def test_the_relation_of_what_was_in_use_then_is_guarded(world: World) -> None:
    """Both are in stock now; one was in use when the relation is said to have ended."""
    with replaying(MONDAY):
        one, other = make_item("A"), make_item("B", status_id="in_stock")
        link = Link(one, RelationType.objects.get(code="runs_on"), other)
        write_relations([link], FREE)
    with replaying(MONDAY + 10 * HOUR):
        update_item(item=one, facts={"status_id": "in_stock"}, stamp=FREE)
    one.refresh_from_db()
    with pytest.raises(NotAllowed):
        end_relations(Relation.objects.all(), Stamp(by=world.engineer, since=MONDAY + 5 * HOUR))
    assert end_relations(Relation.objects.all(), Stamp(by=world.engineer, since=MONDAY + 11 * HOUR)) == 1
    with pytest.raises(NotAllowed):
        write_relations([link], Stamp(by=world.engineer, since=MONDAY + 5 * HOUR))
    assert not Relation.objects.get().active
