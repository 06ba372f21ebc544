"""The life of an incident: what each action means (INC-05), who may do it, what the timeline says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents.models import Incident
from tests.factories import (
    MONDAY,
    World,
    act,
    add_task,
    finish,
    incident_in,
    last_entry,
    resolve,
    unclaimed,
    wait,
)
from tests.incidents.asserting import changes, refused_fields
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-05")]

HOUR = timedelta(hours=1)


def test_assign_to_a_group_waits_in_its_queue(world: World) -> None:
    ticket = act(incident_in("registered", world), "assign", world.desk, now=MONDAY, group="host", text="请看")

    assert (ticket.state, ticket.group.code, ticket.assignee, ticket.assigned_at) == ("assigned", "host", None, MONDAY)
    assert ticket.planned_response_at == MONDAY + timedelta(minutes=120)
    assert (changes(ticket), last_entry(ticket).text) == ({"group": (None, "host")}, "请看")


def test_assign_to_a_person(world: World) -> None:
    ticket = act(incident_in("registered", world), "assign", world.desk, group="host", assignee="engineer")

    assert changes(ticket) == {"group": (None, "host"), "assignee": (None, "engineer")}


def test_assign_again_keeps_the_first_time(world: World) -> None:
    ticket = act(unclaimed(world, now=MONDAY), "assign", world.desk, now=MONDAY + HOUR, group="network")

    assert (ticket.group.code, ticket.assigned_at) == ("network", MONDAY)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({}, ["group"]),
        ({"group": "no-such"}, ["group"]),
        ({"group": "host", "assignee": "expert"}, ["assignee"]),
        ({"group": "host", "assignee": "requester"}, ["assignee"]),
    ],
)
def test_assign_needs_a_group_and_its_member(world: World, data: dict[str, str], fields: list[str]) -> None:
    assert refused_fields(incident_in("registered", world), "assign", world.desk, **data) == fields


@pytest.mark.req("INC-06")
def test_claim_takes_it_from_the_queue(world: World) -> None:
    ticket = act(unclaimed(world), "claim", world.engineer)

    assert (ticket.state, ticket.assignee) == ("assigned", world.engineer)
    assert changes(ticket) == {"assignee": (None, "engineer")}


@pytest.mark.req("INC-06")
def test_claim_of_a_claimed_ticket_says_who_has_it(world: World) -> None:
    ticket = unclaimed(world)
    act(ticket, "claim", world.engineer)

    with pytest.raises(ActionConflict, match="Engineer"):
        act(ticket, "claim", world.engineer2)  # this copy of the ticket does not know yet

    assert Incident.objects.get().assignee == world.engineer


@pytest.mark.req("INC-06")
@pytest.mark.parametrize("person", ["other_engineer", "expert", "desk", "manager"])
def test_claim_is_for_members_of_the_group(world: World, person: str) -> None:
    ticket = unclaimed(world)

    with pytest.raises(ActionForbidden):
        act(ticket, "claim", world.people[person])

    assert Incident.objects.get().assignee is None


def test_start_is_the_response(world: World) -> None:
    ticket = act(unclaimed(world, now=MONDAY), "start", world.engineer2, now=MONDAY + HOUR)

    assert (ticket.state, ticket.assignee, ticket.responded_at) == ("in_progress", world.engineer2, MONDAY + HOUR)
    assert ticket.responded_in_time is True
    assert ticket.planned_completion_at == MONDAY + timedelta(days=3, hours=1)  # 24 working hours


def test_start_too_late_is_on_record(world: World) -> None:
    ticket = act(unclaimed(world, now=MONDAY), "start", world.engineer, now=MONDAY + timedelta(minutes=121))

    assert ticket.responded_in_time is False


def test_whoever_starts_another_s_ticket_owns_it(world: World) -> None:
    ticket = act(incident_in("assigned", world), "start", world.engineer2)

    assert ticket.assignee == world.engineer2


def test_start_by_the_desk_belongs_to_the_desk(world: World) -> None:
    ticket = act(incident_in("registered", world), "start", world.desk, now=MONDAY)

    assert (ticket.state, ticket.group.code, ticket.assignee) == ("in_progress", "desk", world.desk)
    assert (ticket.assigned_at, ticket.responded_at) == (MONDAY, MONDAY)
    assert changes(ticket) == {"group": (None, "desk"), "assignee": (None, "desk")}
    done = resolve(ticket, world.desk, close_code="desk")
    assert done.state == "resolved"


def test_start_by_the_desk_needs_an_undispatched_ticket(world: World) -> None:
    with pytest.raises(ActionForbidden):
        act(unclaimed(world), "start", world.desk)


def test_wait_says_for_what_and_until_when(world: World) -> None:
    ticket = wait(incident_in("in_progress", world), world.engineer, now=MONDAY, wait_until="2026-11-30T09:00")

    assert (ticket.state, ticket.phase) == ("pending", "waiting")
    assert (ticket.wait_reason_id, ticket.waiting_since) == ("requester", MONDAY)
    assert ticket.wait_until == MONDAY + timedelta(days=7)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({"wait_until": "2000-01-01T00:00"}, ["wait_until"]),
        ({"wait_until": ""}, ["wait_until"]),
        ({"wait_reason": ""}, ["wait_reason"]),
        ({"wait_until": "soon"}, ["wait_until"]),
    ],
)
def test_wait_needs_a_reason_and_a_moment_to_come(world: World, data: dict[str, str], fields: list[str]) -> None:
    typed = {"wait_reason": "requester", "wait_until": "2099-01-01T00:00", **data}

    assert refused_fields(incident_in("in_progress", world), "wait", world.engineer, **typed) == fields


def test_resume_adds_the_pause_to_the_time_waited(world: World) -> None:
    ticket = incident_in("in_progress", world, now=MONDAY)
    started = ticket.responded_at
    for hour in (1, 5):
        ticket = wait(ticket, world.engineer, now=MONDAY + hour * HOUR)
        ticket = act(ticket, "resume", world.engineer, now=MONDAY + (hour + 2) * HOUR)

    assert (ticket.state, ticket.waited, ticket.waiting_since, ticket.wait_reason) == (
        "in_progress",
        4 * HOUR,
        None,
        None,
    )
    # Of 24 working hours 3:58 are used on Monday: 9:02 to 10, 13 to 14, 16 to 18.
    assert started == MONDAY + timedelta(minutes=2)
    assert ticket.planned_completion_at == MONDAY + timedelta(days=3, hours=5, minutes=2)


@pytest.mark.parametrize("state", ["assigned", "in_progress"])
def test_return_to_desk_takes_group_and_person_off(world: World, state: str) -> None:
    ticket = act(incident_in(state, world), "return_to_desk", world.engineer, text="不归我们管")

    assert (ticket.state, ticket.group, ticket.assignee) == ("registered", None, None)
    assert last_entry(ticket).text == "不归我们管"
    assert {"group": ("host", None), "assignee": ("engineer", None)}.items() <= changes(ticket).items()


def test_return_to_desk_needs_a_reason(world: World) -> None:
    assert refused_fields(incident_in("assigned", world), "return_to_desk", world.engineer) == ["text"]


def test_hand_over_to_another_group(world: World) -> None:
    ticket = act(incident_in("in_progress", world), "hand_over", world.engineer, group="network", text="是网络问题")

    assert (ticket.state, ticket.group.code, ticket.assignee) == ("assigned", "network", None)
    assert changes(ticket) == {"group": ("host", "network"), "assignee": ("engineer", None)}


def test_hand_over_to_nobody_new_is_refused(world: World) -> None:
    data = {"group": "host", "assignee": "engineer", "text": "?"}

    assert refused_fields(incident_in("in_progress", world), "hand_over", world.engineer, **data) == ["group"]


@pytest.mark.req("INC-13")
def test_escalate_goes_to_a_higher_line(world: World) -> None:
    ticket = act(incident_in("in_progress", world), "escalate", world.engineer, group="host-l2", text="需要二线")

    assert (ticket.state, ticket.group.code, ticket.assignee) == ("assigned", "host-l2", None)


@pytest.mark.req("INC-13")
@pytest.mark.parametrize(("held_by", "offered"), [("desk", ["host", "host-l2", "network"]), ("host", ["host-l2"])])
def test_escalate_offers_higher_lines_only_and_no_vendors(world: World, held_by: str, offered: list[str]) -> None:
    ticket = act(incident_in("registered", world), "assign", world.desk, group=held_by)
    accepted = []
    for code in world.groups:
        try:
            act(act(ticket, "escalate", world.desk, group=code, text="?"), "assign", world.desk, group=held_by)
        except ActionInvalid:
            continue
        accepted.append(code)

    assert sorted(accepted) == offered


@pytest.mark.req("INC-13")
def test_escalate_ends_at_the_second_line(world: World) -> None:
    ticket = act(incident_in("registered", world), "assign", world.desk, group="host-l2")

    assert refused_fields(ticket, "escalate", world.expert, group="vendor", text="?") == ["group"]


@pytest.mark.req("INC-07")
def test_resolve_records_the_solution(world: World) -> None:
    ticket = resolve(incident_in("in_progress", world, now=MONDAY), world.engineer, now=MONDAY + HOUR)

    assert (ticket.state, ticket.phase, ticket.close_code_id) == ("resolved", "resolved", "tier1")
    assert (ticket.cause, ticket.handling) == ("磁盘已满", "清理日志")
    assert (ticket.resolved_at, ticket.resolved_by, ticket.completed_in_time) == (MONDAY + HOUR, world.engineer, True)


@pytest.mark.req("INC-07")
@pytest.mark.parametrize(("group", "engineer"), [("desk", "desk"), ("host", "engineer"), ("host-l2", "expert")])
def test_resolve_takes_the_close_code_of_the_line_that_solved_it(world: World, group: str, engineer: str) -> None:
    ticket = act(incident_in("registered", world), "assign", world.desk, group=group)
    ticket = act(ticket, "start", world.people[engineer])
    tier = ticket.group.tier
    wrong = [code for code in ("desk", "tier1", "tier2", "tier3", "unresolved", "rejected") if code != tier]

    for code in wrong:
        data = {"cause": "?", "handling": "?", "close_code": code}
        assert refused_fields(ticket, "resolve", world.people[engineer], **data) == ["close_code"]
    assert resolve(ticket, world.people[engineer], close_code=tier).close_code_id == tier


@pytest.mark.req("INC-07")
@pytest.mark.parametrize("code", ["recovered", "false_alarm"])
def test_resolve_takes_codes_of_no_line_from_every_line(world: World, code: str) -> None:
    assert resolve(incident_in("in_progress", world), world.engineer, close_code=code).close_code_id == code


@pytest.mark.req("INC-07")
@pytest.mark.parametrize("missing", ["cause", "handling", "close_code"])
def test_resolve_needs_cause_handling_and_code(world: World, missing: str) -> None:
    data = {"cause": "磁盘已满", "handling": "清理日志", "close_code": "tier1", "verified_how": "tested"} | {
        missing: ""
    }

    assert refused_fields(incident_in("in_progress", world), "resolve", world.engineer, **data) == [missing]


@pytest.mark.req("INC-07", "TSK-02")
def test_resolve_waits_for_tasks(world: World) -> None:
    ticket = incident_in("in_progress", world)
    task = add_task(ticket, world.engineer)

    with pytest.raises(ActionConflict, match=r"1.+1"):
        resolve(ticket, world.engineer)
    assert Incident.objects.get().state == "in_progress"

    finish(task, world.engineer)
    assert resolve(ticket, world.engineer).state == "resolved"


def test_pending_ticket_is_resumed_before_it_is_resolved(world: World) -> None:
    with pytest.raises(ActionConflict):
        resolve(incident_in("pending", world), world.engineer)
