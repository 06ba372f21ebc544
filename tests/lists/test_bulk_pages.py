"""Many tickets at once on a page: the bar, its form, its result, and taking it back (TKT-08, UX-01)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.factories import World, act, register_incident, unclaimed
from tests.lists.browsing import browse, text_of
from tickets.models import Ticket, TimelineEntry
from tickets.views import bulk

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-08")]


def ticked(*tickets: Ticket) -> str:
    """The ticked tickets as the page sends them."""
    return " ".join(f"{ticket.number}@{ticket.version}" for ticket in tickets)


def send(client: Client, numbers: str, **data: Any) -> Any:
    """Ask the bar."""
    return client.post("/tickets/bulk/", {"of": "/queue/", "query": "view=open", "numbers": numbers, **data})


def test_bar_form_and_result(world: World) -> None:
    tickets = [register_incident(world.desk) for _ in range(3)]
    closed = act(register_incident(world.requester), "withdraw", world.requester, text="?")
    client = browse(world.desk)
    bar = send(client, ticked(*tickets, closed))
    assert 'value="assign"' in bar.content.decode()
    assert "4 tickets" in text_of(bar)
    form = send(client, ticked(*tickets, closed), action="assign")
    assert "It is possible for 3 of them" in text_of(form)
    assert send(client, ticked(*tickets), action="assign", go="1", group="").status_code == 422
    result = send(client, ticked(*tickets, closed), action="assign", go="1", group="host")
    text = text_of(result)
    assert "3 done" in text
    assert closed.number in text
    assert "not possible in the state" in text
    assert Ticket.objects.filter(group__code="host").count() == 3


def test_all_of_a_list_is_the_list(world: World) -> None:
    tickets = [register_incident(world.desk, group="host") for _ in range(3)]
    register_incident(world.desk, group="network")
    client = browse(world.desk)
    response = client.post(
        "/tickets/bulk/",
        {"of": "/incidents/", "query": "view=open&group=host", "all": "1", "action": "note", "go": "1", "text": "all"},
    )
    assert response["Location"] == "/incidents/?view=open&group=host"
    assert TimelineEntry.objects.filter(action="note").count() == len(tickets)


def test_too_many_are_refused_before_anything_happens(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "LIMIT", 2)
    for _ in range(3):
        register_incident(world.desk)
    client = browse(world.desk)
    response = client.post("/tickets/bulk/", {"of": "/queue/", "query": "view=open", "all": "1", "action": "watch"})
    assert response.status_code == 422
    assert not TimelineEntry.objects.filter(action="watch").exists()


def test_work_goes_on_in_further_requests_with_progress(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BUDGET", -1)
    tickets = [unclaimed(world) for _ in range(3)]
    client = browse(world.engineer)
    response = send(client, ticked(*tickets), action="note", go="1", text="step by step")
    for done in (1, 2):
        assert f"{done} of 3" in text_of(response)
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.content.decode()))
        response = client.post("/tickets/bulk/", fields)
    assert response.status_code == 302
    assert TimelineEntry.objects.filter(action="note", text="step by step").count() == 3


def test_claimed_by_another_in_between_is_listed_for_another_try(world: World) -> None:
    tickets = [unclaimed(world) for _ in range(2)]
    numbers = ticked(*tickets)
    act(tickets[0], "claim", world.engineer2)
    result = send(browse(world.engineer), numbers, action="claim")
    text = text_of(result)
    assert "1 done, 1 not" in text
    assert "Engineer2" in text
    assert re.search(rf'name="ticket" value="{tickets[0].number}" checked', result.content.decode())
    assert Ticket.objects.get(pk=tickets[0].pk).assignee == world.engineer2


def undo_url(response: Any) -> str:
    """Where the message offers to take it back."""
    found = re.search(r'action="(/tickets/undo/[^"]+)"', response.content.decode())
    return found.group(1).replace("&amp;", "&") if found else ""


@pytest.mark.req("UX-01")
def test_a_bulk_step_is_taken_back_as_a_whole_as_far_as_possible(world: World) -> None:
    tickets = [unclaimed(world) for _ in range(3)]
    client = browse(world.engineer)
    response = send(client, ticked(*tickets), action="claim")
    page = client.get(response["Location"])
    url = undo_url(page)
    act(Ticket.objects.get(pk=tickets[0].pk).specific, "edit", world.desk, summary="moved on")
    client.post(url)
    message = text_of(client.get("/queue/"))
    assert "Taken back: 2 tickets." in message
    assert f"{tickets[0].number}: The ticket has moved on" in message
    assert Ticket.objects.filter(assignee=None).count() == 2


@pytest.mark.req("UX-01")
def test_undo_is_offered_after_a_step_that_can_be_taken_back(world: World) -> None:
    ticket = unclaimed(world)
    client = browse(world.engineer)
    client.post(f"/tickets/{ticket.number}/actions/claim/")
    url = undo_url(client.get(ticket.get_absolute_url()))
    other = browse(world.engineer2)
    other.post(url)
    assert Ticket.objects.get(pk=ticket.pk).assignee == world.engineer
    client.post(url)
    assert Ticket.objects.get(pk=ticket.pk).assignee is None
    client.post(f"/tickets/{ticket.number}/actions/start/")
    assert undo_url(client.get(ticket.get_absolute_url())) == ""
    assert client.post("/tickets/undo/?entries=forged").status_code == 404
