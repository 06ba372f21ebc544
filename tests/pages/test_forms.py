"""Forms of pages: what is refused comes back with the reason and with everything that was typed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from incidents.models import Incident
from tests.factories import World, act, incident_in, make_system, register_incident, resolve, unclaimed
from tests.pages.files import picture
from tickets.models import Ticket, TimelineEntry

pytestmark = pytest.mark.django_db

Browse = Callable[[User | None], Client]
HTMX = {"HX-Request": "true"}


def state_of(ticket: Ticket) -> tuple[str, int, int]:
    """What a refusal must not change: state, version, number of timeline entries."""
    row = Ticket.objects.get(pk=ticket.pk)
    return row.state, row.version, TimelineEntry.objects.filter(ticket=row).count()


@pytest.mark.req("UX-02", "TKT-06")
def test_a_refused_form_comes_back_with_what_was_typed(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    before = state_of(ticket)
    typed = {"cause": "", "handling": "typed with care", "close_code": "tier2", "version": ticket.version}
    url = f"{ticket.get_absolute_url()}actions/resolve/"
    page = browse(world.engineer).post(url, typed)
    part = browse(world.engineer).post(url, typed, headers=HTMX)
    assert (page.status_code, part.status_code) == (422, 422)
    for answer in (page, part):
        assert "typed with care" in answer.content.decode()
        assert 'id="id_cause_error"' in answer.content.decode()
        assert 'id="id_close_code_error"' in answer.content.decode()
    assert state_of(ticket) == before


@pytest.mark.req("UX-02")
def test_htmx_gets_a_part_and_a_browser_the_whole_page(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    client = browse(world.engineer)
    url = f"{ticket.get_absolute_url()}actions/wait/"
    page, part = client.get(url).content.decode(), client.get(url, headers=HTMX).content.decode()
    assert page.lstrip().startswith("<!doctype html>")
    assert part.lstrip().startswith("<form")
    assert 'name="wait_until"' in page
    assert 'name="wait_until"' in part


@pytest.mark.req("UX-02")
def test_success_sends_htmx_on_without_a_reload(world: World, browse: Browse) -> None:
    ticket = unclaimed(world)
    url = f"{ticket.get_absolute_url()}actions/claim/"
    answer = browse(world.engineer).post(url, headers=HTMX)
    entry = TimelineEntry.objects.filter(ticket=ticket).latest("pk")
    assert (answer.status_code, answer.content) == (204, b"")
    assert json.loads(answer.headers["HX-Trigger"]) == {"go": {"url": f"{ticket.get_absolute_url()}#entry-{entry.pk}"}}


@pytest.mark.req("TKT-07")
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_stale_version_is_compared_field_by_field(world: World, browse: Browse, headers: dict[str, str]) -> None:
    ticket = incident_in("in_progress", world)
    seen = ticket.version
    act(ticket, "edit", world.engineer, summary="summary of the other")
    before = state_of(ticket)
    url = f"{ticket.get_absolute_url()}actions/edit/"
    data = {"summary": "my summary", "description": "my long text", "version": seen}
    answer = browse(world.desk).post(url, data, headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'class="compare conflict"' in page
    assert "summary of the other</b>" in page
    assert ">my summary</span>" in page
    assert "my long text" in page
    assert f'name="version" value="{before[1]}"' in page  # sending again is deliberate now
    assert state_of(ticket) == before


@pytest.mark.req("INC-06")
def test_the_second_to_claim_is_told_who_has_it(world: World, browse: Browse) -> None:
    ticket = unclaimed(world)
    url = f"{ticket.get_absolute_url()}actions/claim/"
    browse(world.engineer).post(url, headers=HTMX)
    before = state_of(ticket)
    answer = browse(world.engineer2).post(url, headers=HTMX)
    assert answer.status_code == 409
    assert "Engineer" in answer.content.decode()
    assert state_of(ticket) == before


REFUSED = [
    {"text": ""},
    {"text": "x" * 20_001},
    {"text": "fine", "attachments": SimpleUploadedFile("run.exe", b"MZ\x90", "application/octet-stream")},
    {"text": "fine", "attachments": SimpleUploadedFile("empty.txt", b"", "text/plain")},
]


@pytest.mark.req("TKT-05", "UX-02")
@pytest.mark.parametrize("typed", REFUSED, ids=["empty", "too long", "program", "empty file"])
def test_a_refused_reply_stays_in_the_box(world: World, browse: Browse, typed: dict[str, object]) -> None:
    ticket = incident_in("in_progress", world)
    before = state_of(ticket)
    url = f"{ticket.get_absolute_url()}comment/"
    answer = browse(world.engineer).post(url, {**typed, "visibility": "comment"}, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "field-error" in page
    assert str(typed["text"]) in page
    assert 'value="comment"' in page.split("checked")[0].rsplit("<input", 1)[1]  # still a reply, not a note
    assert state_of(ticket) == before


@pytest.mark.req("TKT-05")
def test_a_note_with_a_picture_shows_its_preview(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    data = {"text": "look", "visibility": "note", "attachments": picture()}
    client = browse(world.engineer)
    answer = client.post(f"{ticket.get_absolute_url()}comment/", data)
    assert answer.status_code == 302
    page = client.get(ticket.get_absolute_url()).content.decode()
    assert 'loading="lazy"' in page
    assert "screenshot.png" in page


@pytest.mark.req("INC-02")
def test_registering_keeps_what_was_typed_and_offers_the_group_of_the_system(world: World, browse: Browse) -> None:
    make_system("trading", default_group=world.groups["network"])
    client = browse(world.desk)
    page = client.get("/incidents/new/?summary=screen+is+black").content.decode()
    assert 'value="screen is black"' in page
    assert 'data-gives="network"' in page
    answer = client.post("/incidents/new/", {"summary": "", "description": "all screens", "requester": "requester"})
    assert answer.status_code == 422
    assert "all screens" in answer.content.decode()
    assert 'value="requester" selected' in answer.content.decode()
    assert Incident.objects.count() == 0


@pytest.mark.req("INC-02")
def test_registering_goes_to_the_ticket_or_to_the_next_call(world: World, browse: Browse) -> None:
    client = browse(world.desk)
    one = client.post("/incidents/new/", {"summary": "one", "impact": "I4"})
    two = client.post("/incidents/new/", {"summary": "two", "impact": "I4", "then": "another"})
    assert one.headers["Location"] == Incident.objects.get(summary="one").get_absolute_url()
    assert (two.headers["Location"], Incident.objects.filter(summary="two").count()) == ("/incidents/new/", 1)


@pytest.mark.req("PRT-01", "INC-08")
def test_the_requester_is_asked_in_the_list_and_on_the_ticket(world: World, browse: Browse) -> None:
    ticket = resolve(incident_in("in_progress", world), world.engineer)
    client = browse(world.requester)
    confirm = f"{ticket.get_absolute_url()}actions/confirm/"
    assert confirm in client.get("/portal/").content.decode()
    page = client.get(ticket.get_absolute_url()).content.decode()
    assert confirm in page
    assert '<div class="ask">' in page
    assert client.post(confirm, {"satisfaction": "very_good"}).status_code == 302
    said = Ticket.objects.get(pk=ticket.pk).specific
    assert (said.state, said.confirmed_how, said.satisfaction_id) == ("resolved", "portal", "very_good")
    assert '<div class="ask">' not in client.get(ticket.get_absolute_url()).content.decode()


@pytest.mark.req("PRT-01")
def test_requesters_never_see_what_is_internal(world: World, browse: Browse) -> None:
    ticket = register_incident(world.desk, requester="requester", group="host")
    act(ticket, "note", world.engineer, text="the password was 12345")
    page = browse(world.requester).get(ticket.get_absolute_url()).content.decode()
    assert "12345" not in page
    assert 'name="visibility"' not in page


@pytest.mark.req("TKT-08")
def test_a_number_in_the_search_goes_straight_to_its_ticket(world: World, browse: Browse) -> None:
    ticket = register_incident(world.desk)
    answer = browse(world.desk).get("/queue/", {"q": ticket.number.lower()})
    assert answer.headers["Location"] == ticket.get_absolute_url()


@pytest.mark.req("TKT-08")
def test_filters_narrow_the_list_and_can_be_taken_back(world: World, browse: Browse) -> None:
    register_incident(world.desk, summary="printer jam", group="host")
    register_incident(world.desk, summary="network down", group="network")
    client = browse(world.desk)
    page = client.get("/queue/", {"view": "open", "q": "printer"}).content.decode()
    assert ("printer jam" in page, "network down" in page) == (True, False)
    assert 'href="/queue/?view=open" class="pill info"' in page
    empty = client.get("/queue/", {"view": "open", "q": "nothing like it"}).content.decode()
    assert "Nothing matches these filters" in empty


@pytest.mark.req("TKT-03")
def test_ends_of_lines_are_no_change(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world, description="one\ntwo")
    url = f"{ticket.get_absolute_url()}actions/edit/"
    browse(world.desk).post(url, {"summary": ticket.summary, "description": "one\r\ntwo"})
    assert TimelineEntry.objects.filter(ticket=ticket, action="edit").get().changes == []
