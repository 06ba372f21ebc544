"""Notices among the lines of a ticket's timeline: how many were told, and what did not arrive (NTF-03)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from duty.models import Roster
from duty.services import save_roster
from notifications.models import Delivery
from notifications.queries import told_about
from notifications.services import give_notice
from tests.factories import MONDAY, World, incident_in
from tickets.queues.finding import find_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("NTF-03")]
Browse = Callable[[User | None], Client]


def told(ticket: Any, world: World, number: int = 1) -> None:
    """Notices to three people."""
    for key in range(number):
        people = [world.engineer, world.lead, world.manager]
        give_notice(key=f"t{key}", event="urged", ticket=ticket, recipients=people, urgent=True, at=MONDAY)


def test_a_line_says_how_many_were_told_and_what_failed(world: World, browse: Browse) -> None:
    ticket = incident_in("assigned", world)
    told(ticket, world)
    Delivery.objects.filter(channel="email", recipient=world.lead, notice__key="t0").update(status="dead")
    url = f"/tickets/{ticket.number}/notices/lines/"

    page = browse(world.engineer).get(url).text

    assert "3 people were told, 1 failed: Email" in page
    assert 'class="entry quiet failed"' in page
    assert browse(world.requester).get(url).status_code == 403


@pytest.mark.parametrize("number", [1, 4])
def test_lines_cost_the_same_for_one_notice_and_for_many(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    ticket = incident_in("assigned", world)
    told(ticket, world, number)
    found = find_ticket(world.engineer, ticket.number)  # as the page finds it
    with django_assert_num_queries(4):
        lines = [(one.summary, one.failures) for one in told_about(found)]
    assert len(lines) >= number


@pytest.mark.req("ORG-05")
def test_beside_the_ticket_stands_who_is_on_duty(world: World, browse: Browse) -> None:
    roster = Roster(group=world.groups["host"], period="week", starts_on=date(2026, 1, 5))
    save_roster(roster=roster, members=[world.engineer2, world.lead])
    ticket = incident_in("assigned", world)

    page = browse(world.engineer).get(f"/tickets/{ticket.number}/around/").text

    assert all(text in page for text in ("On duty now", "Engineer2", "Lead"))
