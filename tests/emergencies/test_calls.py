"""Experts are called in, answer and join; whoever is called sees the ticket, and no longer than needed (MAJ-02)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from duty.models import Roster
from duty.services import save_roster
from incidents.emergencies.pages import panel_of
from incidents.models import CallIn
from notifications.links import address_for, with_links
from notifications.models import AnswerLink, Delivery, Notice
from notifications.rendering import Writer
from tests.api.client import Api, problem
from tests.factories import World, act, incident_in, make_user, resolve
from tickets import clock as database_clock
from tickets.actions import available_actions
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid, ActionNotFound
from tickets.models import Ticket, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("MAJ-02")]
Browse = Callable[[User | None], Client]


@pytest.fixture
def ticket(world: World) -> Any:
    """A P1 on which the engineer works; nobody was told of anything since."""
    found = incident_in("in_progress", world, impact="I1")
    Notice.objects.all().delete()
    return found


def call(ticket: Any, world: World, *people: str, **data: Any) -> Any:
    """The manager calls people in."""
    return act(ticket, "call_in", world.manager, people=list(people), **{"text": "数据库专家", **data})


def told() -> set[tuple[str, str]]:
    """(event, who) in the portal."""
    rows = Delivery.objects.filter(channel="portal")
    return set(rows.values_list("notice__event", "recipient__username"))


def sees(user: User, ticket: Any) -> bool:
    """Whether the ticket is among those of the person."""
    return Ticket.objects.visible_to(user).filter(pk=ticket.pk).exists()


def answer_of(ticket: Any, person: User) -> tuple[str, bool, bool]:
    """The newest call's answer, whether it has a time, whether the person joined."""
    row = CallIn.objects.filter(ticket_id=ticket.pk, person=person).latest("pk")
    return row.answer, row.answered_at is not None, row.joined_at is not None


def test_called_people_are_told_urgently_answer_and_join(world: World, ticket: Any) -> None:
    ticket = call(ticket, world, "expert", "other_engineer")
    assert told() == {("called_in", "expert"), ("called_in", "other_engineer")}
    assert Delivery.objects.filter(channel="portal", urgent=True, acknowledged_at=None).count() == 2
    assert Notice.objects.get(event="called_in").payload["text"] == "数据库专家"

    ticket = act(ticket, "answer_coming", world.expert)
    ticket = act(ticket, "answer_cannot", world.other_engineer, text="在休假，找小王")
    ticket = act(ticket, "join_call", world.expert)

    assert answer_of(ticket, world.expert) == ("joined", True, True)
    assert answer_of(ticket, world.other_engineer) == ("cannot", True, False)
    assert ("call_answered", "manager") in told()
    lines = TimelineEntry.objects.filter(ticket=ticket.pk).values_list("action", flat=True)
    assert {"call_in", "answer_coming", "answer_cannot", "join_call"} <= set(lines)


@pytest.mark.req("ORG-05")
def test_a_group_is_called_through_whoever_is_on_duty(world: World, ticket: Any) -> None:
    roster = Roster(group=world.groups["network"], period="week", starts_on=date(2026, 1, 5))
    save_roster(roster=roster, members=[world.other_engineer])

    ticket = call(ticket, world, groups=["network", "host-l2"])

    rows = {(row.person.username, row.group.code) for row in ticket.calls if row.group}
    assert rows == {("other_engineer", "network"), ("expert", "host-l2")}  # without a roster its lead
    assert TimelineEntry.objects.filter(ticket=ticket.pk, action="called_for_group").count() == 2


def test_nobody_is_called_twice_before_they_refused(world: World, ticket: Any) -> None:
    ticket = call(ticket, world, "expert")
    refused: list[list[str]] = [["expert"], [], ["requester"]]
    for people in refused:
        with pytest.raises(ActionInvalid):
            act(ticket, "call_in", world.manager, text="", people=people)
    assert CallIn.objects.count() == 1

    ticket = act(ticket, "answer_cannot", world.expert, text="")
    ticket = call(ticket, world, "expert")
    assert [row.answer for row in ticket.calls] == ["cannot", ""]


@pytest.mark.parametrize("name", ["call_in", "escalate_to_leadership", "record_call_answer"])
@pytest.mark.parametrize("person", ["engineer", "desk", "expert", "owner"])
def test_only_those_who_coordinate_call(world: World, ticket: Any, name: str, person: str) -> None:
    ticket = call(ticket, world, "other_engineer")
    data: dict[str, Any] = {"people": ["expert"], "person": "other_engineer", "answer": "coming"}
    if person == "owner":  # approves priorities everywhere, as incident managers do
        offered = {item.action.name for item in available_actions(ticket, world.owner)}
        assert name in offered
        return
    with pytest.raises(ActionForbidden):
        act(ticket, name, world.people[person], **data)
    assert CallIn.objects.count() == 1


def test_nobody_answers_a_call_of_others(world: World, ticket: Any) -> None:
    ticket = call(ticket, world, "expert")
    for name in ("answer_coming", "answer_cannot", "join_call"):
        with pytest.raises(ActionForbidden):
            act(ticket, name, world.other_engineer)
    ticket = act(ticket, "record_call_answer", world.manager, person="expert", answer="joined", text="电话")
    assert answer_of(ticket, world.expert) == ("joined", True, True)
    with pytest.raises(ActionConflict):
        act(ticket, "answer_cannot", world.expert)


