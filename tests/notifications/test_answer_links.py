"""Answering by a link, without signing in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from incidents.models import Incident
from notifications.links import address_for, find_link
from notifications.models import AnswerLink
from notifications.sending.outbox import deliver_due
from tests.factories import World, close, incident_in
from tests.notifications.servers import Mailbox, said
from tickets import clock
from tickets.errors import ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("NTF-01")]


def link_in(mailbox: Mailbox) -> str:
    """The path of the link in the mail to the requester about the solution."""
    [mail] = [mail for mail in mailbox.mails if "/answer/" in said(mail)]
    return "/answer/" + said(mail).split("/answer/")[1].split()[0]


def page_of(user: User, ticket: Incident) -> str:
    """The ticket as ``user`` sees it."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client.get(ticket.get_absolute_url()).text


@pytest.mark.req("INC-08")
def test_nobody_types_that_it_was_confirmed_in_the_portal_or_by_link(world: World) -> None:
    for how in ("portal", "link"):
        with pytest.raises(ActionInvalid) as refused:
            close(incident_in("resolved", world), world.desk, confirmed_how=how)
        assert list(refused.value.form.errors) == ["confirmed_how"]


@pytest.mark.req("INC-08", "INC-10")
def test_the_requester_confirms_by_a_link_without_signing_in_once(world: World, mailbox: Mailbox) -> None:
    ticket = incident_in("resolved", world)
    deliver_due()
    path, stranger = link_in(mailbox), Client(headers={"accept-language": "en"})

    shown = stranger.get(path)
    ticket.refresh_from_db()
    assert (shown.status_code, ticket.state) == (200, "resolved")  # mail scanners open links
    assert stranger.post(path, {"answer": "reject"}).status_code == 410
    done = stranger.post(path, {"answer": "confirm", "satisfaction": "very_good"})
    ticket.refresh_from_db()
    assert (done.status_code, ticket.state, ticket.satisfaction_id) == (200, "resolved", "very_good")
    entry = ticket.timeline.get(action="confirm")
    assert (entry.actor, entry.via) == (world.requester, "link")  # the true door, not the portal's
    assert (ticket.confirmed_how, ticket.confirmed_by) == ("link", "Requester")
    assert "by the link in a mail" in page_of(world.desk, ticket)
    assert stranger.get(path).status_code == stranger.post(path, {"answer": "confirm"}).status_code == 410


@pytest.mark.req("INC-12")
def test_the_requester_says_by_the_link_that_it_is_not_solved(world: World, mailbox: Mailbox) -> None:
    ticket = incident_in("resolved", world)
    deliver_due()
    path, stranger = link_in(mailbox), Client(headers={"accept-language": "en"})

    assert stranger.post(path, {"answer": "not_solved", "text": ""}).status_code == 422
    assert AnswerLink.objects.get().used_at is None
    assert stranger.post(path, {"answer": "not_solved", "text": "还是不行"}).status_code == 200
    ticket.refresh_from_db()
    assert (ticket.state, ticket.timeline.get(action="not_solved").via) == ("closed", "link")


def test_a_link_is_for_one_version_one_person_and_two_weeks(world: World) -> None:
    ticket, now = incident_in("resolved", world), clock.now()
    path = address_for(user=world.requester, ticket=ticket, now=now).split("/answer/")[1].strip("/")
    same = address_for(user=world.requester, ticket=ticket, now=now).split("/answer/")[1].strip("/")

    assert path == same
    assert find_link(path, now) is not None
    assert find_link(path[:-1] + ("0" if path[-1] != "0" else "1"), now) is None
    assert find_link(path, now + timedelta(days=14)) is None
    assert [find_link(text, now) for text in ("", "x", "1", "1.", "²." + path)] == [None] * 5
    close(ticket, world.desk)
    assert Client().get(f"/answer/{path}/").status_code == 410
