"""An attribute that holds something else now: what is stored is converted where it can be, the rest is told first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict

from cmdb.definitions import Definitions
from cmdb.listing import ItemList
from cmdb.models import Attribute, ConfigurationItem, ItemVersion, UniqueValue
from cmdb.versioning.moments import replaying
from tests.cmdb.previews import agreed
from tests.cmdb.test_pages import signed_in
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-01")]
SAID = {"name_zh": "插槽", "name_en": "Slots", "group": "technical", "position": 5, "active": "on", "controlled": "on"}


def values() -> dict[str, Any]:
    found = ConfigurationItem.objects.order_by("identifier").values_list("identifier", "attributes__tag")
    return dict(found)


def test_stored_values_are_converted_and_those_that_cannot_be_are_named_before(world: World) -> None:
    row = Attribute.objects.create(code="tag", name_zh="插槽", name_en="Slots", ci_class_id="hardware", unique=True)
    with replaying(MONDAY):
        make_item("A", attributes={"tag": "12"})
        make_item("B", attributes={"tag": "１,024"})
        make_item("C", attributes={"tag": "some"}, status_id="retired")
        make_item("D", attributes={"tag": "many"})
    sources = ItemVersion.objects.get(identifier="A").sources
    client, url = signed_in(world.admin), f"/items/attributes/{row.pk}/"

    asked = client.post(url, {**SAID, "kind": "number", "unique": "on"}).content.decode()
    assert "2 values are converted" in asked
    assert "2 values do not fit; they stay as they are: C (some), D (many)." in asked
    assert values()["A"] == "12", "nothing is written before it was seen"
    assert agreed(client, url, {**SAID, "kind": "number", "unique": "on"}).status_code == 302
    assert values() == {"A": 12, "B": 1024, "C": "some", "D": "many"}

    version = ItemVersion.objects.believed().filter(identifier="A").latest("pk")
    assert (version.authority, version.by, version.sources) == ("correction", world.admin, sources)
    assert ItemVersion.objects.filter(identifier="D").count() == 1
    assert set(UniqueValue.objects.filter(code="tag").values_list("value", flat=True)) == {
        "12",
        "1024",
        "some",
        "many",
    }
    listing = ItemList(QueryDict("a.tag=>=1000"), world.admin)
    assert ([item.identifier for item in listing.rows], listing.errors) == (["B"], [])
    before = ItemList(
        QueryDict(f"known_at={(MONDAY + timedelta(hours=1)).strftime('%Y-%m-%dT%H:%M:%SZ')}"), world.admin
    )
    assert before.rows.get(identifier="A").attributes["tag"] == "12", "as it was known then"

    assert agreed(client, url, {**SAID, "kind": "text", "unique": "on"}).status_code == 302
    assert values() == {"A": "12", "B": "1024", "C": "some", "D": "many"}


def test_texts_become_choices_by_code_or_name_and_others_stay(world: World) -> None:
    row = Attribute.objects.create(code="tag", name_zh="等级", name_en="Level", controlled=True)
    for name, value in (("A", "High"), ("B", "low"), ("C", "other"), ("D", None)):
        make_item(name, attributes={"tag": value} if value else {})
    choice = {**SAID, "kind": "choice", "choices": "high | 高 | High\nlow | 低 | Low"}
    assert agreed(signed_in(world.admin), f"/items/attributes/{row.pk}/", choice).status_code == 302
    assert values() == {"A": "high", "B": "low", "C": "other", "D": None}
    assert Definitions().everywhere()["tag"].kind == "choice"
