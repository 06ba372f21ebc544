"""A proposed priority is a round of approval: every door decides the same thing, once (INC-04)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound, Ask, Decision, Policy
from approvals.policy.policies import publish
from approvals.shell import waiting_for
from incidents.models import Incident
from notifications.models import Notice
from tests.api.client import Api
from tests.factories import MONDAY, World, act, incident_in, last_entry, make_user, reload_user
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid, ActionNotFound, TicketChanged
from tickets.workspace.undo import undo_step

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-04")]
#: The group's lead, and whoever may decide priorities in any group.
DECIDERS = {"lead", "manager", "owner", "admin"}
AN_HOUR = MONDAY + timedelta(hours=1)


@pytest.fixture
def proposed(world: World) -> Any:
    """An incident for which the engineer proposes P2."""
    ticket = incident_in("in_progress", world, now=MONDAY)
    return act(ticket, "propose_priority", world.engineer, now=AN_HOUR, impact="I2", text="影响扩大")


def reloaded(ticket: Any) -> Incident:
    """The incident as it stands."""
    return Incident.objects.get(pk=ticket.pk)


def waits(world: World) -> list[str]:
    """For whom a round waits."""
    return [name for name, user in world.people.items() if waiting_for(reload_user(user)).exists()]


def test_it_is_a_round_that_keeps_what_was_proposed_and_by_whom(world: World, proposed: Any) -> None:
    made = ApprovalRound.objects.get()
    assert [(line["name"], line["value"]["id"]) for line in made.content] == [
        ("impact", "I2"),
        ("priority", "P2"),
        ("priority_now", "P4"),
    ]
    assert (made.asked_by, made.text, made.excluded.get().person) == (world.engineer, "影响扩大", world.engineer)
    assert (set(waits(world)), proposed.rounds_open) == (DECIDERS, 1)
    assert list(proposed.timeline.filter(at=AN_HOUR).values_list("action", flat=True)) == ["propose_priority"]


def test_the_action_on_the_ticket_is_a_decision_of_the_round(world: World, proposed: Any) -> None:
    act(proposed, "approve_priority", world.lead, now=AN_HOUR)
    decision = Decision.objects.get()
    assert (decision.person, decision.verdict, decision.round.outcome) == (world.lead, "approve", "approved")
    assert (reloaded(proposed).rounds_open, waits(world)) == (0, [])
    assert last_entry(proposed).action == "approve_priority"
    assert Notice.objects.get(event="approval_ended").deliveries.get(channel="portal").recipient == world.engineer


def test_declining_on_the_ticket_refuses_the_round_with_its_reason(world: World, proposed: Any) -> None:
    act(proposed, "decline_priority", world.lead, now=AN_HOUR, text="影响有限")
    decision = Decision.objects.get()
    assert (decision.verdict, decision.reason, decision.round.outcome) == ("refuse", "影响有限", "refused")


@pytest.mark.slow
def test_deciding_the_round_changes_the_ticket(world: World, proposed: Any) -> None:
    made = ApprovalRound.objects.get()
    page = Client(headers={"accept-language": "en"})
    page.force_login(world.lead)
    assert "Proposed priority" in page.get(f"/approvals/{made.pk}/").content.decode()
    assert page.post(f"/approvals/{made.pk}/", {"verdict": "approve", "digest": made.digest}).status_code == 302

    ticket = reloaded(proposed)
    assert (ticket.priority_id, ticket.impact_id, ticket.assignee) == ("P2", "I2", world.engineer)
    told = list(ticket.timeline.filter(at__gt=AN_HOUR).order_by("pk").values_list("action", "actor__username"))
    assert ("approval_decided_approve", "lead") in told
    assert ("take_over_priority", None) in told


def test_refusing_the_round_changes_nothing_but_the_log(world: World, proposed: Any) -> None:
    api = Api(world.manager)
    [row] = api.results("approvals/")
    sent = {"verdict": "refuse", "reason": "影响有限", "digest": row["digest"]}
    assert api.post(f"approvals/{row['id']}/decide/", sent).status_code == 200
    ticket = reloaded(proposed)
    assert (ticket.priority_id, ticket.requested_priority, last_entry(ticket).action) == (
        "P4",
        None,
        "approval_decided_refuse",
    )


def test_the_api_reads_the_proposal(world: World, proposed: Any) -> None:
    row = Api(world.desk).get(f"incidents/{proposed.number}/").json()
    assert (row["requested_priority"]["code"], row["priority_requested_by"]["username"]) == ("P2", "engineer")
    assert "requested_priority" not in Api(world.requester).get(f"incidents/{proposed.number}/").json()


def test_another_proposal_replaces_the_one_that_waits(world: World, proposed: Any) -> None:
    first = ApprovalRound.objects.get()
    again = act(proposed, "propose_priority", world.desk, now=AN_HOUR, impact="I3", text="其实更轻")
    assert (again.requested_priority.pk, again.priority_requested_by) == ("P3", world.desk)
    with pytest.raises(ActionConflict):
        decide(pk=first.pk, user=world.lead, verdict="approve", now=AN_HOUR)
    with pytest.raises(TicketChanged):  # who read the first one approves no other unseen
        perform(proposed, "approve_priority", user=world.lead, version=proposed.version)
    assert Incident.objects.get().priority_id == "P4"


def test_another_group_has_another_lead(world: World, proposed: Any) -> None:
    other = make_user("network_lead", "second_line", groups=[world.groups["network"]])
    world.groups["network"].lead = other
    world.groups["network"].save()
    act(proposed, "hand_over", world.engineer, now=AN_HOUR, group="network", text="?")
    made = ApprovalRound.objects.get()

    assert set(Ask.objects.filter(waits=True).values_list("person__username", flat=True)) == {
        "network_lead",
        *DECIDERS - {"lead"},
    }
    with pytest.raises((ActionForbidden, ActionNotFound)):
        decide(pk=made.pk, user=reload_user(world.lead), verdict="approve", now=AN_HOUR)
    decide(pk=made.pk, user=reload_user(other), verdict="approve", now=AN_HOUR)
    assert Incident.objects.get().priority_id == "P2"


def test_a_solution_ends_what_was_proposed(world: World, proposed: Any) -> None:
    typed = {"cause": "?", "handling": "!", "close_code": "tier1", "verified_how": "tested"}
    act(proposed, "resolve", world.engineer, now=AN_HOUR, **typed)
    made = ApprovalRound.objects.get()
    assert (waits(world), made.outcome, last_entry(proposed).action) == ([], "withdrawn", "resolve")
    with pytest.raises(ActionConflict):
        decide(pk=made.pk, user=world.lead, verdict="approve", now=AN_HOUR)


def test_a_change_that_is_taken_back_leaves_the_proposal_waiting(world: World, proposed: Any) -> None:
    changed = act(proposed, "change_priority", world.manager, now=AN_HOUR, impact="I3", text="!")
    assert (changed.requested_priority, waits(world)) == (None, [])
    step = changed.timeline.get(action="change_priority")
    back = undo_step(step, user=world.manager, now=AN_HOUR, at=AN_HOUR).ticket
    wanted = reloaded(back).requested_priority
    assert (wanted and wanted.pk, set(waits(world))) == ("P2", DECIDERS)


def test_a_policy_may_say_that_somebody_else_decides(world: World) -> None:
    made = Policy.objects.create(
        code="prio", name_zh="优先级", name_en="Priority", kind="incident", purpose="priority"
    )
    made.steps.create(position=1, rule="all")
    made.deciders.create(step=1, kind="person", person=world.owner)
    publish(policy=made, by=world.admin, now=MONDAY)
    ticket = act(incident_in("in_progress", world), "propose_priority", world.engineer, impact="I2", text="?")

    assert waits(world) == ["owner"]
    with pytest.raises(ActionForbidden):
        act(ticket, "approve_priority", world.lead)
    decide(pk=ApprovalRound.objects.get().pk, user=reload_user(world.owner), verdict="approve")
    assert Incident.objects.get().priority_id == "P2"


def test_tickets_know_how_many_rounds_are_open_even_by_raw_sql(world: World, proposed: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE approvals_approvalround SET outcome = %s", ["withdrawn"])
    assert reloaded(proposed).rounds_open == 0


def test_the_priority_follows_when_every_step_of_a_policy_is_decided_and_not_before(world: World) -> None:
    """One of two approvals is recorded, and the priority stays."""
    policy = Policy.objects.create(code="both", name_zh="双签", name_en="Both", kind="incident", purpose="priority")
    for position, person in enumerate((world.lead, world.manager), start=1):
        policy.steps.create(position=position, rule="all", needed=1)
        policy.deciders.create(step=position, kind="person", person=person)
    publish(policy=policy, by=world.admin, now=MONDAY)
    ticket = incident_in("in_progress", world, now=MONDAY)
    ticket = act(ticket, "propose_priority", world.engineer, now=AN_HOUR, impact="I2", text="影响扩大")

    ticket = act(ticket, "approve_priority", world.lead, now=AN_HOUR, assignee="engineer2")
    found = reloaded(ticket)
    assert (found.priority_id, found.impact_id, found.assignee) == ("P4", "I4", world.engineer)
    assert (ApprovalRound.objects.get().outcome, Decision.objects.get().person) == ("open", world.lead)
    assert waits(world) == ["manager"]

    act(found, "approve_priority", world.manager, now=AN_HOUR, assignee="engineer2")
    found = reloaded(ticket)
    assert (found.priority_id, found.assignee, ApprovalRound.objects.get().outcome) == (
        "P2",
        world.engineer2,
        "approved",
    )


def test_the_priority_that_it_has_is_neither_offered_nor_taken(world: World, client: Client) -> None:
    ticket = incident_in("in_progress", world, now=MONDAY)
    client.force_login(reload_user(world.engineer))
    page = client.get(f"/tickets/{ticket.number}/actions/propose_priority/").text
    offered = re.findall(r'name="impact" value="(I\d)"[^>]*?( checked)?>', page)
    assert offered == [(code, "") for code in ("I1", "I2", "I3", "I5")]
    assert f"/find/woken/?ticket={ticket.number}&proposed" in page
    said = client.get(f"/find/woken/?ticket={ticket.number}&proposed&impact=I1").text
    assert "批准后" in said
    with pytest.raises(ActionInvalid) as refused:
        act(ticket, "propose_priority", world.engineer, impact=ticket.impact_id, text="一样")
    assert "其他优先级" in str(refused.value.form.errors["impact"])
