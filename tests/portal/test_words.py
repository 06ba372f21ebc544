"""The requester's page of a ticket: one word for one state, what is asked of them, when it is expected (PRT-01)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from incidents.models import Incident
from tests.factories import World, act, incident_in
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("PRT-01")]


def page(world: World, ticket: Incident) -> str:
    """What the requester reads, in English."""
    User.objects.filter(pk=world.requester.pk).update(language="en")
    client = Client()
    client.force_login(world.requester)
    return client.get(ticket.get_absolute_url()).content.decode()


def now_of(text: str) -> str:
    """The present step."""
    found = re.search(r'<li class="now"[^>]*>(.*?)</li>', text, re.DOTALL)
    assert found is not None
    return re.sub(r"<[^>]+>", "", found.group(1)).strip()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("registered", "Received"),
        ("assigned", "Passed on to the specialists"),
        ("in_progress", "Being worked on"),
        ("pending", "Please answer"),
        ("resolved", "Solved, please confirm"),
    ],
)
def test_a_state_has_one_name(world: World, state: str, word: str) -> None:
    text = page(world, incident_in(state, world))
    assert now_of(text) == word
    plain = re.sub(r"<[^>]+>", " ", text[text.index('class="page-head"') : text.index('id="action-panel"')])
    for other in ("Registered", "Assigned", "In progress", "Pending", "Resolved"):
        assert other not in plain, other
    assert "<dt>State</dt>" not in text


@pytest.mark.slow
def test_who_is_asked_reads_that_they_are(world: World) -> None:
    assert "please answer below" in page(world, incident_in("pending", world))
    other = act(
        incident_in("in_progress", world),
        "wait",
        world.engineer,
        wait_reason="vendor",
        wait_until="2099-01-01T00:00",
    )
    assert now_of(page(world, other)).startswith("Waits for:")


@pytest.mark.slow
def test_when_it_is_expected_stands_beside_what_happens_next(world: World) -> None:
    ticket = incident_in("in_progress", world)
    Incident.objects.filter(pk=ticket.pk).update(planned_completion_at=clock.now() + timedelta(hours=5))
    text = page(world, ticket)
    assert "Expected by" in text[text.index('class="next') : text.index('id="action-panel"')]
    Incident.objects.filter(pk=ticket.pk).update(planned_completion_at=clock.now() - timedelta(hours=5))
    assert "takes longer than planned" in page(world, ticket)


@pytest.mark.slow
@pytest.mark.req("INC-13")
def test_an_escalated_ticket_says_it_in_whole_sentences(world: World) -> None:
    ticket = incident_in("in_progress", world)
    Incident.objects.filter(pk=ticket.pk).update(escalated_at=clock.now() - timedelta(minutes=26))
    User.objects.filter(pk=world.desk.pk).update(language="en")
    client = Client()
    client.force_login(world.desk)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", client.get(ticket.get_absolute_url()).content.decode()))
    assert "Time is over, and nobody has acted yet. Escalated 26 min ago" in text
