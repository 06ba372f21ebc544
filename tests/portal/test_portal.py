"""The requesters' portal: what they follow, in plain words, and what is asked of them (PRT-01, INC-10)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from accounts.models import User
from accounts.permissions import Permission
from incidents.models import Incident
from tests.factories import MONDAY, World, act, incident_in, register_incident, reload_user, resolve, unclaimed, wait
from tests.pages.test_weight import queries_of
from tickets import clock
from tickets.lifecycle import kind_of
from tickets.meaning import Tile
from tickets.models import Ticket
from tickets.workspace import portal

pytestmark = [pytest.mark.django_db, pytest.mark.req("PRT-01")]

Browse = Callable[[User | None], Client]


def shown(user: User, address: str = "") -> list[str]:
    """Summaries of the tickets that the portal lists."""
    context = portal.PortalPage(user, QueryDict(address), clock.now()).context()
    return [line["ticket"].summary for line in context["lines"]]


@pytest.mark.req("ORG-03")
def test_it_lists_the_own_tickets_and_those_of_colleagues(world: World) -> None:
    register_incident(world.requester, summary="mine")
    register_incident(world.colleague, summary="of a colleague")
    register_incident(world.requester2, summary="of somebody else")

    assert shown(world.requester) == ["mine"]
    assert shown(world.requester, "of=organisation") == ["of a colleague", "mine"]


@pytest.mark.req("ORG-03")
def test_whoever_may_not_see_the_organisation_stays_with_the_own_tickets(world: World) -> None:
    register_incident(world.colleague, summary="of a colleague")
    world.requester.roles.clear()
    person = reload_user(world.requester)

    assert shown(person, "of=organisation") == []
    page = portal.PortalPage(person, QueryDict("of=organisation"), clock.now()).context()
    assert len(page["whose"]) == 1


def test_it_starts_with_what_goes_on_and_shows_the_finished_ones_when_asked(world: World) -> None:
    for state in ("registered", "resolved", "closed"):
        incident_in(state, world, summary=state)

    assert shown(world.requester) == ["resolved", "registered"]
    assert shown(world.requester, "show=closed") == ["closed"]
    assert shown(world.requester, "show=all") == ["closed", "resolved", "registered"]


def test_words_find_tickets_in_every_state(world: World) -> None:
    incident_in("closed", world, summary="外网邮件附件打不开")
    other = register_incident(world.requester, summary="键盘失灵", description="邮件也慢")
    register_incident(world.colleague, summary="邮件")

    assert shown(world.requester, "q=邮件") == ["键盘失灵", "外网邮件附件打不开"]
    assert shown(world.requester, f"q={other.number.lower()}") == ["键盘失灵"]
    assert shown(world.requester, "q=邮件 附件") == ["外网邮件附件打不开"]


def test_nothing_is_cut(world: World) -> None:
    for number in range(portal.PAGE + 3):
        register_incident(world.requester, summary=f"{number}", now=MONDAY + timedelta(minutes=number))
    found, address = [], ""
    for _page in range(3):
        context = portal.PortalPage(world.requester, QueryDict(address), clock.now()).context()
        found += [line["ticket"].summary for line in context["lines"]]
        if not context["next_url"]:
            break
        address = context["next_url"].split("?")[1].split("#")[0]

    assert found == [f"{number}" for number in reversed(range(portal.PAGE + 3))]


@pytest.mark.req("UX-01")
def test_states_are_said_in_plain_words(world: World, browse: Browse) -> None:
    register_incident(world.desk, requester="requester")
    unclaimed(world)
    for state in ("in_progress", "resolved", "closed"):
        incident_in(state, world)
    wait(incident_in("in_progress", world), world.engineer)
    page = browse(world.requester).get("/portal/?show=all").content.decode()

    labels = re.findall(r'class="pill [a-z]+">([^<]+)', page)
    assert [label.split(":")[0] for label in labels] == [
        "Please answer",
        "Finished",
        "Solved, please confirm",
        "Being worked on",
        "Passed on to the specialists",
        "Received",
    ]


def test_a_line_shows_the_last_public_reply_and_never_a_note(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    act(ticket, "comment", world.engineer, text="first reply")
    act(ticket, "comment", world.engineer, text="second reply")
    act(ticket, "note", world.engineer, text="internal remark")
    page = browse(world.requester).get("/portal/").content.decode()

    assert [text for text in ("first reply", "second reply", "internal remark") if text in page] == ["second reply"]


@pytest.mark.req("INC-08", "INC-12")
def test_answers_lead_back_to_the_list(world: World, browse: Browse) -> None:
    ticket = incident_in("resolved", world)
    client = browse(world.requester)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/portal/?of=mine"}
    url = f"{ticket.get_absolute_url()}actions/confirm/"
    answer = client.post(url, {"satisfaction": "very_good", "version": ticket.version}, headers=headers)

    assert (answer.status_code, "/portal/?of=mine" in answer.headers["HX-Trigger"]) == (204, True)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.confirmed_how, ticket.satisfaction_id) == ("resolved", "portal", "very_good")


def test_only_our_own_lists_are_gone_back_to(world: World, browse: Browse) -> None:
    ticket = incident_in("resolved", world)
    headers = {"HX-Request": "true", "HX-Current-URL": "https://evil.example/steal/"}
    answer = browse(world.requester).post(f"{ticket.get_absolute_url()}actions/confirm/", headers=headers)

    assert "evil" not in answer.headers["HX-Trigger"]


@pytest.mark.req("INC-10")
def test_a_closed_ticket_is_rated_once_by_its_requester(world: World, browse: Browse) -> None:
    ticket = incident_in("closed", world)
    url = f"{ticket.get_absolute_url()}actions/rate/"
    assert "actions/rate/" in browse(world.requester).get("/portal/?show=closed").content.decode()
    assert browse(world.colleague).post(url, {"satisfaction": "improve"}).status_code == 403
    assert browse(world.requester).post(url, {}).status_code == 422
    assert (
        browse(world.requester).post(url, {"satisfaction": "improve", "satisfaction_comment": "slow"}).status_code
        == 302
    )

    ticket.refresh_from_db()
    assert (ticket.state, ticket.satisfaction_id, ticket.satisfaction_comment) == ("closed", "improve", "slow")
    assert "actions/rate/" not in browse(world.requester).get("/portal/?show=closed").content.decode()
    assert browse(world.requester).post(url, {"satisfaction": "very_good"}).status_code == 409
    ticket.refresh_from_db()
    assert ticket.satisfaction_id == "improve"


def test_reporting_ends_with_thanks_and_the_number(world: World, browse: Browse) -> None:
    client = browse(world.requester)
    answer = client.post("/incidents/new/", {"summary": "mail is slow", "nature": "complaint", "impact": ""})
    ticket = Incident.objects.get()
    assert answer.headers["Location"] == f"/portal/thanks/{ticket.number}/"
    assert (ticket.nature_id, ticket.source_id, ticket.priority_id) == ("complaint", "portal", "P5")
    page = client.get(answer.headers["Location"]).content.decode()
    assert ticket.number in page
    assert "The service desk reads it" in page
    assert browse(world.requester2).get(answer.headers["Location"]).status_code == 404


def test_requesters_cannot_order_what_is_not_in_the_catalogue(world: World, browse: Browse) -> None:
    answer = browse(world.requester).post("/incidents/new/", {"summary": "x", "nature": "request"})

    assert answer.status_code == 422
    assert not Incident.objects.exists()


@pytest.mark.req("INC-04")
def test_how_bad_it_is_is_asked_in_plain_words(world: World, browse: Browse) -> None:
    page = browse(world.requester).get("/incidents/new/?nature=consultation").content.decode()

    words = ["Only I am affected", "Everything stands still", "the service desk decides", "Core transactions"]
    assert [text for text in words if text not in page] == []
    assert page.index("Only I am affected") < page.index("Everything stands still")
    assert re.findall(r'name="nature" value="(\w+)"[^>]*checked', page) == ["consultation"]


def test_the_field_finds_own_tickets_and_offers_to_report(world: World, browse: Browse) -> None:
    register_incident(world.requester, summary="mail is slow")
    register_incident(world.colleague, summary="mail is gone")
    page = browse(world.requester).get("/portal/find/?q=mail").content.decode()

    assert "mail is slow" in page
    assert "mail is gone" not in page
    assert 'href="/incidents/new/?summary=mail"' in page


@pytest.mark.req("ORG-03")
def test_the_page_of_a_ticket_tells_the_public_part_as_a_conversation(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world, description="it went dark")
    act(ticket, "comment", world.engineer, text="we look")
    act(ticket, "comment", world.requester, text="thank you")
    act(ticket, "note", world.engineer, text="internal remark")
    page = browse(world.requester).get(ticket.get_absolute_url()).content.decode()

    assert page.count("says own") == 2
    assert [text for text in ("we look", "thank you", "works on it") if text not in page] == []
    assert "internal remark" not in page


@pytest.mark.req("UX-02")
def test_home_costs_the_same_with_one_and_three_of_each(world: World, browse: Browse) -> None:
    client = browse(world.requester)
    found: list[Any] = []
    for more in (1, 2):
        for _number in range(more):
            ticket = incident_in("in_progress", world)
            act(ticket, "comment", world.engineer, text="we look")
            resolve(incident_in("in_progress", world), world.engineer)
            incident_in("closed", world)
        found.append([queries_of(client, url) for url in ("/portal/?show=all", "/portal/find/?q=主机")])
    assert found == [[9, 7], [9, 7]]
    assert Ticket.objects.count() == 9


def test_its_tiles_are_those_of_the_kinds_that_requesters_may_report(world: World, client: Client) -> None:
    client.force_login(world.requester)
    page = client.get("/portal/").content.decode()
    offered = re.findall(r'<a class="tile" href="([^"]+)"', page)

    declared = [f"/incidents/new/?nature={nature}" for nature in ("incident", "consultation", "complaint")]
    assert offered == [*declared, "#mine"]
    world.requester.roles.clear()
    assert portal.tiles_for(reload_user(world.requester)) == []


def test_a_kind_with_tiles_is_reported_by_them(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tile = Tile(label="上门", text="有人来", icon="map-pin", begins={"summary": "空调漏水"})
    visits = replace(kind_of("visit"), tiles=(tile,), registering=Permission.REGISTER)
    monkeypatch.setattr(portal, "kinds", lambda: [visits])

    assert portal.tiles_for(world.desk) == [
        {"tile": tile, "url": "/visits/new/?summary=%E7%A9%BA%E8%B0%83%E6%BC%8F%E6%B0%B4"}
    ]
    assert portal.tiles_for(world.requester) == []


@pytest.mark.req("UX-01")
def test_what_is_wrong_with_a_report_names_its_questions_as_the_page_asks_them(world: World) -> None:
    client = Client()
    client.force_login(reload_user(world.requester))
    page = client.post("/incidents/new/", {"summary": ""}, HTTP_ACCEPT_LANGUAGE="en").text

    assert '<a href="#id_summary">In one sentence</a' in page
    assert "Summary" not in page
