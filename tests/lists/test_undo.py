"""One's own last step can be taken back, as a step of its own, until the ticket has moved on (UX-01)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from tests.factories import World, act, incident_in, register_incident, unclaimed
from tickets import clock
from tickets.actions import perform
from tickets.errors import ActionConflict
from tickets.models import Ticket, TicketLink, TimelineEntry, Watcher
from tickets.workspace.undo import can_undo, undo_step

pytestmark = [pytest.mark.django_db, pytest.mark.req("UX-01")]


def step(ticket: Ticket, name: str, user: User, **data: Any) -> TimelineEntry:
    """Do it; the entry that tells of it."""
    return perform(ticket, name, user=user, data=data)


def undo(entry: TimelineEntry, user: User) -> Any:
    """Take it back; the ticket as it stands then."""
    return undo_step(entry, user=user, now=clock.now()).ticket


def test_claim_is_taken_back(world: World) -> None:
    entry = step(unclaimed(world), "claim", world.engineer)
    assert can_undo(entry, world.engineer)

    ticket = undo(entry, world.engineer)

    assert (ticket.state, ticket.assignee) == ("assigned", None)
    assert TimelineEntry.objects.filter(ticket=ticket.pk).last().action == "taken_back"  # type: ignore[union-attr]


def test_first_assignment_goes_back_to_the_desk(world: World) -> None:
    entry = step(register_incident(world.desk), "assign", world.desk, group="host", assignee="engineer")

    ticket = undo(entry, world.desk)

    assert (ticket.state, ticket.group, ticket.assignee) == ("registered", None, None)


def test_second_assignment_goes_back_to_the_one_before(world: World) -> None:
    ticket = register_incident(world.desk, group="host")
    ticket = act(ticket, "assign", world.desk, group="host", assignee="engineer")
    entry = step(ticket, "assign", world.desk, group="network")

    ticket = undo(entry, world.desk)

    assert (ticket.state, ticket.group, ticket.assignee) == ("assigned", world.groups["host"], world.engineer)


def test_waiting_ends_as_if_it_had_not_begun(world: World) -> None:
    until = (clock.now() + timedelta(days=1)).isoformat()
    entry = step(
        incident_in("in_progress", world),
        "wait",
        world.engineer,
        wait_reason="requester",
        wait_until=until,
        text="?",
    )
    assert undo(entry, world.engineer).state == "in_progress"


def test_edited_values_are_set_back(world: World) -> None:
    ticket = register_incident(world.desk, summary="first", category="hw")
    entry = step(ticket, "edit", world.desk, summary="second", category="sw")

    ticket = undo(entry, world.desk)

    assert (ticket.summary, ticket.category.code) == ("first", "hw")


def test_watching_and_relating_are_taken_back(world: World) -> None:
    ticket, other = register_incident(world.desk), register_incident(world.desk)
    undo(step(ticket, "watch", world.desk), world.desk)
    undo(step(ticket, "link", world.desk, meaning="related_to", target=other.number), world.desk)

    assert not Watcher.objects.filter(ticket=ticket.pk).exists()
    assert not TicketLink.objects.filter(source=ticket.pk).exists()


def test_refused_when_the_ticket_moved_on(world: World) -> None:
    entry = step(unclaimed(world), "claim", world.engineer)
    act(entry.ticket, "edit", world.desk, summary="changed meanwhile")
    before = TimelineEntry.objects.count()

    with pytest.raises(ActionConflict, match="moved on"):
        undo(entry, world.engineer)

    assert TimelineEntry.objects.count() == before
    assert Ticket.objects.get(pk=entry.ticket_id).assignee == world.engineer


def test_refused_to_others_and_too_late(world: World) -> None:
    entry = step(unclaimed(world), "claim", world.engineer)
    assert not can_undo(entry, world.desk)
    with pytest.raises(ActionConflict, match="Only your own"):
        undo_step(entry, user=world.desk, now=entry.at)
    with pytest.raises(ActionConflict, match="Only your own"):
        undo_step(entry, user=world.engineer, now=entry.at + timedelta(minutes=11))


@pytest.mark.parametrize("name", ["resolve", "comment", "start"])
def test_not_offered_where_nothing_takes_it_back(world: World, name: str) -> None:
    inputs = {
        "resolve": {"cause": "x", "handling": "y", "close_code": "tier1", "verified_how": "tested"},
        "comment": {"text": "x"},
    }
    ticket = unclaimed(world) if name == "start" else incident_in("in_progress", world)
    entry = step(ticket, name, world.engineer, **inputs.get(name, {}))

    assert not can_undo(entry, world.engineer)
    with pytest.raises(ActionConflict, match="cannot be taken back"):
        undo(entry, world.engineer)


def test_a_step_is_taken_back_once(world: World) -> None:
    entry = step(unclaimed(world), "claim", world.engineer)
    undo(entry, world.engineer)

    with pytest.raises(ActionConflict, match="moved on"):
        undo(entry, world.engineer)
