"""Raising a ticket to P1 or P2 by mistake is taken back, with the procedure that it began (MAJ-01, UX-01)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import F

from incidents.models import EmergencyTask
from tasks.models import Task
from tests.api.client import Api
from tests.emergencies.test_procedure import log_of, told
from tests.factories import World, act, incident_in, register_incident
from tests.sla.test_by_time_pages import browser
from tickets import clock
from tickets.actions import perform
from tickets.errors import ActionConflict
from tickets.models import Ticket, TimelineEntry
from tickets.shared.guests import Guest
from tickets.workspace.undo import can_undo, undo_step

pytestmark = [pytest.mark.django_db, pytest.mark.req("MAJ-01", "UX-01")]

RAISE: dict[str, Any] = {"impact": "I1", "text": "误判", "assignee": "engineer"}


def raised(world: World) -> tuple[Any, TimelineEntry]:
    entry = perform(incident_in("in_progress", world), "change_priority", user=world.lead, data=RAISE)
    return entry.ticket, entry


def taken_back(world: World, entry: TimelineEntry) -> Any:
    undo_step(entry, user=world.lead, now=clock.now())
    return Ticket.objects.get(pk=entry.ticket_id).specific


def states(ticket: Any) -> list[str]:
    return list(Task.objects.filter(parent_id=ticket.pk).order_by("pk").values_list("state", flat=True))


def test_procedure_ends_with_it_and_everything_is_in_the_log(world: World) -> None:
    ticket, entry = raised(world)
    assert can_undo(entry, world.lead)
    assert ticket.in_emergency
    ticket = taken_back(world, entry)

    assert (ticket.priority_id, ticket.in_emergency, ticket.assignee) == ("P4", False, world.engineer)
    steps = [name for name in log_of(ticket) if name.endswith(("priority", "emergency", "taken_back"))]
    assert steps == ["change_priority", "start_emergency", "taken_back", "end_emergency"]
    assert set(states(ticket)) == {"cancelled"}
    assert "manager" in told("emergency_over")


def test_checked_at_the_desk(world: World) -> None:
    entry = perform(register_incident(world.desk), "check_priority", user=world.desk, data={"impact": "I2"})
    assert entry.ticket.specific.in_emergency  # type: ignore[attr-defined]
    undo_step(entry, user=world.desk, now=clock.now())

    assert Ticket.objects.get(pk=entry.ticket_id).priority_id == "P4"


def test_task_that_somebody_began_goes_on(world: World) -> None:
    ticket, entry = raised(world)
    act(Task.objects.filter(parent_id=ticket.pk).order_by("pk")[1], "start", world.engineer)

    assert states(taken_back(world, entry)).count("in_progress") == 1


def test_raised_again_it_has_its_first_tasks_again(world: World) -> None:
    ticket, entry = raised(world)
    taken_back(world, entry)
    ticket = act(ticket, "change_priority", world.lead, **RAISE)

    assert ticket.in_emergency
    assert states(ticket).count("assigned") == EmergencyTask.objects.count()


@pytest.mark.slow
def test_not_when_somebody_acted_meanwhile(world: World) -> None:
    ticket, entry = raised(world)
    act(ticket, "hand_over_command", world.manager, commander="lead", text="?")

    with pytest.raises(ActionConflict):
        taken_back(world, entry)
    assert Ticket.objects.get(pk=ticket.pk).priority_id == "P1"


def test_lowering_is_taken_back_and_those_called_in_see_it_again(world: World) -> None:
    ticket, _entry = raised(world)
    act(ticket, "call_in", world.manager, people=["engineer2"], groups=[], text="?")
    entry = perform(ticket, "change_priority", user=world.lead, data={**RAISE, "impact": "I3"})
    assert not Guest.objects.exists()
    ticket = taken_back(world, entry)

    assert (ticket.priority_id, ticket.in_emergency) == ("P1", True)
    assert [guest.user for guest in Guest.objects.all()] == [world.engineer2]


@pytest.mark.slow
def test_page_offers_and_takes_it_back(world: World) -> None:
    ticket = incident_in("in_progress", world)
    page = browser(world.lead)
    address = f"{ticket.get_absolute_url()}actions/change_priority/"
    answer = page.post(address, {**RAISE, "version": ticket.version}, follow=True).content.decode()
    undo = answer.split("data-undo")[0].rsplit('action="', 1)[1].split('"')[0]
    answer = page.post(undo.replace("&amp;", "&"), follow=True).content.decode()

    assert "Taken back." in answer
    assert Ticket.objects.get(pk=ticket.pk).priority_id == "P4"


@pytest.mark.slow
def test_api_sets_it_back_by_the_same_action(world: World) -> None:
    """Programs keep no last step: they say what is right instead."""
    ticket = incident_in("in_progress", world)
    api = Api(world.lead)
    for impact, priority in (("I1", "P1"), ("I4", "P4")):
        answer = api.post(f"incidents/{ticket.number}/actions/change_priority/", {**RAISE, "impact": impact})
        assert answer.status_code == 200, answer.content
        assert api.get(f"incidents/{ticket.number}/").json()["priority"]["code"] == priority

    assert not Ticket.objects.get(pk=ticket.pk).specific.in_emergency  # type: ignore[attr-defined]


def test_not_when_it_moved_on_without_a_line_in_its_log(world: World) -> None:
    """What followed the step is the portal's own; a version that none of its lines tells of is somebody's."""
    ticket, entry = raised(world)
    Ticket.objects.filter(pk=ticket.pk).update(version=F("version") + 1)

    assert not can_undo(entry, world.lead, Ticket.objects.get(pk=ticket.pk).specific)
    with pytest.raises(ActionConflict):
        undo_step(entry, user=world.lead, now=clock.now())
