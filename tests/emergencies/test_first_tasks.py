"""First tasks of an emergency that nobody has yet: they wait for a group, and the desk can deal with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tasks.models import Task
from tests.factories import MONDAY, World, act, incident_in
from tickets.workspace.bulk import Wanted, choices_for, perform_bulk
from tickets.workspace.my import to_claim

pytestmark = [pytest.mark.django_db]


@pytest.mark.req("MAJ-02", "TSK-01", "SLM-03")
def test_first_tasks_of_what_nobody_has_wait_for_a_group_and_no_limit_runs(world: World) -> None:
    ticket = incident_in("registered", world, now=MONDAY, impact="I1")
    task = Task.objects.filter(parent_id=ticket.pk, state="registered").order_by("pk")[0]
    assert (task.group, task.assigned_at, task.planned_response_at) == (None, None, None)
    assert task.pk in to_claim(world.desk, MONDAY).values_list("pk", flat=True)

    ticket = act(ticket, "assign", world.desk, now=MONDAY + timedelta(minutes=3), group="host")
    task.refresh_from_db()
    assert (task.state, task.assigned_at) == ("assigned", MONDAY + timedelta(minutes=3))
    act(ticket, "return_to_desk", world.engineer, now=MONDAY + timedelta(minutes=4), text="?")
    task.refresh_from_db()
    assert (task.state, task.group) == ("registered", None)


@pytest.mark.req("MAJ-02", "TSK-01", "TKT-08")
def test_the_desk_assigns_and_starts_first_tasks_of_what_nobody_has_in_bulk(world: World) -> None:
    ticket = incident_in("registered", world, now=MONDAY, impact="I1")
    first, second, third = Task.objects.filter(parent_id=ticket.pk, state="registered").order_by("pk")
    offered = {choice.action.name: choice.count for choice in choices_for([first, second, third], world.desk)}
    assert (offered["assign"], offered["start"]) == (3, 3)
    assert not [c for c in choices_for([first], world.engineer) if c.action.name in ("assign", "start", "claim")]

    wanted = [Wanted(first.number), Wanted(second.number)]
    outcomes, _left = perform_bulk(wanted, "assign", user=world.desk, data={"group": "host"})
    assert [one.done for one in outcomes] == [True, True]
    started = act(third, "start", world.desk, now=MONDAY)
    assert (started.state, started.group.code, started.assignee) == ("in_progress", "desk", world.desk)
    act(ticket, "assign", world.desk, group="network")
    codes = Task.objects.filter(pk__in=[first.pk, second.pk, third.pk]).order_by("pk")
    assert [task.group.code for task in codes if task.group] == ["host", "host", "desk"]
