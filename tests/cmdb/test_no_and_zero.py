""" "No" and 0 are values: recorded, told, taken over, merged, withdrawn and taken away like any other (CMDB-01)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cmdb.deciding.services import decide
from cmdb.definitions import Definitions
from cmdb.merging.services import merge, split, take_back
from cmdb.models import Attribute, ConfigurationItem, Difference, Kind
from cmdb.services import Clash, Stamp, update_item
from cmdb.sources.ranking import keep_ranking
from cmdb.transfer.exchange import Importer
from cmdb.values import unlike
from cmdb.versioning.history import Names, compared, history_of
from cmdb.versioning.moments import Moment, replaying
from tests.api.client import Api
from tests.cmdb.test_exchange import rows_of
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-01")]
FREE = Stamp(source="test", trusted=True)
HOUR = timedelta(hours=1)


@pytest.fixture
def item(world: World) -> ConfigurationItem:
    """A planned item of a class with a field of yes and no, and one of numbers."""
    Attribute.objects.create(code="spare", name_zh="备用", name_en="Spare", kind=Kind.YES_NO)
    Attribute.objects.create(code="slots", name_zh="槽位", name_en="Slots", kind=Kind.NUMBER)
    with replaying(MONDAY):
        return make_item("A", status_id="planned")


def told(item: ConfigurationItem) -> dict[str, Any]:
    item.refresh_from_db()
    return item.attributes


@pytest.mark.parametrize(
    ("one", "other", "unlikely"),
    [(None, "", False), (False, None, True), ("", 0, True), (0, 0, False), (False, True, True), (0, 1, True)],
)
def test_only_nothing_is_nothing(one: Any, other: Any, unlikely: bool) -> None:
    assert unlike(one, other) is unlike(other, one) is unlikely


def test_they_are_recorded_and_taken_away_by_the_api_and_stand_in_history(world: World, item: Any) -> None:
    api = Api(world.engineer)
    answer = api.patch("items/A/", {"attributes": {"spare": False, "slots": 0}}).json()
    assert answer["attributes"] == told(item) == {"spare": False, "slots": 0}
    names = Names(Definitions())
    line = history_of(item, names)[0]
    assert {(field.name, field.before, field.after) for field in line.fields} == {
        ("spare", "", "No"),
        ("slots", "", "0"),
    }
    assert {field.name for field in compared(item, Moment(as_of=MONDAY), Moment())} == {"spare", "slots"}
    api.patch("items/A/", {"attributes": {"spare": None, "slots": ""}})
    assert told(item) == {}


@pytest.mark.req("CMDB-05")
def test_an_import_brings_them_and_takes_them_away(world: World, item: Any) -> None:
    for cells, after in (("false,0", {"spare": False, "slots": 0}), (",", {})):
        text = f"identifier,ci_class,name,status,spare,slots\nA,server,A,planned,{cells}"
        assert Importer().run(rows_of(text)).counts()["changed"] == 1
        assert told(item) == after


@pytest.mark.req("CMDB-08")
def test_discovery_sees_them_and_its_word_is_taken_over(world: World, item: Any) -> None:
    update_item(item=item, facts={"ip_address": "10.0.0.1", "status_id": "in_use"}, stamp=FREE)
    things = [{"key": "x", "values": {"ip_address": "10.0.0.1", "spare": False, "slots": 0}}]
    [answer] = Api(world.engineer).post("items/discovered/", {"source": "scan", "items": things}).json()["results"]
    assert answer["waiting"] == ["slots", "spare"]
    for row in Difference.objects.filter(decision=""):
        decide(difference=row, taken=True, stamp=Stamp(by=world.admin, correction=True, reason="seen"))
    assert told(item) == {"ip_address": "10.0.0.1", "spare": False, "slots": 0}


@pytest.mark.req("CMDB-04")
def test_a_stronger_source_holds_them_and_the_other_word_is_kept(world: World, item: Any) -> None:
    keep_ranking(ci_class=None, field="", sources=["scan"], by=world.admin)
    update_item(item=item, facts={"spare": False, "slots": 0}, stamp=Stamp(source="scan", trusted=True))
    api = Api(world.engineer)
    api.patch("items/A/", {"attributes": {"spare": True, "slots": None}})
    assert told(item) == {"spare": False, "slots": 0}
    rows = api.get("items/A/claims/").json()["results"]
    assert {(row["field"], row["value"]) for row in rows} == {("spare", True), ("slots", None)}


def test_merging_takes_them_and_the_undo_gives_them_back(world: World, item: Any) -> None:
    other = make_item("B", status_id="planned", attributes={"spare": False, "slots": 0})
    stamp = Stamp(by=world.admin, correction=True, reason="one machine")
    row = merge(item=item, other=other, taken=["spare", "slots"], stamp=stamp)
    assert told(item) == {"spare": False, "slots": 0}
    take_back(change=row, stamp=stamp)
    assert told(item) == {}
    split(item=other, identifier="C", kept={"slots": None}, given={**facts(), "slots": 0}, stamp=stamp)
    assert told(other) == {"spare": False}
    assert ConfigurationItem.objects.get(identifier="C").attributes == {"slots": 0}


def facts() -> dict[str, Any]:
    return {"name": "C", "ci_class_id": "server", "status_id": "planned"}


def test_zero_occurs_once_where_values_are_unique(world: World, item: Any) -> None:
    Attribute.objects.filter(code="slots").update(unique=True)
    update_item(item=item, facts={"slots": 0}, stamp=FREE)
    with pytest.raises(Clash, match=r"A, B"):
        make_item("B", attributes={"slots": 0})
