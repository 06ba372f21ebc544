"""The same words mean the same set in list, export, page and count, for every kind (TKT-08, API-02)."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.test import Client

from cmdb.listing import ItemList
from exporting.sources import SOURCES
from tests.api.client import Api
from tests.changes.making import change_in
from tests.factories import World, add_task, incident_in, make_item, make_user
from tests.problems.test_life import raise_problem
from tests.shipped import SHIPPED
from tickets import clock
from tickets.lifecycle import kinds
from tickets.models import Ticket
from tickets.queues.listing import Listing

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-08", "API-02")]


@pytest.fixture
def reader(world: World) -> object:
    """Somebody who reads all of it, and a few tickets of every kind in several states."""
    for state in ("registered", "in_progress", "closed"):
        incident = incident_in(state, world)
        if state == "in_progress":
            add_task(incident, world.engineer)
    raise_problem(world)
    for state in ("draft", "rejected"):
        change_in(state, world)
    return make_user("reader", "incident_manager", "problem_manager", "change_manager", "administrator")


def counted(reader: object, words: str, kind: str) -> int:
    """What the API says of how many there are."""
    slug = next(one.slug for one in kinds() if one.code == kind)
    return len(Api(reader).results(f"{slug}/?page_size=100&{words}"))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [kind.code for kind in SHIPPED])
def test_words_about_tickets_mean_one_set(world: World, reader: object, kind: str) -> None:
    states = sorted(set(Ticket.objects.filter(kind=kind).values_list("state", flat=True)))
    assert states
    for words in ["view=open", "view=all", "q=%E5%8D%87", *(f"view=all&state={state}" for state in states)]:
        query = QueryDict(f"{words}&kind={kind}")
        exported = SOURCES["tickets"].rows(reader, query, clock.now())  # type: ignore[arg-type]
        info = next(one for one in kinds() if one.code == kind)
        page = Listing(QueryDict(words), user=reader, now=clock.now(), kind=info)  # type: ignore[arg-type]
        assert set(exported.values_list("number")) == set(page.rows.values_list("number"))
        assert len(exported) == counted(reader, words, kind), words


def numbers(rows: object) -> list[str]:
    return sorted(row.identifier for row in rows)  # type: ignore[attr-defined]


WORDS = [
    "",
    "q=GW",
    "status=retired",
    "retired=false",
    "retired=true",
    "ci_class=hardware",
    "a.version=7",
]


@pytest.mark.parametrize("words", WORDS)
def test_words_about_items_mean_one_set(world: World, words: str) -> None:
    """Classes mean those below them too, everywhere; what the page leaves out by itself is a word, and told."""
    make_item("GW01", attributes={"version": "7"})
    make_item("GW02", status_id="retired", name="GW02")
    api, query = Api(world.desk), QueryDict(words)

    exported = numbers(SOURCES["items"].rows(world.desk, query, clock.now()))
    assert exported == sorted(row["identifier"] for row in api.results(f"items/?{words}"))
    if not words.startswith("a."):
        assert exported == sorted(row["identifier"] for row in api.results(f"configuration-items/?{words}"))
    page = ItemList(query, world.desk)
    said = QueryDict(page.params.urlencode())
    assert numbers(page.rows) == numbers(SOURCES["items"].rows(world.desk, said, clock.now()))
    assert page.leaves_out_retired == (not query.get("status") and "retired" not in query)


def test_the_page_tells_that_retired_items_are_left_out_and_shows_them_when_asked(world: World) -> None:
    make_item("GW01")
    make_item("GW02", status_id="retired", name="GW02")
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.desk)

    page = client.get("/items/?q=GW").content.decode()
    assert "GW02" not in page
    assert "left out" in page
    assert "q=GW&amp;retired=" in page
    everything = client.get("/items/?q=GW&retired=").content.decode()
    assert "GW02" in everything
    assert "left out" not in everything
    assert "GW02" in client.get("/items/?status=retired").content.decode()
