"""Customers see their own items in the portal, and nothing of others' (ORG-03, PRT-01)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from cmdb.disclosing.releasing import ReleaseForm, release
from cmdb.models import ConfigurationItem, RelationType
from cmdb.services import Link, update_item, write_relations
from cmdb.versioning.moments import replaying
from tests.cmdb.isolation.estates import FREE
from tests.cmdb.test_pages import signed_in
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("ORG-03", "PRT-01")]


@pytest.fixture
def estate(world: World) -> dict[str, ConfigurationItem]:
    """Two own items, one of another customer, two shared ones; the first rests on all of them."""
    mine, theirs = world.requester.organisation, world.requester2.organisation
    found = {
        "A": make_item("A", organisation=mine, attributes={"room": "2", "owner": "engineer"}),
        "B": make_item("B", organisation=mine, attributes={"owner": "colleague"}),
        "X": make_item("X", organisation=theirs),
        "S": make_item("S"),
        "H": make_item("H"),
    }
    on = RelationType.objects.get(code="depends_on")
    write_relations([Link(found["A"], on, found[name]) for name in "BXSH"], FREE)
    form = ReleaseForm({"organisation": mine.code, "reason": "x"}, item=found["S"])
    assert form.is_valid()
    release(form=form, by=world.admin, now=MONDAY)
    return found


def test_the_list_has_own_and_released_items(world: World, estate: dict[str, ConfigurationItem]) -> None:
    page, url = signed_in(world.requester), reverse("cmdb:own")
    answer = page.get(url)
    assert [(row["item"].identifier, row["released"]) for row in answer.context["rows"]] == [
        ("A", False),
        ("B", False),
        ("S", True),
    ]
    assert 'class="portal-top"' in answer.content.decode()
    assert [row["item"].identifier for row in page.get(f"{url}?q=b").context["rows"]] == ["B"]
    assert page.get(f"{url}?cursor=nonsense").status_code == 200
    assert [row["item"].identifier for row in signed_in(world.requester2).get(url).context["rows"]] == ["X"]
    assert signed_in(world.engineer).get(url)["Location"] == reverse("cmdb:list")


def test_the_page_tells_what_may_be_read(world: World, estate: dict[str, ConfigurationItem]) -> None:
    page = signed_in(world.requester)
    answer = page.get(reverse("cmdb:own_item", args=[estate["A"].pk]))
    told = {line["label"]: line["value"] for section in answer.context["sections"] for line in section["lines"]}
    assert list(told.values()) == ["2"], "a room, and nobody of the provider"
    [group] = answer.context["kin"]
    assert [row["item"].identifier for row in group.rows] == ["B", "S"]
    texts = " ".join(line.text for line in answer.context["lines"])
    assert " X" not in texts
    assert " H" not in texts
    own = page.get(reverse("cmdb:own_item", args=[estate["B"].pk])).context["sections"]
    assert [line["value"] for section in own for line in section["lines"]] == ["colleague"]
    for hidden in "XH":
        assert page.get(reverse("cmdb:own_item", args=[estate[hidden].pk])).status_code == 404
    assert page.get(reverse("cmdb:own_item", args=[estate["S"].pk])).context["released"]


HOUR = timedelta(hours=1)


@pytest.fixture
def past(world: World) -> dict[str, ConfigurationItem]:
    """Recorded on Monday, two hours later renamed: own items, another's, one that was another's then, shared ones."""
    mine, theirs = world.requester.organisation, world.requester2.organisation
    owners = {"A": mine, "B": mine, "X": theirs, "M": theirs, "S": None, "H": None}
    with replaying(MONDAY):
        found = {name: make_item(name, owner, name=f"old {name}") for name, owner in owners.items()}
        on = RelationType.objects.get(code="depends_on")
        write_relations([Link(found["A"], on, found[name]) for name in "BXMSH"], FREE)
    with replaying(MONDAY + 2 * HOUR):
        for name, item in found.items():
            more = {"organisation_id": mine.pk} if name == "M" else {}
            update_item(item=item, facts={"name": f"new {name}", **more}, stamp=FREE)
    form = ReleaseForm({"organisation": mine.code, "reason": "x"}, item=found["S"])
    assert form.is_valid()
    release(form=form, by=world.admin, now=MONDAY + 3 * HOUR)
    return found


THEN = {"as_of": (MONDAY + HOUR).isoformat()}
KNOWN = {"known_at": (MONDAY + HOUR).isoformat()}


@pytest.mark.req("CMDB-04")
@pytest.mark.parametrize("moment", [THEN, KNOWN])
def test_the_list_of_then_has_what_was_theirs_then_and_is_now(
    world: World, past: dict[str, ConfigurationItem], moment: dict[str, str]
) -> None:
    page, url = signed_in(world.requester), reverse("cmdb:own")
    answer = page.get(url, moment)
    assert [row["item"].name for row in answer.context["rows"]] == ["old A", "old B", "old S"]
    [first, *_others] = answer.context["rows"]
    assert page.get(first["url"]).context["row"].name == "old A", "a row leads to the item at the same moment"
    assert 'class="alarm info"' in answer.content.decode(), "the page says which moment it shows"
    found = page.get(url, {"q": "new", **moment}).context["rows"]
    assert found == [], "words are those of then"
    assert [row["item"].name for row in page.get(url).context["rows"]] == ["new A", "new B", "new M", "new S"]
    early = page.get(url, {"as_of": (MONDAY - HOUR).isoformat()})
    assert (early.context["rows"], "Nothing was recorded for you then" in early.content.decode()) == ([], True)


@pytest.mark.req("CMDB-04")
def test_the_next_page_of_the_past_is_of_the_same_moment(world: World, monkeypatch: Any) -> None:
    with replaying(MONDAY):
        items = [make_item(f"I-{number:03}", world.requester.organisation, name="old") for number in range(60)]
    for item in items:
        update_item(item=item, facts={"name": "new"}, stamp=FREE)
    page = signed_in(world.requester)
    first = page.get(reverse("cmdb:own"), {"q": "old", **THEN})
    rows = page.get(first.context["next_url"]).context["rows"]
    assert (len(first.context["rows"]) + len(rows), {row["item"].name for row in rows}) == (60, {"old"})


@pytest.mark.req("CMDB-04")
@pytest.mark.parametrize("moment", [THEN, KNOWN])
def test_the_page_of_then_tells_of_nothing_hidden(
    world: World, past: dict[str, ConfigurationItem], moment: dict[str, str]
) -> None:
    page = signed_in(world.requester)
    answer = page.get(reverse("cmdb:own_item", args=[past["A"].pk]), moment)
    assert answer.context["row"].name == "old A"
    [group] = answer.context["kin"]
    assert [row["item"].name for row in group.rows] == ["old B", "old S"]
    text = answer.content.decode()
    assert [name for name in "XMH" if f"old {name}" in text or f"new {name}" in text] == []
    assert [page.get(reverse("cmdb:own_item", args=[past[name].pk]), moment).status_code for name in "XH"] == [404] * 2
    moved = page.get(reverse("cmdb:own_item", args=[past["M"].pk]), moment)
    assert (moved.context["row"], "old M" in moved.content.decode()) == (None, False), "it was another customer's then"
    assert "It was not recorded then" in moved.content.decode()


def test_a_moment_that_cannot_be_read_is_said(world: World, past: dict[str, ConfigurationItem]) -> None:
    page = signed_in(world.requester)
    for url in (reverse("cmdb:own"), reverse("cmdb:own_item", args=[past["A"].pk])):
        assert "cannot be understood" in page.get(url, {"as_of": "garbage"}).content.decode()
