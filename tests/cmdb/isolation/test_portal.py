"""Customers see their own items in the portal, and nothing of others' (ORG-03, PRT-01)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from cmdb.disclosing.releasing import ReleaseForm, release
from cmdb.models import ConfigurationItem, RelationType
from cmdb.services import Link, write_relations
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
