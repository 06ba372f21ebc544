"""Searching by the API: the same hits, within the scopes of the token."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiToken
from tests.api.client import Api, numbers, problem
from tests.factories import World, act, incident_in, make_item, register_incident

pytestmark = [pytest.mark.django_db, pytest.mark.req("API-01", "TKT-09")]


def test_hits_say_what_they_are_and_where_the_words_stand(world: World) -> None:
    ticket = incident_in("in_progress", world, summary="VPN证书过期", description="主机 core 已重启")
    item = make_item("host-core-01", name="核心主机")

    hits = Api(world.desk).results("search/?q=core")

    assert [(hit["among"], hit["key"]) for hit in hits] == [("tickets", ticket.number), ("items", item.identifier)]
    assert hits[0]["title"] == {"text": "VPN证书过期", "marks": []}
    assert hits[0]["snippet"] == {"text": "主机 core 已重启", "marks": [{"start": 3, "end": 7}]}
    assert (hits[0]["source"], hits[0]["state"]["code"]) == ("Description", "in_progress")
    assert [Api(world.desk).get(hit["url"]).status_code for hit in hits] == [200, 200]


def test_people_are_found_by_name_and_phone(world: World) -> None:
    world.requester.phone = "8123-4567"
    world.requester.save(update_fields=["phone"])

    assert [hit["key"] for hit in Api(world.desk).results("search/?q=8123&kinds=people")] == ["requester"]


def test_a_token_without_the_directory_searches_tickets(world: World) -> None:
    ticket = register_incident(world.requester, summary="Requester cannot sign in")
    api = Api(world.desk, scopes=[ApiToken.Scope.TICKETS_READ])

    assert [hit["key"] for hit in api.results("search/?q=requester")] == [ticket.number]
    problem(api.get("search/?q=requester&kinds=people"), 403)
    problem(Api(world.desk, scopes=[ApiToken.Scope.DIRECTORY_READ]).get("search/?q=requester"), 403)


@pytest.mark.parametrize(
    "query", ["", "q=", "q=a&kinds=cars", "q=a&limit=0", "q=a&limit=51", f"q={'a' * 201}", "q=a&x=1"]
)
def test_what_cannot_be_understood_is_refused(world: World, query: str) -> None:
    problem(Api(world.desk).get(f"search/?{query}"), 400)


def test_lists_take_the_same_words(world: World) -> None:
    ticket = incident_in("in_progress", world)
    act(ticket, "note", world.engineer, text="怀疑光模块老化")
    register_incident(world.requester)

    assert numbers(Api(world.desk).get("incidents/?q=模块")) == [ticket.number]
    assert numbers(Api(world.desk).get(f"incidents/?q={ticket.number[-4:]}&state=in_progress")) == [ticket.number]
    assert numbers(Api(world.requester).get("incidents/?q=模块")) == []


@pytest.mark.parametrize("count", [1, 3])
def test_a_search_costs_the_same_with_one_and_three_hits(world: World, count: int) -> None:
    for _ in range(count):
        register_incident(world.requester, summary="打印机卡纸")
    api = Api(world.desk)
    api.results("search/?q=卡纸")

    with CaptureQueriesContext(connection) as captured:
        assert len(api.results("search/?q=卡纸")) == count

    # Token, its owner, the bucket of the rate limit; how common the word is, the page, texts, entries, items of
    # these tickets; people; classes and attributes of items, items.
    assert len(captured) == 12
