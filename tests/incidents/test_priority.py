"""A later change of priority needs a reason and approval; clocks are recomputed, the owner chosen again (INC-04)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from incidents.models import Incident
from tests.factories import MONDAY, World, act, incident_in, last_entry, make_user, unclaimed
from tickets.actions import available_actions
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-04")]


def priority_actions(ticket: Any, user: Any) -> list[str]:
    """What ``user`` may do about the priority right now."""
    return [i.action.name for i in available_actions(ticket, user) if "priority" in i.action.name and i.enabled]


def wanted(ticket: Any) -> str:
    """The priority that is proposed."""
    return ticket.requested_priority.pk if ticket.requested_priority else ""


def test_desk_corrects_the_impact_before_dispatching(world: World) -> None:
    ticket = act(incident_in("registered", world), "check_priority", world.desk, impact="I3", urgency="low")

    assert (ticket.impact_id, ticket.urgency_id, ticket.priority_id, ticket.priority_rank) == ("I3", "low", "P4", 4)
    changed = [change["field"] for change in last_entry(ticket).changes]
    assert changed == ["impact", "urgency"]


def test_checking_keeps_the_urgency_that_is_left_out(world: World) -> None:
    ticket = act(incident_in("registered", world, urgency="high"), "check_priority", world.desk, impact="I5")

    assert (ticket.urgency_id, ticket.priority_id) == ("high", "P4")


@pytest.mark.parametrize("state", ["assigned", "in_progress", "pending"])
def test_dispatched_priority_is_changed_with_approval_only(world: World, state: str) -> None:
    ticket = incident_in(state, world)
    offered = {name: priority_actions(ticket, world.people[name]) for name in ("desk", "engineer", "lead", "manager")}

    assert offered == {
        "desk": ["propose_priority"],
        "engineer": ["propose_priority"],
        "lead": ["change_priority"],
        "manager": ["change_priority"],
    }


@pytest.mark.parametrize("person", ["lead", "manager"])
def test_lead_and_manager_change_it_with_a_reason(world: World, person: str) -> None:
    ticket = incident_in("in_progress", world, now=MONDAY)
    user = world.people[person]
    changed = act(ticket, "change_priority", user, impact="I2", text="影响扩大", assignee="engineer2")

    assert (changed.impact_id, changed.priority_id, changed.assignee) == ("I2", "P2", world.engineer2)
    assert last_entry(changed).text == "影响扩大"


def test_change_of_priority_needs_a_reason(world: World) -> None:
    ticket = incident_in("in_progress", world)
    with pytest.raises(ActionInvalid) as refused:
        act(ticket, "change_priority", world.lead, impact="I2")

    assert list(refused.value.form.errors) == ["text"]
    assert Incident.objects.get().priority_id == "P4"


def test_clocks_are_recomputed_from_their_own_start(world: World) -> None:
    ticket = incident_in("in_progress", world, now=MONDAY)
    assigned, started = MONDAY + timedelta(minutes=1), MONDAY + timedelta(minutes=2)
    assert (ticket.assigned_at, ticket.responded_at) == (assigned, started)

    changed = act(ticket, "change_priority", world.lead, now=MONDAY + timedelta(hours=9), impact="I3", text="?")

    assert changed.planned_response_at == assigned + timedelta(minutes=30)
    assert changed.planned_completion_at == started + timedelta(hours=4)  # 180 minutes, and lunch
    assert changed.queue_due_at == changed.planned_completion_at


def test_owner_is_kept_when_not_chosen_anew(world: World) -> None:
    changed = act(incident_in("in_progress", world), "change_priority", world.lead, impact="I3", text="?")

    assert changed.assignee == world.engineer


def test_work_in_progress_never_loses_its_owner(world: World) -> None:
    ticket = incident_in("in_progress", world)
    with pytest.raises(ActionInvalid) as refused:
        act(ticket, "change_priority", world.lead, impact="I3", text="?", assignee="")

    assert list(refused.value.form.errors) == ["assignee"]


def test_owner_is_chosen_from_the_group(world: World) -> None:
    make_user("former", "first_line", groups=[world.groups["host"]], is_active=False)
    for name in ("expert", "requester", "former"):
        with pytest.raises(ActionInvalid):
            act(incident_in("in_progress", world), "change_priority", world.lead, impact="I3", text="?", assignee=name)


def test_unclaimed_ticket_may_stay_unclaimed(world: World) -> None:
    assert act(unclaimed(world), "change_priority", world.lead, impact="I3", text="?").assignee is None


def test_proposal_waits_for_approval(world: World) -> None:
    ticket = act(incident_in("in_progress", world), "propose_priority", world.engineer, impact="I2", text="影响扩大")

    assert (ticket.priority_id, wanted(ticket), ticket.priority_requested_by) == (
        "P4",
        "P2",
        world.engineer,
    )
    assert priority_actions(ticket, world.lead) == ["change_priority", "approve_priority", "decline_priority"]


def test_proposal_says_the_priority_that_approval_gives(world: World) -> None:
    ticket = incident_in("in_progress", world, impact="I5", urgency="high")
    proposed = act(ticket, "propose_priority", world.engineer, impact="I4", text="?")
    asked = wanted(proposed)
    approved = act(proposed, "approve_priority", world.lead)

    assert (asked, approved.priority_id) == ("P3", "P3")


@pytest.mark.parametrize("person", ["lead", "manager"])
def test_approved_proposal_applies(world: World, person: str) -> None:
    ticket = act(incident_in("in_progress", world), "propose_priority", world.engineer, impact="I2", text="?")
    ticket = act(ticket, "approve_priority", world.people[person], assignee="engineer2")

    assert (ticket.priority_id, ticket.impact_id, ticket.assignee) == ("P2", "I2", world.engineer2)
    assert (ticket.requested_priority, ticket.priority_requested_by) == (None, None)


def test_declined_proposal_changes_nothing(world: World) -> None:
    ticket = act(incident_in("in_progress", world), "propose_priority", world.engineer, impact="I2", text="?")
    ticket = act(ticket, "decline_priority", world.lead, text="影响有限")

    assert (ticket.priority_id, ticket.requested_priority, ticket.priority_requested_by) == ("P4", None, None)
    assert last_entry(ticket).text == "影响有限"


@pytest.mark.parametrize("name", ["approve_priority", "decline_priority"])
def test_nothing_to_decide_without_a_proposal(world: World, name: str) -> None:
    with pytest.raises(ActionConflict):
        act(incident_in("in_progress", world), name, world.lead, text="?")


@pytest.mark.parametrize("person", ["desk", "engineer", "engineer2", "expert", "requester"])
def test_others_do_not_decide(world: World, person: str) -> None:
    ticket = act(incident_in("in_progress", world), "propose_priority", world.engineer, impact="I2", text="?")
    for name in ("change_priority", "approve_priority", "decline_priority"):
        with pytest.raises(ActionForbidden):
            act(ticket, name, world.people[person], impact="I2", text="?")
    assert Incident.objects.get().priority_id == "P4"


@pytest.mark.req("ORG-03")
def test_requesters_do_not_read_about_priorities(world: World) -> None:
    ticket = act(incident_in("in_progress", world), "propose_priority", world.engineer, impact="I2", text="?")

    assert last_entry(ticket).is_public is False
