"""Drafts in the pages: restored by the server, kept when refused, gone when sent (TKT-07, UX-02)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from drafts.models import Draft
from incidents.models import Incident
from tests.announcements.test_announcements import typed
from tests.factories import World, act, incident_in, register_incident
from tests.pages.test_forms import HTMX, state_of
from tickets.models import CloseCode

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-07", "UX-02")]

Browse = Callable[[User | None], Client]


def save(client: Client, user: User, form: str, texts: dict[str, Any], **more: str) -> Any:
    """What the script sends while somebody types."""
    typed = {name: value if isinstance(value, list) else [value] for name, value in texts.items()}
    sent = {"person": user.pk, "key": form, "title": "My form", "url": "/x/", "fields": json.dumps(typed), **more}
    return client.post("/drafts/save/", sent)


def page(client: Client, url: str, **headers: str) -> str:
    """The text of a page."""
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_typed_text_is_saved_with_its_time_and_emptied(world: World, browse: Browse) -> None:
    client = browse(world.engineer)
    saved = save(client, world.engineer, "IM1/composer", {"text": "half a sentence"})
    assert (saved.status_code, len(saved.json()["at"])) == (200, 5)
    assert save(client, world.engineer, "IM1/composer", {}).json() == {"at": "", "seen": ""}
    assert Draft.objects.count() == 0


@pytest.mark.parametrize(
    ("more", "status"),
    [({"person": "0"}, 409), ({"fields": "nonsense"}, 400), ({"fields": '{"a": 1}'}, 400), ({"key": ""}, 400)],
)
def test_what_is_no_draft_of_this_person_is_refused(
    world: World, browse: Browse, more: dict[str, str], status: int
) -> None:
    assert save(browse(world.engineer), world.engineer, "k", {"text": "x"}, **more).status_code == status
    assert Draft.objects.count() == 0


def test_forms_come_back_with_what_was_typed(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    client = browse(world.engineer)
    url = ticket.get_absolute_url()
    save(client, world.engineer, f"{ticket.number}/composer", {"text": "my <b>note", "visibility": "comment"})
    save(client, world.engineer, f"{ticket.number}/resolve", {"cause": "my cause", "close_code": "tier2"})
    shown = page(client, url)
    assert "my &lt;b&gt;note" in shown
    assert "Restored what you typed at" in shown
    assert 'value="comment"' in shown.split("checked")[0].rsplit("<input", 1)[1]
    assert "has-draft" in shown
    form = page(client, f"{url}actions/resolve/", **HTMX)
    assert "my cause" in form
    assert '<option value="tier2" selected>' in form
    other = page(browse(world.engineer2), url)
    assert "my &lt;b&gt;note" not in other
    assert "Restored" not in other


def test_registering_comes_back_for_staff_and_requesters(world: World, browse: Browse) -> None:
    for user in (world.desk, world.requester):
        client = browse(user)
        save(client, user, "incidents/new", {"summary": "typed by me", "description": "much more"})
        shown = page(client, "/incidents/new/")
        assert 'value="typed by me"' in shown
        assert "much more" in shown
        assert "typed by me" not in page(client, "/incidents/new/?summary=another+call")


def test_what_was_sent_is_no_draft_any_more(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    client = browse(world.engineer)
    url = ticket.get_absolute_url()
    for name in ("composer", "resolve"):
        save(client, world.engineer, f"{ticket.number}/{name}", {"text": "x"})
    comment = client.post(f"{url}comment/", {"text": "x", "visibility": "note"})
    resolve = client.post(
        f"{url}actions/resolve/", {"cause": "c", "handling": "h", "close_code": "tier1", "verified_how": "tested"}
    )
    assert comment.cookies["drafts_done"].value == f"{ticket.number}%2Fcomposer"
    assert resolve.cookies["drafts_done"].value == f"{ticket.number}%2Fresolve"
    desk = browse(world.desk)
    save(desk, world.desk, "incidents/new", {"summary": "x"})
    desk.post("/incidents/new/", {"summary": "x", "impact": "I4"})
    assert Draft.objects.count() == 0


def test_what_was_refused_is_a_draft(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    client = browse(world.engineer)
    url = ticket.get_absolute_url()
    client.post(f"{url}actions/resolve/", {"cause": "", "handling": "typed with care", "version": ticket.version})
    client.post(f"{url}comment/", {"text": "x" * 20_001, "visibility": "comment"})
    client.post("/incidents/new/", {"summary": "", "description": "all screens"})
    kept = {draft.key: draft.words[:20] for draft in Draft.objects.of(world.engineer)}
    assert kept == {
        f"{ticket.number}/resolve": "typed with care",
        f"{ticket.number}/composer": "x" * 20,
        "incidents/new": "all screens",
    }


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_text_outlives_that_the_state_moved_on(world: World, browse: Browse, headers: dict[str, str]) -> None:
    ticket = incident_in("in_progress", world)
    act(ticket, "return_to_desk", world.engineer2, text="wrong group")
    client = browse(world.desk)
    url = ticket.get_absolute_url()
    typed = {"wait_reason": "vendor", "text": "half an hour of typing", "version": ticket.version}
    before = state_of(ticket)
    answer = client.post(f"{url}actions/wait/", typed, headers=headers)
    assert answer.status_code in (403, 409)
    assert "half an hour of typing" in answer.content.decode()
    assert state_of(ticket) == before
    shown = page(client, url)
    assert "Not sent: Wait" in shown
    assert "half an hour of typing" in shown
    assert client.get(f"{url}actions/wait/").headers["Location"] == url
    moved = {
        "key": f"{ticket.number}/wait",
        "to": f"{ticket.number}/composer",
        "title": "t",
        "next": f"{url}#composer",
    }
    assert client.post("/drafts/move/", moved).headers["Location"] == f"{url}#composer"
    shown = page(client, url)
    assert "Not sent" not in shown
    assert "half an hour of typing</textarea>" in shown


def test_text_outlives_that_the_ticket_was_given_away(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    act(ticket, "hand_over", world.engineer, group="network", text="theirs")
    client = browse(world.engineer)
    typed = {
        "cause": "the cause that I found",
        "handling": "and what I did",
        "close_code": "tier1",
        "verified_how": "tested",
    }
    answer = client.post(f"{ticket.get_absolute_url()}actions/resolve/", typed)
    assert answer.status_code == 403
    assert "the cause that I found" in answer.content.decode()
    assert str(CloseCode.objects.get(code="tier1").name_en) in answer.content.decode()


def test_an_action_that_was_never_typed_for_is_forbidden_as_before(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    answer = browse(world.other_engineer).post(f"{ticket.get_absolute_url()}actions/resume/")
    assert (answer.status_code, Draft.objects.count()) == (403, 0)


def test_kept_texts_tell_no_names_that_the_person_may_not_see(world: World, browse: Browse) -> None:
    ticket = register_incident(world.requester)
    secret = register_incident(world.requester2, summary="secret of another customer")
    client = browse(world.requester)
    save(client, world.requester, f"{ticket.number}/link", {"target": secret.number, "meaning": "related_to"})
    shown = page(client, ticket.get_absolute_url())
    assert secret.number in shown
    assert "secret of another" not in shown


def test_a_restored_draft_of_an_old_version_is_compared(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    client = browse(world.desk)
    typed = {
        "summary": ticket.summary,
        "description": "mine",
        "contact_phone": "typed",
        "version": str(ticket.version),
    }
    save(client, world.desk, f"{ticket.number}/edit", typed)
    act(ticket, "edit", world.engineer, summary="of the other", contact_phone="999")
    shown = page(client, f"{ticket.get_absolute_url()}actions/edit/")
    assert 'class="compare conflict"' in shown
    assert 'value="of the other"' in shown  # only the other touched it
    assert 'name="take-contact_phone"' in shown
    assert 'name="take-summary"' not in shown
    assert 'value="typed"' in shown


def test_what_others_changed_is_not_undone_and_theirs_can_be_taken(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world, contact_phone="111")
    seen = ticket.version
    act(ticket, "edit", world.engineer, summary="of the other", contact_phone="999", business_system="")
    client = browse(world.desk)
    url = f"{ticket.get_absolute_url()}actions/edit/"
    typed = {"summary": ticket.summary, "description": "mine", "contact_phone": "222"}
    answer = client.post(url, {**typed, "version": seen})
    shown = answer.content.decode()
    assert answer.status_code == 409
    for text in ("111", "222", "999", "Engineer"):
        assert text in shown
    sent = {**typed, "summary": "of the other", "version": seen + 1, "take-contact_phone": "theirs"}
    assert client.post(url, sent).status_code == 302
    row = Incident.objects.get(pk=ticket.pk)
    assert (row.summary, row.description, row.contact_phone) == ("of the other", "mine", "999")
    assert Draft.objects.count() == 0


def test_the_list_shows_own_drafts_and_discards_them(world: World, browse: Browse) -> None:
    client = browse(world.requester)
    save(client, world.requester, "incidents/new", {"summary": "mine <i>"}, url="/incidents/new/")
    save(browse(world.desk), world.desk, "incidents/new", {"summary": "of the desk"})
    shown = page(client, "/drafts/")
    assert "mine &lt;i&gt;" in shown
    assert 'href="/incidents/new/"' in shown
    assert "of the desk" not in shown
    assert client.get("/drafts/count/").content == b"1"
    gone = client.post("/drafts/discard/", {"discard": "incidents/new", "next": "https://evil.example/"})
    assert gone.headers["Location"] == "/drafts/"
    assert client.get("/drafts/count/").content == b""
    assert Draft.objects.of(world.desk).count() == 1


@pytest.mark.parametrize(
    ("path", "headers", "back"),
    [
        ("comment/", {"Referer": "http://testserver/tickets/N/?view=mine"}, "/tickets/N/?view=mine"),
        ("comment/", {"Referer": "http://evil.example/tickets/N/"}, "/"),
        ("comment/", {}, "/"),
        ("comment/", {**HTMX, "HX-Current-URL": "http://testserver/tickets/N/"}, "/tickets/N/"),
        ("actions/resolve/", {"Referer": "http://testserver/tickets/N/"}, "/tickets/N/actions/resolve/"),
    ],
)
def test_a_submit_without_a_session_goes_on_at_a_page(
    world: World, browse: Browse, path: str, headers: dict[str, str], back: str
) -> None:
    ticket = incident_in("in_progress", world)
    given = {name: value.replace("/N/", f"/{ticket.number}/") for name, value in headers.items()}
    answer = browse(None).post(f"{ticket.get_absolute_url()}{path}", {"text": "x"}, headers=given)
    url = answer.headers.get("Location") or answer.headers["HX-Redirect"]
    client = browse(world.engineer)
    assert (
        url
        == f"/accounts/login/?next={back.replace('/N/', f'/{ticket.number}/').replace('?', '%3F').replace('=', '%3D')}"
    )
    assert client.get(back.replace("/N/", f"/{ticket.number}/"), follow=True).status_code == 200


def test_every_draft_of_a_ticket_costs_one_query(world: World, browse: Browse, django_assert_num_queries: Any) -> None:
    from tickets.workspace.drafting import drafts_of  # only what this test counts

    ticket = incident_in("in_progress", world)
    for name in ("composer", "resolve", "wait"):
        save(browse(world.engineer), world.engineer, f"{ticket.number}/{name}", {"text": "x"})
    with django_assert_num_queries(1):
        assert set(drafts_of(ticket, world.engineer)) == {"composer", "resolve", "wait"}


def test_a_property_edited_in_place_keeps_what_was_typed(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    client = browse(world.engineer)
    url = f"{ticket.get_absolute_url()}actions/edit/?field=summary"
    key = f"{ticket.number}/edit.summary"
    assert f'data-draft="{key}#' in page(client, url, **HTMX)
    save(client, world.engineer, key, {"summary": "half a summ"})
    assert 'value="half a summ"' in page(client, url, **HTMX)
    assert "half a summ" not in page(client, ticket.get_absolute_url())
    client.post(url, {"summary": "a whole summary", "version": ticket.version}, headers=HTMX)
    assert Draft.objects.count() == 0


def test_a_property_that_can_no_longer_be_edited_shows_what_was_typed(world: World, browse: Browse) -> None:
    ticket = incident_in("resolved", world)
    client = browse(world.engineer)
    save(client, world.engineer, f"{ticket.number}/edit.summary", {"summary": "half a summ"})
    assert "half a summ" in page(client, ticket.get_absolute_url())


def test_a_bulk_form_keeps_what_was_typed_until_it_is_done(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    client = browse(world.engineer)
    asked = {"numbers": f"{ticket.number}@{ticket.version}", "action": "note", "of": "/queue/"}
    assert 'data-draft="bulk/note#' in client.post("/tickets/bulk/", asked, headers=HTMX).content.decode()
    save(client, world.engineer, "bulk/note", {"text": "half a note"})
    assert "half a note" in client.post("/tickets/bulk/", asked, headers=HTMX).content.decode()
    assert client.post("/tickets/bulk/", asked | {"go": "1", "text": ""}, headers=HTMX).status_code == 422
    client.post("/tickets/bulk/", asked | {"go": "1", "text": "a whole note"}, headers=HTMX)
    assert Draft.objects.count() == 0
    assert ticket.timeline.filter(text="a whole note").exists()


def test_an_announcement_keeps_what_was_typed_until_it_is_stored(world: World, browse: Browse) -> None:
    client = browse(world.manager)
    save(client, world.manager, "announcements/new", {"text_zh": "半句话", "kind": "planned"})
    assert "半句话" in page(client, "/announcements/new/")
    answer = client.post("/announcements/new/", {"kind": "information", "text_zh": ""})
    assert answer.status_code == 422
    client.post("/announcements/new/", typed())
    assert Draft.objects.count() == 0
