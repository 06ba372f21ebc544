"""A definition that would not fit is refused before it is kept: shared values, patterns, defaults (CMDB-01)."""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.models import Attribute, CIClass, UniqueValue
from cmdb.services import Clash, Stamp, update_item
from tests.cmdb.previews import agreed
from tests.cmdb.test_pages import signed_in
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-01")]
FREE = Stamp(source="test", trusted=True)
SAID = {
    "name_zh": "标签",
    "name_en": "Tag",
    "kind": "text",
    "group": "identity",
    "position": 5,
    "active": "on",
    "controlled": "on",
}


def claimed() -> list[str]:
    """What is claimed of the attribute."""
    return list(UniqueValue.objects.filter(code="tag").order_by("item").values_list("value", flat=True))


def test_what_becomes_unique_is_claimed_and_what_is_shared_refused(world: World) -> None:
    row = Attribute.objects.create(code="tag", name_zh="标签", name_en="Tag", ci_class_id="hardware")
    first, second = make_item("A", attributes={"tag": "X 1"}), make_item("B", attributes={"tag": "ｘ  1"})
    make_item("C", attributes={"tag": "3"})
    client, url = signed_in(world.admin), f"/items/attributes/{row.pk}/"
    unique = {**SAID, "unique": "on"}

    refused = client.post(url, unique)
    assert refused.status_code == 422
    assert "1 values of “Tag” are recorded for several items: A, B. Correct them first." in refused.content.decode()
    assert not Attribute.objects.get(code="tag").unique
    update_item(item=second, facts={"tag": "2"}, stamp=FREE)
    assert client.post(url, unique).status_code == 302
    assert claimed() == ["x 1", "2", "3"]
    with pytest.raises(Clash, match="A"):
        make_item("D", attributes={"tag": "x 1"})
    update_item(item=first, facts={"name": "harmless"}, stamp=FREE)

    assert client.post(url, SAID).status_code == 302
    assert claimed() == [], "what is unique no more is let go"


def test_a_class_is_not_moved_under_a_unique_attribute_that_its_items_share(world: World) -> None:
    moved = CIClass.objects.create(code="blade", name_zh="刀片", name_en="Blade")
    Attribute.objects.create(code="tag", name_zh="标签", name_en="Tag", ci_class_id="hardware", unique=True)
    make_item("S", attributes={"tag": "1"})
    make_item("A", ci_class_id="blade", attributes={"tag": "1"})
    second = make_item("B", ci_class_id="blade", attributes={"tag": "2"})
    client, url = signed_in(world.admin), "/items/classes/blade/"
    said = {
        "name_zh": "刀片",
        "name_en": "Blade",
        "parent": "hardware",
        "position": 5,
        "active": "on",
    }

    refused = client.post(url, said)
    assert refused.status_code == 422
    assert "several items: A, S" in refused.content.decode()
    update_item(item=second, facts={"tag": "1"}, stamp=FREE)
    assert "several items: A, B, S" in client.post(url, said).content.decode()
    for number, item in enumerate(moved.configurationitems.all()):
        update_item(item=item, facts={"tag": f"n{number}"}, stamp=FREE)
    assert agreed(client, url, said).status_code == 302
    assert sorted(claimed()) == ["1", "n0", "n1"]
    assert agreed(client, url, {**said, "parent": ""}).status_code == 302
    assert claimed() == ["1"]


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("pattern", {"pattern": "["}),
        ("default", {"kind": "number", "default": "abc"}),
        ("default", {"kind": "date", "default": "2026-13-01"}),
        ("default", {"kind": "choice", "choices": "a | 甲 | A", "default": "b"}),
        ("default", {"kind": "person", "default": "no such person"}),
        ("default", {"pattern": "[0-9]+", "default": "x"}),
    ],
)
def test_patterns_and_defaults_are_such_as_can_be_used(world: World, field: str, more: dict[str, Any]) -> None:
    form = {f"attribute-{name}": value for name, value in {**SAID, "code": "tag", **more}.items()}
    answer = signed_in(world.admin).post("/items/classes/", {**form, "add": "1"})
    assert answer.status_code == 422
    assert list(answer.context["attribute_form"].errors) == [field]


def test_a_default_that_fits_is_kept(world: World) -> None:
    said = {**SAID, "code": "tag", "kind": "number", "unit": "W", "default": "750 W", "pattern": "[0-9]+"}
    form = {f"attribute-{name}": value for name, value in said.items()}
    assert signed_in(world.admin).post("/items/classes/", {**form, "add": "1"}).status_code == 302
    assert Attribute.objects.get(code="tag").default == "750 W"
