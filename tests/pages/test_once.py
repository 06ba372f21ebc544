"""A form that is sent twice does its work once, and tells the same; two open forms keep their texts apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from accounts.models import User
from drafts.models import Draft
from incidents.models import Incident
from tasks.models import Task
from tests.drafts.test_pages import save
from tests.factories import World, incident_in
from tickets.models import IdempotencyKey, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("API-02", "TKT-07")]

Browse = Callable[[User | None], Client]
REGISTER = "/incidents/new/"


def test_the_second_sending_gets_the_first_ticket(world: World, browse: Browse) -> None:
    client, typed = browse(world.desk), {"summary": "Screen black", "form_id": "abcdef0123456789"}
    first = client.post(REGISTER, typed)
    again = client.post(REGISTER, typed)
    assert (first.status_code, again.status_code) == (302, 302)
    assert again.headers["Location"] == first.headers["Location"]
    assert Incident.objects.count() == 1
    assert again.cookies["drafts_done"].value == first.cookies["drafts_done"].value
    said = [str(message) for message in get_messages(again.wsgi_request)]
    assert len(said) == 1
    assert Incident.objects.get().number in said[0]


def test_what_was_typed_meanwhile_is_no_second_ticket_and_is_told(world: World, browse: Browse) -> None:
    client, form = browse(world.desk), {"form_id": "abcdef0123456789"}
    first = client.post(REGISTER, {"summary": "Screen black", **form})
    again = client.post(REGISTER, {"summary": "Screen black, all of them", **form})
    assert again.headers["Location"] == first.headers["Location"]
    assert Incident.objects.count() == 1
    assert "drafts_done" not in again.cookies  # the browser still has it, and will offer it
    assert "was not sent" in [str(message) for message in get_messages(again.wsgi_request)][-1]


def test_a_refused_form_is_sent_again_with_the_same_id(world: World, browse: Browse) -> None:
    client, form = browse(world.desk), {"form_id": "abcdef0123456789"}
    assert client.post(REGISTER, {"summary": "", **form}).status_code == 422
    assert not IdempotencyKey.objects.exists()
    assert client.post(REGISTER, {"summary": "Screen black", **form}).status_code == 302
    assert Incident.objects.count() == 1


def test_two_persons_may_have_the_same_id(world: World, browse: Browse) -> None:
    typed = {"summary": "Screen black", "form_id": "abcdef0123456789"}
    browse(world.desk).post(REGISTER, typed)
    browse(world.engineer).post(REGISTER, typed)
    assert Incident.objects.count() == 2


@pytest.mark.parametrize("htmx", [{}, {"HX-Request": "true"}])
def test_notes_tasks_and_bulks_are_made_once(world: World, browse: Browse, htmx: dict[str, str]) -> None:
    ticket = incident_in("in_progress", world)
    client = browse(world.engineer)
    url = ticket.get_absolute_url()
    note = {"visibility": "note", "text": "looked at it", "form_id": "note-0000000001"}
    task = {"summary": "look again", "group": "host", "form_id": "task-0000000001"}
    bulk = {"numbers": ticket.number, "action": "note", "of": "/queue/", "go": "1", "text": "to many"}
    for _press in range(2):
        client.post(f"{url}comment/", note, headers=htmx)
        client.post(f"{url}actions/add_task/", task, headers=htmx)
        client.post("/tickets/bulk/", {**bulk, "form_id": "bulk-0000000001"}, headers=htmx)
    notes = TimelineEntry.objects.filter(ticket=ticket, action="note").values_list("text", flat=True)
    assert sorted(notes) == ["looked at it", "to many"]
    assert Task.objects.get().summary == "look again"


def test_every_form_that_is_drawn_has_an_id_of_its_own(world: World, browse: Browse) -> None:
    client = browse(world.desk)
    pages = {client.get(REGISTER).content.decode().partition('name="form_id" value="')[2][:16] for _tab in range(3)}
    assert len(pages) == 3
    assert "" not in pages


def test_two_tabs_have_two_drafts_and_sending_one_leaves_the_other(world: World, browse: Browse) -> None:
    client = browse(world.desk)
    save(client, world.desk, "incidents/new#first-00000001", {"summary": "first text"}, url=REGISTER)
    save(client, world.desk, "incidents/new#second-0000001", {"summary": "second text"}, url=REGISTER)
    assert "second text" in client.get(REGISTER).content.decode()  # the newest
    assert "1 other draft" in client.get(REGISTER).content.decode()
    assert "first text" in client.get(REGISTER, headers={"X-Drafts": "first-00000001"}).content.decode()
    assert "first text" in client.get(f"{REGISTER}?draft=first-00000001").content.decode()
    assert " text" not in client.get(f"{REGISTER}?draft=new").content.decode().partition('id="id_summary"')[2][:200]
    assert f"{REGISTER}?draft=first-00000001" in client.get("/drafts/").content.decode()
    client.post(REGISTER, {"summary": "second text", "form_id": "second-0000001"})
    assert Draft.objects.get().value("summary") == "first text"


def test_what_another_machine_wrote_since_is_not_overwritten(world: World, browse: Browse) -> None:
    client, key = browse(world.desk), "incidents/new#first-00000001"
    seen = save(client, world.desk, key, {"summary": "first"}, seen="").json()["seen"]
    assert save(client, world.desk, key, {"summary": "second"}, seen=seen).status_code == 200
    assert save(client, world.desk, key, {"summary": "from an older page"}, seen=seen).status_code == 412
    assert Draft.objects.get().value("summary") == "second"
