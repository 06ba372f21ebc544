"""Items are found by what is written on them: the whole value of an attribute, as far as one may read it (TKT-09)."""

from __future__ import annotations

import pytest

from accounts.models import User
from cmdb.models import Attribute, Kind
from tests.factories import World, make_item
from tickets.search.results import Hit, items
from tickets.search.words import parse

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-09", "CMDB-05")]


def hits(user: User, text: str) -> list[Hit]:
    """What the search finds among items."""
    query = parse(text)
    assert query is not None
    return items(text, query, user)


def found(user: User, text: str) -> list[str]:
    """Identifiers of the items that the search finds."""
    return [hit.key for hit in hits(user, text)]


def test_a_serial_number_or_an_address_finds_its_item(world: World) -> None:
    make_item("A", attributes={"serial_number": "CN12AB", "ip_address": "10.0.0.7"})
    make_item("B", attributes={"serial_number": "CN12ABC"})

    assert found(world.desk, "cn12ab") == ["A"]
    assert found(world.desk, "10.0.0.7") == ["A"]
    assert found(world.desk, "10.0.0") == []
    hit = hits(world.desk, "cn12ab")[0]
    assert "CN12AB" in str(hit.detail)


@pytest.mark.req("ORG-03")
def test_customers_find_by_what_they_read_and_by_nothing_else(world: World) -> None:
    Attribute.objects.create(code="keeper_name", ci_class_id="server", name_zh="x", name_en="x", formula='keeper + ""')
    Attribute.objects.create(code="up", ci_class_id="server", name_zh="y", name_en="y", kind=Kind.ITEM)
    make_item("HIDDEN", attributes={"serial_number": "S1"})
    make_item("OWN", world.organisations["exchange"], attributes={"serial_number": "S2", "up": "HIDDEN"})

    assert found(world.requester, "s2") == ["OWN"]
    assert found(world.requester, "S1") == []
    assert found(world.requester, "HIDDEN") == []
    assert found(world.requester2, "s2") == []
