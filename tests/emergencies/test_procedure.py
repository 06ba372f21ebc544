"""The emergency procedure begins, goes on and ends with the priority; somebody commands it (MAJ-01)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from accounts.models import User
from duty.models import Absence, Roster
from duty.services import first_on_duty, save_roster
from incidents.models import EmergencyTask
from notifications.models import Delivery, Notice
from sla.clocks import timers
from tasks.models import Task
from tests.factories import (
    MONDAY,
    World,
    act,
    add_task,
    finish,
    incident_in,
    make_group,
    make_system,
    make_user,
    register_incident,
    resolve,
)
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid
from tickets.models import Ticket, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("MAJ-01")]


def emergency(world: World, **data: Any) -> Any:
    """A P1 on which the engineer works."""
    return incident_in("in_progress", world, **{"impact": "I1", **data})


def log_of(ticket: Any) -> list[str]:
    """The actions in the ticket's timeline."""
    lines = TimelineEntry.objects.filter(ticket_id=ticket.pk).exclude(action__startswith="clock_")
    return list(lines.order_by("pk").values_list("action", flat=True))


def told(event: str) -> set[str]:
    """Who has a notice of ``event`` in the portal."""
    rows = Delivery.objects.filter(channel="portal", notice__event=event)
    return set(rows.values_list("recipient__username", flat=True))


def test_registering_a_p1_starts_everything_at_once(world: World) -> None:
    make_user("chief", "centre_leadership")
    system = make_system("core1", primary_engineer=world.engineer2)
    ticket = register_incident(
        world.desk, requester="requester", impact="I1", group="host", business_system=system.code
    )

    assert (ticket.in_emergency, ticket.commander) == (True, world.manager)
    assert told("declared") == {"manager", "lead", "engineer2", "chief"}  # every role of the rules leads to people
    assert told("commands") == {"manager"}
    assert not Notice.objects.filter(ticket__kind="task").exists()  # told of the emergency, not of each first task
    assert "start_emergency" in log_of(ticket)
    tasks = Task.objects.filter(parent_id=ticket.pk).order_by("pk")
    assert tasks.count() == EmergencyTask.objects.count() == 5
    assert [task.assignee for task in tasks][:2] == [world.manager, None]
    assert {task.group.code for task in tasks if task.group} == {"host", "desk"}


@pytest.mark.req("NTF-03", "SLM-06")
def test_leaders_hear_of_the_emergency_and_not_of_each_task_in_it(world: World) -> None:
    make_user("chief", "centre_leadership")
    register_incident(world.desk, now=MONDAY, requester="requester", impact="I1", group="host")
    while timers.fire_due(now=MONDAY + timedelta(minutes=6)).timers:
        pass

    rows = Delivery.objects.filter(channel="portal", notice__event="not_responded")
    names = {
        kind: set(rows.filter(notice__ticket__kind=kind).values_list("recipient__username", flat=True))
        for kind in ("incident", "task")
    }
    assert names["incident"] >= {"chief", "manager", "lead"}
    assert "lead" in names["task"]
    assert "chief" not in names["task"]


def test_a_normal_ticket_knows_no_emergency(world: World) -> None:
    ticket = incident_in("in_progress", world)

    assert (ticket.in_emergency, ticket.commander, Task.objects.count()) == (False, None, 0)
    with pytest.raises(ActionConflict, match="没有正在进行的应急流程"):
        act(ticket, "take_command", world.manager)


def test_raising_starts_lowering_ends_raising_again_continues(world: World) -> None:
    ticket = incident_in("in_progress", world)
    ticket = act(ticket, "change_priority", world.lead, impact="I2", text="扩大", assignee="engineer")
    assert (ticket.in_emergency, ticket.commander, ticket.priority_id) == (True, world.manager, "P2")
    ticket = act(ticket, "hand_over_command", world.manager, commander="lead", text="交班")

    ticket = act(ticket, "change_priority", world.lead, impact="I4", text="缩小", assignee="engineer")
    assert (ticket.in_emergency, bool(ticket.emergency_since)) == (False, True)
    ticket = act(ticket, "change_priority", world.lead, impact="I1", text="又扩大", assignee="engineer")
    assert (ticket.in_emergency, ticket.commander) == (True, world.lead)  # who commanded still does
    steps = [name for name in log_of(ticket) if name.endswith("_emergency")]
    assert steps == ["start_emergency", "end_emergency", "continue_emergency"]
    assert Task.objects.filter(parent_id=ticket.pk).count() == EmergencyTask.objects.count()  # not opened twice


def test_the_entry_of_the_action_carries_the_newest_ticket(world: World) -> None:
    """Pages and API answer with its version: an older one would be refused at the next step."""
    ticket = register_incident(world.desk, requester="requester", impact="I1", group="host")

    assert ticket.version == Ticket.objects.get(pk=ticket.pk).version


def test_resolving_ends_it_and_waits_for_no_first_task(world: World) -> None:
    ticket = emergency(world)
    begun = Task.objects.filter(parent_id=ticket.pk).order_by("pk")[1]
    begun = act(begun, "start", world.engineer)
    ticket.refresh_from_db()
    assert (ticket.children_total, ticket.children_open) == (0, 0)

    ticket = resolve(ticket, world.engineer)

    states = list(Task.objects.filter(parent_id=ticket.pk).order_by("pk").values_list("state", flat=True))
    assert (ticket.state, ticket.in_emergency) == ("resolved", False)
    assert states == ["cancelled", "in_progress", "cancelled", "cancelled", "cancelled"]
    finish(begun, world.engineer)
    ticket.refresh_from_db()
    assert (ticket.children_total, ticket.children_open) == (0, 0)
    assert "manager" in told("emergency_over")


