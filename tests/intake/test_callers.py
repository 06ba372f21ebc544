"""Finding the caller, and what the desk sees of them (INC-02)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from incidents.models import Incident
from tests.factories import World, act, incident_in, make_item, make_user, register_incident, unclaimed
from tests.pages.test_weight import queries_of
from tickets.models import TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-02")]

Browse = Callable[[User | None], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def caller(world: World) -> User:
    """A customer's employee with every kind of number."""
    return make_user(
        "gaoyue",
        "requester",
        organisation=world.organisations["exchange"],
        full_name="高悦",
        full_name_en="Gao Yue",
        phone="021-5555 3003",
        mobile="+86 138-0013-8000",
        employee_number="GV0003",
    )


@pytest.mark.parametrize(
    "words",
    [
        "高悦",
        "高",
        "gao yue",
        "gv0003",
        "3003",
        "5553003",
        "55553003",
        "021 5555",
        "021-5555-3003",
        "(021)55553003",
        "13800138000",
        "+8613800138000",
        "138 0013 8000",
        "高 3003",
    ],
)
def test_the_caller_is_found_however_they_are_asked_for(world: World, caller: User, words: str) -> None:
    assert list(User.objects.matching(words)) == [caller]


@pytest.mark.parametrize("words", ["9999", "3004", "高 9999", "13800138001"])
def test_somebody_else_is_not_found(caller: User, words: str) -> None:
    assert not User.objects.matching(words).exists()


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("02155553003", True),
        ("+86 138 0013 8000", True),
        ("008613800138000", True),
        ("0 13800138000", True),
        ("13800138000", True),
        ("3003", False),  # the end of a number is no number: whoever dials it is an extension
        ("55", False),
        ("", False),
        ("13800138009", False),
        ("1380013", False),
    ],
)
def test_a_telephone_system_names_the_caller_by_number(caller: User, number: str, found: bool) -> None:
    assert User.objects.with_phone(number).exists() is found


def test_the_only_one_with_the_number_is_preselected(world: World, browse: Browse, caller: User) -> None:
    page = browse(world.desk).get("/incidents/new/?phone=%2B8613800138000").content.decode()

    assert '<option value="gaoyue" selected>' in page
    assert 'value="+8613800138000"' in page


def test_several_with_the_number_are_offered(world: World, browse: Browse) -> None:
    client = browse(world.desk)
    page = client.get("/incidents/new/?phone=1001").content.decode()
    assert "Requester" not in "".join(re.findall(r"<option[^>]* selected>[^<]*", page))
    part = client.get("/find/caller/?requester=&phone=00000001001").content.decode()
    assert part.count("data-takes-caller") == len(world.people)


def test_a_number_that_nobody_has_leads_to_a_new_caller(world: World, browse: Browse) -> None:
    part = browse(world.desk).get("/find/caller/?requester=&phone=99998888").content.decode()

    assert "Nobody with this number is known." in part
    assert "/find/caller/new/?q=99998888" in part


@pytest.mark.req("ORG-03")
def test_requesters_find_colleagues_only_and_no_tickets_of_theirs_beyond(world: World, browse: Browse) -> None:
    register_incident(world.desk, requester="requester2", summary="secret")
    client = browse(world.requester)
    assert client.get("/find/caller/?requester=requester2").status_code == 404
    assert [one["value"] for one in client.get("/find/people/?q=requester").json()["results"]] == ["requester"]
    assert "requester2" not in client.get("/find/caller/?phone=00000001001").content.decode()
    assert client.get("/find/members/").json()["results"] == []
    assert (client.get("/find/hints/?summary=secret").status_code, client.get("/find/caller/new/").status_code) == (
        403,
        403,
    )


def test_the_card_shows_who_it_is_what_is_open_and_what_was(world: World, browse: Browse) -> None:
    unclaimed(world, summary="still dark")
    ticket = incident_in("in_progress", world, summary="slow", items=[make_item("pc-07").identifier])
    act(ticket, "urge", world.requester)
    act(ticket, "watch", world.requester)
    incident_in("closed", world, summary="was broken")
    page = browse(world.desk).get("/find/caller/?requester=requester").content.decode()

    wanted = ["still dark", "was broken", "urged 1", "watched", "3 in 3 months", "1 urged", "exchange", "pc-07"]
    assert [text for text in wanted if text not in page] == []
    assert page.count("data-add-item") == 1


def test_a_call_about_an_open_ticket_becomes_a_note_on_it(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    page = browse(world.desk).get("/find/caller/?requester=requester").content.decode()
    assert f'hx-post="/tickets/{ticket.number}/comment/"' in page
    browse(world.desk).post(f"/tickets/{ticket.number}/comment/", {"visibility": "note", "text": "calls again"})

    assert TimelineEntry.objects.filter(ticket=ticket, action="note", text="calls again").exists()
    assert Incident.objects.count() == 1


def added(**typed: Any) -> dict[str, Any]:
    """What is typed about a new caller."""
    return {"full_name": "林青", "phone": "6031", "organisation": "exchange", "email": "", **typed}


def test_a_caller_who_is_not_known_is_entered_by_hand(world: World, browse: Browse) -> None:
    client = browse(world.desk)
    page = client.post("/find/caller/new/", added(), headers=HTMX).content.decode()
    person = User.objects.get(full_name="林青")
    assert f'data-caller="{person.username}"' in page
    assert (person.phone, person.organisation.code) == ("6031", "exchange")
    assert (person.has_usable_password(), person.roles.count(), person.is_agent) == (False, 0, False)
    assert LogEntry.objects.get().user == world.desk
    client.post("/incidents/new/", {"summary": "x", "requester": person.username})
    assert Incident.objects.get().contact_phone == "6031"


@pytest.mark.parametrize("wrong", [{"full_name": ""}, {"organisation": "nowhere"}, {"email": "DESK@example.com"}])
def test_a_new_caller_needs_what_makes_sense(world: World, browse: Browse, wrong: dict[str, str]) -> None:
    before = User.objects.count()
    assert browse(world.desk).post("/find/caller/new/", added(**wrong), headers=HTMX).status_code == 422
    assert User.objects.count() == before


@pytest.mark.req("ORG-03")
@pytest.mark.parametrize(
    ("who", "may"), [("desk", True), ("engineer", True), ("manager", True), ("owner", False), ("vendor", False)]
)
def test_who_may_enter_callers(world: World, browse: Browse, who: str, may: bool) -> None:
    assert browse(world.people[who]).post("/find/caller/new/", added()).status_code == (200 if may else 403)
    assert User.objects.filter(full_name="林青").exists() is may


def test_only_members_of_the_group_can_be_assigned(world: World, browse: Browse) -> None:
    client = browse(world.desk)

    def members(query: str) -> list[str]:
        return [one["value"] for one in client.get(f"/find/members/?{query}").json()["results"]]

    assert members("group=host") == ["engineer", "engineer2", "lead"]
    assert members("group=host&q=lead") == ["lead"]
    assert set(members("")) >= {"desk", "engineer", "expert", "other_engineer"}


@pytest.mark.req("UX-02")
def test_the_card_costs_the_same_for_one_and_three_tickets(world: World, browse: Browse) -> None:
    client, found = browse(world.desk), []
    for more in (1, 2):
        for _number in range(more):
            incident_in("in_progress", world, items=[make_item(f"pc-{Incident.objects.count()}").identifier])
            incident_in("closed", world)
        found.append(queries_of(client, "/find/caller/?requester=requester"))
    assert found == [11, 11]
