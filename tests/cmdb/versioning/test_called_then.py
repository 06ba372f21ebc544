"""Pages of the past speak as people did then: names of classes, attributes, types and systems, units (CMDB-04)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

from cmdb.defining.changes import keep_attribute, keep_class
from cmdb.models import (
    Attribute,
    AttributeVersion,
    BusinessSystem,
    BusinessSystemVersion,
    CIClass,
    CIClassVersion,
    ComplianceRule,
    ConfigurationItem,
    ItemVersion,
    RelationType,
    RelationTypeVersion,
)
from cmdb.services import Link, Stamp, update_item, write_relations
from cmdb.versioning.moments import Moment, replaying
from tests.api.client import Api
from tests.cmdb.test_pages import signed_in
from tests.factories import MONDAY, World, make_item, make_system

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-04", "CMDB-01")]
FREE = Stamp(source="test", trusted=True)
DAY = timedelta(days=1)
THEN = {"as_of": (MONDAY + DAY).isoformat()}
KNOWN = {"known_at": (MONDAY + DAY).isoformat()}
OLD = ("Old class", "Old label", "Old system", "old runs on", "Old choice", "oldunit")
#: Queries of an answer; of the past the definitions of then as well.
ASKED_NOW = {"items/": 4, "items/A/": 5}
ASKED_THEN = {"items/": 10, "items/A/": 10}
NEW = ("New class", "New label", "New system", "new runs on", "New choice", "newunit")


def _called(age: str, unit: str, by: Any) -> None:
    """Everything is called by its age."""
    for row in (CIClass.objects.get(pk="server"), CIClass.objects.get(pk="terminal")):
        row.name_en = row.name_zh = f"{age} class"
        keep_class(row, by)
    for code, kind in (("size", "number"), ("pick", "choice")):
        attribute = Attribute.objects.filter(code=code).first() or Attribute(
            code=code, kind=kind, ci_class_id="server"
        )
        attribute.name_en = attribute.name_zh = f"{age} label {code}"
        attribute.unit = unit if kind == "number" else ""
        if kind == "choice":
            attribute.choices = [{"code": "x", "zh": f"{age} choice", "en": f"{age} choice"}]
        keep_attribute(attribute, by)
    system = BusinessSystem.objects.get(pk="sys")
    system.name_en = system.name_zh = f"{age} system"
    system.save()
    relation = RelationType.objects.get(pk="runs_on")
    relation.name_en = relation.name_zh = f"{age.lower()} runs on"
    relation.inverse_en = relation.inverse_zh = f"{age.lower()} carries"
    relation.save()


@pytest.fixture
def items(world: World) -> tuple[ConfigurationItem, ConfigurationItem]:
    """Two related items of a Monday; everything was renamed on Wednesday, and one value changed on Thursday."""
    make_system("sys")
    _called("Old", "oldunit", world.admin)
    for model in (AttributeVersion, CIClassVersion, RelationTypeVersion, BusinessSystemVersion):
        model.objects.update(at=MONDAY - DAY)
    with replaying(MONDAY):
        said: dict[str, Any] = {"size": 5, "pick": "x"}
        one = make_item("A", ci_class_id="server", business_system_id="sys", attributes=said)
        other = make_item("B", ci_class_id="server")
        write_relations([Link(one, RelationType.objects.get(pk="runs_on"), other)], FREE)
    with replaying(MONDAY + timedelta(hours=3)):
        update_item(item=one, facts={"size": 6}, stamp=FREE)
    with replaying(MONDAY + 2 * DAY):
        _called("New", "newunit", world.admin)
    with replaying(MONDAY + 3 * DAY):
        update_item(item=one, facts={"size": 7, "pick": "y"}, stamp=FREE)
    return one, other


@pytest.fixture
def page(world: World) -> Client:
    return signed_in(world.admin)


def said_in(text: str, words: tuple[str, ...]) -> list[str]:
    return [word for word in words if word in text]


@pytest.mark.parametrize("moment", [THEN, KNOWN])
def test_the_page_of_an_item_uses_the_words_of_then(page: Client, items: Any, moment: dict[str, str]) -> None:
    url = reverse("cmdb:item", args=[items[0].pk])
    then = page.get(url, moment).content.decode()
    assert (said_in(then, OLD), said_in(then, NEW)) == (list(OLD), [])
    assert "5 oldunit" in then, "the line of history too"
    now = page.get(url).content.decode()
    assert (said_in(now, OLD), "new runs on" in now, "7 newunit" in now) == ([], True, True)


@pytest.mark.parametrize("moment", [THEN, KNOWN])
def test_the_list_uses_the_words_of_then(page: Client, items: Any, moment: dict[str, str]) -> None:
    asked = {"ci_class": "server", "col": ["size", "pick"], "a.size": "6", **moment}
    told = page.get(reverse("cmdb:list"), asked).content.decode()
    assert (said_in(told, OLD), said_in(told, NEW)) == ([*OLD], [])


@pytest.mark.parametrize("moment", [THEN, KNOWN])
def test_pages_around_an_item_use_the_words_of_then(page: Client, items: Any, moment: dict[str, str]) -> None:
    one, other = items
    ends = {"from": other.identifier, "to": one.identifier}
    for url, asked, words in (
        (reverse("cmdb:graph", args=[one.pk]), {}, ("old runs on",)),
        (reverse("cmdb:graph_data", args=[one.pk]), {}, ("Old class", "old runs on")),
        (reverse("cmdb:path"), ends, ("old carries",)),
        (reverse("cmdb:impact", args=[other.pk]), {}, ("Old system",)),
    ):
        told = page.get(url, {**asked, **moment}).content.decode()
        assert (said_in(told, words), said_in(told, NEW)) == (list(words), []), url


def test_each_side_of_a_comparison_uses_its_own_words(page: Client, items: Any) -> None:
    one, _other = items
    sides = {f"first_{name}": value for name, value in THEN.items()}
    [size, pick] = sorted(
        page.get(reverse("cmdb:compare", args=[one.pk]), sides).context["fields"], key=lambda row: row.name != "size"
    )
    assert (size.label, size.before, size.after) == ("New label size", "6 oldunit", "7 newunit")
    assert (pick.before, pick.after) == ("Old choice", "y")
    lists = page.get(reverse("cmdb:compare_lists"), sides).context["found"]
    [change] = lists.changed
    assert ("6 oldunit", "7 newunit") in [(row.before, row.after) for row in change.fields]


def test_what_came_and_went_is_called_as_on_its_side(page: Client, items: Any) -> None:
    one, other = items
    with replaying(MONDAY + 4 * DAY):
        kind = RelationType.objects.get(pk="runs_on")
        write_relations([Link(other, kind, one)], FREE)
    sides = {"first_as_of": (MONDAY - DAY).isoformat(), "second_as_of": (MONDAY + DAY).isoformat()}
    told = page.get(reverse("cmdb:compare_lists"), sides).context["found"].related
    assert told == [(True, "A", "old runs on", "B")]
    sides = {"first_as_of": (MONDAY + DAY).isoformat(), "second_as_of": ""}
    told = page.get(reverse("cmdb:compare_lists"), sides).context["found"].related
    assert told == [(True, "B", "new runs on", "A")]


def test_the_api_uses_the_words_of_then(world: World, items: Any) -> None:
    api, moment = Api(world.admin), Moment(known_at=MONDAY + DAY).address()
    [line] = api.get(f"items/A/relations/{moment}").json()["results"]
    assert line["name"] == "old runs on"
    lines = api.get(f"items/A/history/{moment}").json()["results"]
    told = [(row["label"], row["before"], row["after"]) for line in lines for row in line["fields_changed"]]
    assert told == [("Old label size", "5 oldunit", "6 oldunit")]
    assert any("old runs on" in line["text"] for line in lines)
    schema = api.get(f"items/classes/server/schema/{moment}").json()
    size = schema["properties"]["size"]
    assert (schema["title"], size["title"], size["x-unit"]) == ("Old class", "Old label size", "oldunit")
    assert api.get("items/classes/server/schema/").json()["title"] == "New class"


@pytest.mark.parametrize("moment", [THEN, KNOWN])
def test_items_in_the_api_are_called_as_then(
    world: World, items: Any, moment: dict[str, str], django_assert_num_queries: Any
) -> None:
    api, at = Api(world.admin), f"?{urlencode(moment)}"
    for address in ("items/", "items/A/"):
        then, now = (api.get(each).json() for each in (address + at, address))
        one, other = (data["results"][0] if "results" in data else data for data in (then, now))
        assert [one[name]["name"] for name in ("ci_class", "business_system")] == ["Old class", "Old system"]
        assert [other[name]["name"] for name in ("ci_class", "business_system")] == ["New class", "New system"]
        with django_assert_num_queries(ASKED_NOW[address]):
            api.get(address)
        with django_assert_num_queries(ASKED_THEN[address]):
            api.get(address + at)


@pytest.mark.req("CMDB-07")
def test_rules_name_their_classes_as_then(world: World, items: Any) -> None:
    ComplianceRule.objects.create(name="Sized", ci_class_id="server", demand="all", params="a.size=any")
    page, url = signed_in(world.engineer), reverse("cmdb:compliance")
    for moment in (THEN, KNOWN):
        told = page.get(url, moment).content.decode()
        assert (said_in(told, OLD), said_in(told, NEW)) == (["Old class"], [])
    assert said_in(page.get(url).content.decode(), (*OLD, *NEW)) == ["New class"]


def test_counts_by_class_say_what_it_was_called_on_each_side(page: Client, items: Any) -> None:
    sides = {f"first_{name}": value for name, value in THEN.items()}
    for url in (reverse("cmdb:compare_lists"), reverse("cmdb:beneath", args=[items[0].pk])):
        answer = page.get(url, sides)
        assert [(row.name, row.called) for row in answer.context["found"].classes] == [("New class", "Old class")]
        assert "First: Old class" in answer.content.decode()
        same = page.get(url, sides | {f"second_{name}": value for name, value in THEN.items()})
        assert [(row.name, row.called) for row in same.context["found"].classes] == [("Old class", "")]


def test_what_is_gone_is_called_as_then(page: Client, items: Any) -> None:
    sides = {"first_as_of": THEN["as_of"], "second_as_of": (MONDAY - DAY).isoformat()}
    told = page.get(reverse("cmdb:compare_lists"), sides).context["found"]
    assert [str(row.item.ci_class) for row in told.went] == ["Old class", "Old class"]


@pytest.mark.req("ORG-03", "PRT-01")
@pytest.mark.parametrize("moment", [THEN, KNOWN])
def test_pages_of_customers_use_the_words_of_then(world: World, items: Any, moment: dict[str, str]) -> None:
    for item in items:
        ItemVersion.objects.filter(item=item).update(organisation=world.requester.organisation)
    ConfigurationItem.objects.update(organisation=world.requester.organisation)
    page, url = signed_in(world.requester), reverse("cmdb:own_item", args=[items[0].pk])
    then = page.get(url, moment).content.decode()
    assert (said_in(then, OLD), said_in(then, NEW), "6 oldunit" in then) == (list(OLD), [], True)
    listed = page.get(reverse("cmdb:own"), moment).content.decode()
    assert (said_in(listed, OLD), said_in(listed, NEW)) == (["Old class", "Old system"], [])
    assert said_in(page.get(url).content.decode(), OLD) == []


def test_what_was_recorded_of_then_later_has_its_column_in_a_file(world: World, page: Client, items: Any) -> None:
    """A column that was defined after the moment: as known now it is there, as known then it is not."""
    keep_attribute(Attribute(code="later", name_zh="后", name_en="Later"), world.admin)
    update_item(item=items[0], facts={"later": "z"}, stamp=Stamp(source="test", trusted=True, since=MONDAY))
    files = [page.get(reverse("cmdb:export"), moment).content.decode() for moment in (THEN, KNOWN)]
    assert ["later" in text.splitlines()[0] for text in files] == [True, False]
    assert [text.splitlines()[1].endswith(",z") or ",z," in text for text in files] == [True, False]