def test_a_task_that_people_opened_still_holds_it(world: World) -> None:
    ticket = emergency(world)
    task = add_task(ticket, world.engineer, in_order="on")

    assert task.state == "assigned"  # first tasks stand in nobody's order
    with pytest.raises(ActionConflict):
        resolve(ticket, world.engineer)
    ticket.refresh_from_db()
    assert (ticket.in_emergency, ticket.children_open) == (True, 1)


def test_a_duplicate_leaves_the_procedure_to_the_main_ticket(world: World) -> None:
    main, other = emergency(world), emergency(world)
    other = act(other, "mark_duplicate", world.desk, main=main.number)
    assert not other.in_emergency
    other = act(other, "unmark_duplicate", world.desk)
    assert other.in_emergency


def test_edited_first_tasks_are_what_the_next_emergency_gets(world: World) -> None:
    EmergencyTask.objects.exclude(code="scope").update(active=False)
    EmergencyTask.objects.filter(code="scope").update(name_zh="看大屏", name_en="Look at the wall")

    ticket = emergency(world)

    assert [task.summary for task in Task.objects.filter(parent_id=ticket.pk)] == ["看大屏 / Look at the wall"]


# --- Command --------------------------------------------------------------------------------------------------------


def manager(name: str) -> User:
    """Another incident manager."""
    return make_user(name, "incident_manager")


@pytest.mark.req("ORG-05")
def test_the_first_manager_on_duty_is_found(world: World) -> None:
    second, third = manager("a_second"), manager("z_third")
    assert first_on_duty("incident_manager", MONDAY) == second  # nobody is on duty: the first by name

    Absence.objects.create(
        user=second, starts_at=MONDAY, ends_at=MONDAY + timedelta(days=1), made_by=second, made_at=MONDAY
    )
    assert first_on_duty("incident_manager", MONDAY) == world.manager

    group = make_group("duty", members=[third, second])
    roster = Roster(group=group, period="week", starts_on=date(2026, 11, 16))
    save_roster(roster=roster, members=[second, third])
    assert first_on_duty("incident_manager", MONDAY) == third  # stands in for the one who is away
    assert first_on_duty("no_such_role", MONDAY) is None


def test_nobody_is_made_up_when_there_is_no_manager(world: World) -> None:
    User.objects.filter(pk=world.manager.pk).update(is_active=False)
    ticket = emergency(world)

    assert (ticket.in_emergency, ticket.commander) == (True, None)


def test_command_is_taken_and_handed_over_by_the_right_people(world: World) -> None:
    ticket, second = emergency(world), manager("second")
    for person in (world.engineer, world.desk, world.lead):
        with pytest.raises(ActionForbidden):
            act(ticket, "take_command", person)
    with pytest.raises(ActionConflict, match="您已在指挥"):
        act(ticket, "take_command", world.manager)

    ticket = act(ticket, "take_command", second)
    assert ticket.commander == second
    Notice.objects.all().delete()
    ticket = act(ticket, "hand_over_command", second, commander="lead", text="")
    assert (ticket.commander, told("commands")) == (world.lead, {"lead"})
    ticket = act(ticket, "hand_over_command", world.lead, commander="manager")  # who commands may hand over
    assert ticket.commander == world.manager
    with pytest.raises(ActionInvalid):
        act(ticket, "hand_over_command", world.manager, commander="requester")


# --- Communication log ----------------------------------------------------------------------------------------------


def test_first_tasks_of_the_group_go_along_with_the_ticket(world: World) -> None:
    ticket = incident_in("registered", world, impact="I1")
    mine = Task.objects.filter(parent_id=ticket.pk, assignee=None).order_by("pk")
    assert [task.group.code if task.group else None for task in mine] == [None, None, None, "desk"]
    assert [task.state for task in mine] == ["registered"] * 3 + ["assigned"]

    ticket = act(ticket, "assign", world.desk, group="host")
    assert [task.group.code for task in mine.all() if task.group] == ["host", "host", "host", "desk"]
    assert {task.state for task in mine.all()} == {"assigned"}
    act(mine[0], "claim", world.engineer)
    act(ticket, "hand_over", world.engineer, group="network", text="?")
    assert [task.group.code for task in mine.all() if task.group] == ["network", "network", "desk"]


@pytest.mark.req("MAJ-04")
def test_what_was_said_is_logged_and_a_typed_time_moves_no_clock(world: World) -> None:
    ticket = emergency(world, now=MONDAY)
    planned = ticket.planned_completion_at
    said = MONDAY + timedelta(minutes=5)

    later = MONDAY + timedelta(minutes=30)
    ticket = act(
        ticket,
        "log_communication",
        world.desk,
        now=later,
        audience="leadership",
        channel="phone",
        said_at=said.isoformat(),
        text="已通报",
    )

    entry = TimelineEntry.objects.get(ticket=ticket.pk, action="log_communication")
    assert (entry.at, entry.data["said_at"], entry.text) == (later, said.isoformat(), "已通报")
    assert (entry.data["audience"], entry.data["channel"], entry.is_public) == ("leadership", "phone", False)
    assert ticket.planned_completion_at == planned
    future = {"said_at": (later + timedelta(days=1)).isoformat(), "audience": "users", "channel": "chat"}
    with pytest.raises(ActionInvalid):
        act(ticket, "log_communication", world.desk, now=later, text="?", **future)
