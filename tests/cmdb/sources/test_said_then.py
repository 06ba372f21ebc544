"""What others said at a moment is compared with what was believed of it then, on the page and in the API (CMDB-04)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from cmdb.models import ConfigurationItem, RelationType
from cmdb.services import Link, write_relations
from tests.api.client import Api
from tests.cmdb.sources.test_given_back import HOUR, at, by, item, rank, read, say, take_back
from tests.cmdb.test_pages import signed_in
from tests.factories import MONDAY, World, make_item

__all__ = ["item"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-04")]


def told(world: World, item: ConfigurationItem, **moments: float) -> list[tuple[str, Any, str]]:
    """What others say of it by the API, which is what its page shows: the source, what it says, who holds it."""
    params = {name: (MONDAY + hours * HOUR).isoformat() for name, hours in moments.items()}
    found = Api(world.engineer).results(f"items/A/claims/?{urlencode(params)}")
    shown = signed_in(world.engineer).get(reverse("cmdb:item", args=[item.pk]), params).context["claims"]
    rows = [(row["source"], row["value"], row["holder"]) for row in found]
    assert rows == [(line["claim"].source, line["claim"].value, line["holder"]) for line in shown]
    return rows


def test_a_value_is_compared_with_that_of_then(world: World, item: ConfigurationItem) -> None:
    rank(world, "ja", "jb")
    say("ja", item, 1, cpu="4")
    say("jb", item, 2, cpu="8")
    say("ja", item, 3, cpu="8")
    assert told(world, item) == []
    assert told(world, item, known_at=2) == [("jb", "8", "ja")]
    assert told(world, item, known_at=3) == []
    assert told(world, item, as_of=2) == [("jb", "8", "ja")], "of an hour, as it is known now"
    assert told(world, item, as_of=1) == [], "it was said of later"
    assert told(world, item, as_of=2, known_at=1.5) == [], "nobody had said it yet"
    say("ja", item, 4, cpu="16")
    assert told(world, item) == [("jb", "8", "ja")]
    assert told(world, item, known_at=3) == [], "it was no other then"


def test_a_relation_is_compared_with_that_of_then(world: World, item: ConfigurationItem) -> None:
    rank(world, "ja", "jb")
    kind = RelationType.objects.get(code="uses")
    with at(0):
        host = make_item("HOST")
    for hours, source, group in ((1, "ja", ""), (2, "jb", "g"), (3, "ja", "g"), (4, "ja", "h")):
        with at(hours):
            write_relations([Link(item, kind, host, group, 1)], by(source))
    assert told(world, item) == [("jb", ["g", 1], "ja")]
    assert told(world, item, known_at=3) == []
    assert told(world, item, known_at=2) == [("jb", ["g", 1], "ja")]
    assert told(world, item, as_of=3) == []
    assert told(world, item, as_of=1) == []


def test_what_an_import_said_counts_until_it_is_taken_back(world: World, item: ConfigurationItem) -> None:
    rank(world, "ja", "jfile")
    say("ja", item, 1, cpu="4")
    run = read(world, 2, "identifier,name,cpu\nA,x,8")
    take_back(world, run, 4)
    assert told(world, item) == []
    assert told(world, item, as_of=3) == told(world, item, known_at=3) == [("jfile", "8", "ja")]