@pytest.mark.req("ORG-03")
def test_a_vendor_who_is_called_sees_it_until_it_is_over(world: World, ticket: Any) -> None:
    other = incident_in("in_progress", world, impact="I1")
    assert not sees(world.vendor, ticket)

    ticket = call(ticket, world, "vendor")
    assert (sees(world.vendor, ticket), sees(world.vendor, other)) == (True, False)
    assert ("called_in", "vendor") in told()
    ticket = act(ticket, "answer_coming", world.vendor)

    ticket = resolve(ticket, world.engineer)
    assert not sees(world.vendor, ticket)
    with pytest.raises(ActionNotFound):
        act(ticket, "comment", world.vendor, text="?")


@pytest.mark.req("ORG-03")
def test_who_cannot_come_sees_it_no_longer(world: World, ticket: Any) -> None:
    ticket = call(ticket, world, "vendor")
    act(ticket, "answer_cannot", world.vendor, text="")

    assert not sees(world.vendor, ticket)


def test_leadership_is_called_by_one_action(world: World, ticket: Any) -> None:
    make_user("chief", "centre_leadership")
    act(ticket, "escalate_to_leadership", world.manager)

    assert told() == {("leadership_called", "chief")}
    [item] = [one for one in available_actions(ticket, world.manager) if one.action.name == "escalate_to_leadership"]
    assert (item.action.key, item.action.asks) == ("f", False)


@pytest.mark.req("NTF-01")
def test_a_call_is_answered_by_the_link_in_the_mail(world: World, ticket: Any, client: Client) -> None:
    call(ticket, world, "expert")
    row = Delivery.objects.select_related("notice__ticket", "recipient").get(channel="email", recipient=world.expert)
    now = database_clock.now()  # the page asks the database whether the link is still good
    message = Writer(now).write([row])
    text = with_links(message["text"], message["links"])
    url = re.search(r"/answer/\S+", text)[0]  # type: ignore[index]
    act(ticket, "note", world.engineer, text="工单继续变化")  # a call is answered whatever happens meanwhile

    page = client.get(url)
    assert (page.status_code, page.content.count(b'name="answer"')) == (200, 2)
    assert answer_of(ticket, world.expert) == ("", False, False)  # opening it answers nothing
    assert client.post(url, {"answer": "confirm"}).status_code == 410
    assert client.post(url, {"answer": "answer_coming"}).status_code == 200
    assert ticket.timeline.get(action="answer_coming").via == "link"
    assert answer_of(ticket, world.expert) == ("coming", True, False)
    assert client.post(url, {"answer": "answer_cannot"}).status_code == 410
    assert AnswerLink.objects.get().purpose == "call"
    assert address_for(user=world.expert, ticket=ticket, now=now, call=row.notice_id).endswith(url)


# --- The page -------------------------------------------------------------------------------------------------------


def test_calls_without_answer_stand_out_with_the_time(world: World, ticket: Any) -> None:
    ticket = call(ticket, world, "expert")
    at = ticket.calls[0].called_at
    soon, late = (panel_of(ticket, [], world.manager, at + timedelta(minutes=n)) for n in (1, 7))

    assert soon is not None
    assert late is not None
    assert [(one["calls"][0].waited, one["calls"][0].is_late) for one in (soon, late)] == [(1, False), (7, True)]


def test_the_ticket_shows_who_commands_and_what_may_be_done(world: World, ticket: Any, browse: Browse) -> None:
    ticket = call(ticket, world, "expert")
    act(ticket, "log_communication", world.desk, audience="leadership", channel="phone", text="已通报领导")

    page = browse(world.manager).get(ticket.get_absolute_url()).text
    assert all(
        text in page for text in ("Emergency procedure", "已通报领导", "Escalate to leadership", "no answer yet")
    )
    mine = browse(world.expert).get(ticket.get_absolute_url()).text
    assert ("I am coming" in mine, "Escalate to leadership" in mine) == (True, False)


@pytest.mark.req("ORG-03")
def test_customers_see_nothing_of_it_and_a_vendor_only_the_call(world: World, ticket: Any, browse: Browse) -> None:
    ticket = call(ticket, world, "vendor")

    theirs = browse(world.requester).get(ticket.get_absolute_url()).text
    assert [text in theirs for text in ("Emergency procedure", "数据库专家", "Vendor")] == [False, False, False]
    vendors = browse(world.vendor).get(ticket.get_absolute_url()).text
    assert ("I am coming" in vendors, "Communication log" in vendors) == (True, False)


# --- The API --------------------------------------------------------------------------------------------------------


@pytest.mark.req("API-01")
def test_programs_call_answer_and_read_it(world: World, ticket: Any) -> None:
    base = f"incidents/{ticket.number}"
    done = Api(world.manager).post(f"{base}/actions/call_in/", {"people": ["expert"], "text": "?"})
    assert done.status_code == 200
    assert Api(world.expert).post(f"{base}/actions/answer_coming/", {}).status_code == 200

    found = Api(world.desk).get(f"{base}/emergency/").json()

    assert (found["runs"], found["commander"]["username"], len(found["tasks"])) == (True, "manager", 5)
    [row] = found["calls"]
    assert (row["person"]["username"], row["answer"], row["group"]) == ("expert", "coming", None)
    problem(Api(world.requester).get(f"{base}/emergency/"), 403)
    problem(Api(world.vendor).get(f"{base}/emergency/"), 404)
    normal = incident_in("registered", world)
    problem(Api(world.desk).get(f"incidents/{normal.number}/emergency/"), 404)
