"""The engineer's own page: what waits for them, and one tap for each step (DESK-02)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import MONDAY, World, act, add_task, incident_in, register_incident, unclaimed, wait
from tests.pages.test_weight import queries_of
from tickets import clock
from tickets.workspace.my import MyPage

pytestmark = [pytest.mark.django_db, pytest.mark.req("DESK-02")]

Browse = Callable[[User | None], Client]


def cards(user: User, tab: str) -> list[str]:
    """Summaries of the cards of a part."""
    return [card["row"].title for card in MyPage(user, tab, clock.now()).context()["cards"]]


def test_the_parts_hold_what_they_say(world: World) -> None:
    unclaimed(world, summary="queued")
    busy = incident_in("in_progress", world, summary="busy")
    wait(incident_in("in_progress", world, summary="waiting"), world.engineer)
    add_task(busy, world.engineer, summary="task", assignee="engineer")
    unclaimed(world, summary="late", impact="I3", now=MONDAY.replace(year=2025))
    register_incident(world.desk, summary="of the desk")

    assert {tab: cards(world.engineer, tab) for tab in ("claim", "mine", "due", "tasks")} == {
        "claim": ["late", "queued"],
        "mine": ["busy", "waiting"],
        "due": ["late"],
        "tasks": ["task"],
    }
    assert cards(world.other_engineer, "claim") == []


def test_it_opens_with_what_carries_the_name_then_with_what_can_be_claimed(world: World) -> None:
    unclaimed(world)
    assert MyPage(world.engineer, "", clock.now()).tab == "claim"
    incident_in("in_progress", world)
    assert MyPage(world.engineer, "", clock.now()).tab == "mine"


@pytest.mark.req("INC-04")
def test_proposed_priorities_wait_for_those_who_decide(world: World) -> None:
    ticket = incident_in("in_progress", world, summary="worse")
    act(ticket, "propose_priority", world.engineer, impact="I3", text="spreads")

    assert {name: cards(world.people[name], "decide") for name in ("lead", "manager", "engineer", "expert")} == {
        "lead": ["worse"],
        "manager": ["worse"],
        "engineer": [],
        "expert": [],
    }
    card = MyPage(world.lead, "decide", clock.now()).context()["cards"][0]
    assert "decline_priority" in [button["name"] for button in card["others"]]


def test_a_card_offers_the_next_step_a_note_and_a_call(world: World, browse: Browse) -> None:
    ticket = unclaimed(world)
    page = browse(world.engineer).get("/my/?tab=claim").content.decode()

    assert f'action="/tickets/{ticket.number}/actions/claim/"' in page
    assert f'href="/tickets/{ticket.number}/actions/note/"' in page
    assert 'href="tel:00000001001"' in page


@pytest.mark.req("UX-02")
def test_news_come_by_themselves_and_nothing_comes_when_there_are_none(world: World, browse: Browse) -> None:
    unclaimed(world)
    client, htmx = browse(world.engineer), {"HX-Request": "true"}
    seen = re.search(r'data-seen="(\w+)"', client.get("/my/?tab=claim").content.decode())
    assert seen
    url = f"/my/?tab=claim&seen={seen[1]}"
    assert client.get(url, headers=htmx).status_code == 204
    unclaimed(world, summary="new")
    answer = client.get(url, headers=htmx)
    assert (answer.status_code, "new" in answer.content.decode()) == (200, True)


@pytest.mark.parametrize(
    ("headers", "home"),
    [
        ({"Sec-CH-UA-Mobile": "?1"}, "/my/"),
        ({"User-Agent": "Mozilla/5.0 (iPhone) Mobile/15E148 Safari"}, "/my/"),
        ({"Sec-CH-UA-Mobile": "?0"}, "/queue/"),
        ({}, "/queue/"),
    ],
)
def test_it_is_home_on_a_phone(world: World, browse: Browse, headers: dict[str, str], home: str) -> None:
    assert browse(world.engineer).get("/", headers=headers).headers["Location"] == home
    assert browse(world.requester).get("/", headers=headers).headers["Location"] == "/portal/"


@pytest.mark.req("ORG-03")
def test_customers_have_no_such_page_and_vendors_see_their_own(world: World, browse: Browse) -> None:
    unclaimed(world, summary="not for vendors")
    assert browse(world.requester).get("/my/").status_code == 302
    page = browse(world.vendor).get("/my/?tab=claim").content.decode()
    assert "not for vendors" not in page


@pytest.mark.slow
@pytest.mark.req("UX-02")
def test_it_costs_the_same_with_one_and_three_cards(world: World, browse: Browse) -> None:
    client = browse(world.engineer)
    found = []
    for more in (1, 2):
        for _number in range(more):
            unclaimed(world)
            add_task(incident_in("in_progress", world), world.engineer, assignee="engineer")
        found.append([queries_of(client, f"/my/?tab={tab}") for tab in ("claim", "mine", "tasks")])
    assert found == [[8, 8, 8], [8, 8, 8]]
