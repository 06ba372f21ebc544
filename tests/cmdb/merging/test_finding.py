"""Whoever types an identifier that was merged away finds the item it became, wherever words are asked (CMDB-01)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from cmdb.merging.services import merge, take_back
from cmdb.models import ConfigurationItem
from cmdb.services import Stamp
from cmdb.versioning.moments import replaying
from tests.api.client import Api
from tests.cmdb.test_pages import signed_in
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-01", "TKT-09")]


def one(item: ConfigurationItem, other: ConfigurationItem, by: Any) -> Any:
    return merge(item=item, other=other, stamp=Stamp(by=by, source="page", correction=True, reason="one"))


@pytest.fixture
def chain(world: World) -> list[ConfigurationItem]:
    """OLD-1 was merged into MID-2 an hour after both were recorded, MID-2 into NEW-3 another hour later."""
    with replaying(MONDAY):
        first, second, third = (make_item(name, name="server") for name in ("OLD-1", "MID-2", "NEW-3"))
    with replaying(MONDAY + timedelta(hours=1)):
        one(second, first, world.admin)
    with replaying(MONDAY + timedelta(hours=2)):
        one(third, ConfigurationItem.objects.get(pk=second.pk), world.admin)
    return [first, second, third]


def listed(world: World, **params: str) -> list[str]:
    found = signed_in(world.admin).get(reverse("cmdb:list"), params)
    return [line["item"].identifier for line in found.context["lines"]]


@pytest.mark.slow
@pytest.mark.parametrize("words", ["OLD-1", "old-", "mid-2", "OLD-1 server", "new-3"])
def test_at_every_door(world: World, chain: Any, words: str) -> None:
    api = Api(world.desk)
    assert listed(world, q=words) == ["NEW-3"]
    assert [hit["key"] for hit in api.results(f"search/?q={words}&kinds=items")] == ["NEW-3"]
    assert [row["identifier"] for row in api.results(f"items/?q={words}&retired=false")] == ["NEW-3"]
    found = signed_in(world.desk).get(reverse("tickets:find_items"), {"q": words}).json()["results"]
    assert [row["value"] for row in found] == ["NEW-3"]


def test_other_words_find_no_more_than_before(world: World, chain: Any) -> None:
    make_item("OTHER", name="server")
    assert listed(world, q="OLD_1") == []
    assert listed(world, q="server") == ["NEW-3", "OTHER"]


def test_a_merge_that_was_taken_back_leads_nowhere(world: World, chain: Any) -> None:
    change = chain[2].identity_changes.get()
    take_back(change=change, stamp=Stamp(by=world.admin, source="page", correction=True, reason="two"))
    assert listed(world, q="OLD-1") == ["MID-2"]
    assert listed(world, q="MID-2") == ["MID-2"]


@pytest.mark.parametrize(("minutes", "found"), [(30, "OLD-1"), (90, "MID-2"), (150, "NEW-3")])
@pytest.mark.parametrize("time", ["as_of", "known_at"])
def test_the_past_stands_as_it_was(world: World, chain: Any, minutes: int, found: str, time: str) -> None:
    then = MONDAY + timedelta(minutes=minutes)
    assert listed(world, q="OLD-1", **{time: then.isoformat()}) == [found]


@pytest.mark.req("ORG-03")
def test_customers_follow_their_own_only(world: World) -> None:
    """What was somebody else's, or shared, is not told by finding something."""
    mine = world.requester.organisation
    kept = make_item("KEPT", organisation=mine)
    for name, organisation in (("OWN", mine), ("SHARED", None), ("THEIRS", world.requester2.organisation)):
        one(ConfigurationItem.objects.get(pk=kept.pk), make_item(name, organisation=organisation), world.admin)
    page = signed_in(world.requester)
    for words, seen in (("OWN", ["KEPT"]), ("SHARED", []), ("THEIRS", [])):
        rows = page.get(reverse("cmdb:own"), {"q": words}).context["rows"]
        assert [row["item"].identifier for row in rows] == seen, words
        found = Api(world.requester).results(f"items/?q={words}&retired=false")
        assert [row["identifier"] for row in found] == seen, words
