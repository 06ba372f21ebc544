"""Two who edit the same class, attribute or type of relations: nobody overwrites the other unseen (CMDB-01)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from cmdb.models import Attribute, CIClass, RelationType
from tests.cmdb.previews import agreed
from tests.cmdb.test_pages import signed_in
from tests.factories import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-01")]
NAMES = {"name_zh": "名称", "position": "10", "active": "on"}


def subjects() -> dict[str, tuple[str, dict[str, str], Any]]:
    """The page of each, with what its form needs, and the row."""
    attribute = Attribute.objects.get(code="cpu")
    said = {"kind": attribute.kind, "group": attribute.group, "choices": ""}
    both = {"inverse_zh": "承载", "inverse_en": "carries", "affects": "source"}
    return {
        "class": (
            "/items/classes/server/",
            {"confirm_days": "0", "parent": "hardware"},
            CIClass.objects.get(pk="server"),
        ),
        "attribute": (f"/items/attributes/{attribute.pk}/", said, attribute),
        "relation": ("/items/relation-types/runs_on/", both, RelationType.objects.get(pk="runs_on")),
    }


def opened(client: Client, url: str) -> dict[str, str]:
    """What the page sends of itself."""
    found = re.findall(r'name="read" value="(\d+)"', client.get(url).content.decode())
    return {"read": found[0]} if found else {}


@pytest.mark.parametrize("what", ["class", "attribute", "relation"])
def test_the_second_is_told_who_changed_it_and_replaces_it_knowing_that(world: World, what: str) -> None:
    url, needed, row = subjects()[what]
    first, second = signed_in(world.admin), signed_in(world.admin)
    typed = {**NAMES, **needed}
    assert agreed(first, url, {**typed, **opened(first, url), "name_en": "Named once"}).status_code == 302
    one, two = opened(first, url), opened(second, url)
    assert one == two != {}
    assert agreed(first, url, {**typed, **one, "name_en": "By the first"}).status_code == 302

    refused = agreed(second, url, {**typed, **two, "name_en": "By the second"})

    text = refused.content.decode()
    assert refused.status_code == 422
    assert ("By the second" in text, "after you opened it" in text or "打开之后" in text) == (True, True)
    row.refresh_from_db()
    assert row.name_en == "By the first"
    again = re.findall(r'name="read" value="(\d+)"', text)
    assert again != [two["read"]]
    assert agreed(second, url, {**typed, "read": again[0], "name_en": "By the second"}).status_code == 302
    row.refresh_from_db()
    assert row.name_en == "By the second"
