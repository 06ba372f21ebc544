"""Queues show first what must be done first (INC-18), and default queues hold what they say (TKT-08)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.factories import MONDAY, World, act, incident_in, register_incident, unclaimed, wait
from tickets.queues.queries import VIEWS, queue

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-18")]


def numbers_on(client: Client, address: str) -> list[str]:
    """Numbers of the tickets on a page, in the order in which they first appear."""
    found = re.findall(r"IM\d{12}", client.get(address).content.decode())
    return list(dict.fromkeys(found))


def test_queue_puts_priority_first_then_time_left_then_the_simpler(world: World, client: Client) -> None:
    def waiting_since(hours: int, **data: Any) -> str:
        return unclaimed(world, now=MONDAY + timedelta(hours=hours), **data).number

    minor = waiting_since(0, impact="I5")
    later = waiting_since(2, impact="I4")
    hard, simple = (waiting_since(1, impact="I4", complexity=c) for c in (3, 1))
    major = waiting_since(3, impact="I2")
    client.force_login(world.engineer)

    assert numbers_on(client, "/queue/?view=open") == [major, simple, hard, later, minor]


@pytest.mark.req("TKT-08", "ORG-03")
@pytest.mark.parametrize(
    ("view", "person", "expected"),
    [
        ("unassigned", "engineer", ["queued"]),
        ("unassigned", "other_engineer", []),
        ("mine", "engineer", ["mine", "waiting"]),
        ("mine", "engineer2", []),
        ("waiting", "desk", ["waiting"]),
        ("open", "desk", ["queued", "mine", "waiting", "registered"]),
        ("open", "requester2", []),
    ],
)
def test_views_hold_what_they_say(world: World, view: str, person: str, expected: list[str]) -> None:
    tickets = {
        "queued": unclaimed(world, now=MONDAY),
        "mine": incident_in("in_progress", world, now=MONDAY),
        "waiting": wait(incident_in("in_progress", world, now=MONDAY), world.engineer, now=MONDAY),
        "registered": register_incident(world.desk, now=MONDAY),
        "over": act(register_incident(world.requester), "withdraw", world.requester, text="?"),
    }
    found = set(queue(world.people[person], VIEWS[view], MONDAY).values_list("pk", flat=True))

    assert [name for name, ticket in tickets.items() if ticket.pk in found] == expected


@pytest.mark.req("TKT-08")
def test_overdue_begins_at_the_limit(world: World) -> None:
    ticket = unclaimed(world, now=MONDAY, impact="I3")
    limit = MONDAY + timedelta(minutes=30)

    overdue = {
        minutes: queue(world.desk, VIEWS["overdue"], limit + timedelta(minutes=minutes)).filter(pk=ticket.pk).exists()
        for minutes in (-1, 1)
    }
    assert overdue == {-1: False, 1: True}
