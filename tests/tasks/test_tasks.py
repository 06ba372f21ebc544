"""Splitting a ticket into tasks, side by side or in order (TSK-01, TSK-02)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from incidents.models import Incident
from incidents.states import LIVE
from incidents.states import States as IncidentStates
from tasks.lifecycle import States as TaskStates
from tasks.lifecycle import splitting
from tasks.models import Task
from tests.factories import MONDAY, World, act, add_task, finish, incident_in, last_entry, make_item
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid
from tickets.models import CloseCode, Ticket, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("TSK-02")]


@pytest.fixture
def parent(world: World) -> Incident:
    return incident_in("in_progress", world, business_system="it-monitoring", category="hw-net", requester="requester")


def progress(parent: Incident) -> tuple[int, int]:
    """(open, all) tasks, as the parent counts them."""
    found = Ticket.objects.get(pk=parent.pk)
    return found.children_open, found.children_total


@pytest.mark.req("TSK-01")
def test_task_belongs_to_its_parent_and_says_what_to_do(world: World, parent: Incident) -> None:
    task = add_task(
        parent,
        world.engineer,
        now=MONDAY,
        description="先备份",
        task_kind="operation",
        group="network",
        assignee="other_engineer",
    )

    assert (task.kind, task.state, task.parent_id) == ("task", "assigned", parent.pk)
    assert (task.summary, task.description, task.task_kind_id) == ("清理磁盘", "先备份", "operation")
    assert (task.group, task.assignee) == (world.groups["network"], world.other_engineer)
    assert task.registered_by == world.engineer
    taken_over = ("organisation", "business_system", "category", "priority")
    assert [getattr(task, name) for name in taken_over] == [getattr(parent, name) for name in taken_over]
    assert task.number.startswith("TK")


@pytest.mark.req("TSK-01")
@pytest.mark.parametrize("state", ["registered", "assigned", "in_progress", "pending"])
def test_live_tickets_are_split(world: World, state: str) -> None:
    parent = incident_in(state, world)
    version = parent.version
    add_task(parent, world.desk)

    assert (progress(parent), Incident.objects.get().version) == ((1, 1), version)
    assert (last_entry(parent).action, last_entry(parent).is_public) == ("add_task", False)


@pytest.mark.req("TSK-01")
@pytest.mark.parametrize("state", ["resolved", "closed"])
def test_tickets_that_are_over_are_not_split(world: World, state: str) -> None:
    parent = incident_in(state, world)
    with pytest.raises(ActionConflict):
        add_task(parent, world.desk)

    assert not Task.objects.exists()


@pytest.mark.req("TSK-01")
@pytest.mark.parametrize("person", ["requester", "other_engineer", "owner"])
def test_others_do_not_split(world: World, parent: Incident, person: str) -> None:
    with pytest.raises(ActionForbidden):
        add_task(parent, world.people[person])

    assert (progress(parent), Task.objects.count()) == ((0, 0), 0)


@pytest.mark.req("TSK-01")
@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({"summary": ""}, ["summary"]),
        ({"group": ""}, ["group"]),
        ({"assignee": "expert"}, ["assignee"]),
        ({"task_kind": "no-such"}, ["task_kind"]),
    ],
)
def test_task_needs_work_and_a_group(world: World, parent: Incident, data: Any, fields: list[str]) -> None:
    with pytest.raises(ActionInvalid) as refused:
        add_task(parent, world.engineer, **data)

    assert sorted(refused.value.form.errors) == fields
    assert not Task.objects.exists()


@pytest.mark.req("TSK-01")
def test_task_is_claimed_started_and_finished(world: World, parent: Incident) -> None:
    task = add_task(parent, world.engineer, now=MONDAY)
    task = act(task, "claim", world.engineer2)
    assert (task.state, task.assignee) == ("assigned", world.engineer2)

    task = act(task, "start", world.engineer2, now=MONDAY + timedelta(hours=1))
    assert (task.state, task.responded_at) == ("in_progress", MONDAY + timedelta(hours=1))

    task = finish(task, world.engineer2, now=MONDAY + timedelta(hours=2), close_code="unresolved")
    assert (task.state, task.phase, task.close_code_id, task.result) == ("finished", "closed", "unresolved", "已清理")
    assert task.resolved_at == task.closed_at == MONDAY + timedelta(hours=2)


@pytest.mark.req("TSK-01")
def test_task_finish_needs_code_and_result(world: World, parent: Incident) -> None:
    task = act(add_task(parent, world.engineer), "start", world.engineer)
    with pytest.raises(ActionInvalid) as refused:
        act(task, "finish", world.engineer)

    assert sorted(refused.value.form.errors) == ["close_code", "result"]
    assert progress(parent) == (1, 1)


@pytest.mark.req("TSK-01")
def test_kind_states_and_close_codes_are_those_of_incidents(world: World, parent: Incident) -> None:
    """The source's tables; kinds of work of our own stand beside."""
    first: Any = add_task(parent, world.engineer)
    assert first.category.code == "hw-net"
    task: Any = add_task(parent, world.engineer, category="sw", task_kind="check")
    assert (task.category.code, task.task_kind_id) == ("sw", "check")
    with pytest.raises(ActionInvalid) as refused:
        add_task(parent, world.engineer, category="no-such")
    assert list(refused.value.form.errors) == ["category"]

    with translation.override("en"):
        names = {str(label) for label in IncidentStates.labels}
        shown = {code: str(task.kind_info.state_label(code)) for code in TaskStates.values}
    assert {shown[code] for code in ("assigned", "in_progress", "finished")} <= names
    assert shown["queued"].startswith("Pending")
    assert shown["cancelled"].startswith("Closed")

    task = act(task, "start", world.engineer)
    for wrong in ("done", "desk", "tier2", "rejected", ""):
        with pytest.raises(ActionInvalid) as refused:
            act(task, "finish", world.engineer, close_code=wrong, result="x")
        assert list(refused.value.form.errors) == ["close_code"], wrong
    form = task.kind_info.actions["finish"].form_class(ticket=task, user=world.engineer)
    assert form["close_code"].value() == "tier1"
    done = finish(task, world.engineer, close_code="tier3")
    assert isinstance(done.close_code, CloseCode)
    cancelled = act(add_task(parent, world.engineer), "cancel", world.engineer, text="不需要")
    assert cancelled.close_code_id == "rejected"


@pytest.mark.req("INC-06")
def test_task_is_claimed_once(world: World, parent: Incident) -> None:
    task = add_task(parent, world.engineer)
    act(task, "claim", world.engineer2)

    with pytest.raises(ActionConflict, match="Engineer2"):
        act(task, "claim", world.engineer)


@pytest.mark.req("TSK-01")
def test_task_is_handed_over_with_a_reason(world: World, parent: Incident) -> None:
    task = act(add_task(parent, world.engineer), "hand_over", world.engineer, group="network", text="网络")

    assert (task.group.code, task.assignee, last_entry(task).text) == ("network", None, "网络")


@pytest.mark.req("TSK-01")
def test_task_has_items_attachments_and_relations_like_every_ticket(world: World, parent: Incident) -> None:
    make_item("SRV-1")
    task = add_task(parent, world.engineer)
    act(task, "add_items", world.engineer, items=["SRV-1"])
    act(task, "link", world.engineer, meaning="implements", target=parent.number)

    assert task.items.get().identifier == "SRV-1"
    assert task.links_out.get().target.pk == parent.pk


def test_side_by_side_all_can_be_worked_on(world: World, parent: Incident) -> None:
    tasks = [add_task(parent, world.engineer) for _ in range(3)]

    assert [task.state for task in tasks] == ["assigned"] * 3
    assert [task.position for task in tasks] == [1, 2, 3]
    assert progress(parent) == (3, 3)


def test_in_order_each_waits_for_the_one_before(world: World, parent: Incident) -> None:
    first = add_task(parent, world.engineer, now=MONDAY, in_order="on")
    second = add_task(parent, world.engineer, now=MONDAY, in_order="on")
    third = add_task(parent, world.engineer, now=MONDAY, in_order="on")
    assert [task.state for task in (first, second, third)] == ["assigned", "queued", "queued"]

    finish(first, world.engineer, now=MONDAY + timedelta(hours=3))

    second.refresh_from_db()
    third.refresh_from_db()
    assert (second.state, third.state) == ("assigned", "queued")
    assert (last_entry(second).action, last_entry(second).actor) == ("release", None)


def test_in_order_limits_start_when_released(world: World, parent: Incident) -> None:
    first = add_task(parent, world.engineer, now=MONDAY)
    second = add_task(parent, world.engineer, now=MONDAY, in_order="on")
    assert (second.assigned_at, second.planned_response_at) == (None, None)

    finish(first, world.engineer, now=MONDAY + timedelta(hours=3))

    second.refresh_from_db()
    assert second.assigned_at == MONDAY + timedelta(hours=3)
    assert second.planned_response_at == MONDAY + timedelta(hours=6)  # two hours from noon, after lunch


def test_in_order_waits_for_all_before_it(world: World, parent: Incident) -> None:
    first, second = add_task(parent, world.engineer), add_task(parent, world.engineer)
    third = add_task(parent, world.engineer, in_order="on")

    finish(second, world.engineer)
    third.refresh_from_db()
    assert third.state == "queued"

    act(first, "cancel", world.engineer, text="不需要")
    third.refresh_from_db()
    assert third.state == "assigned"


def test_queued_task_is_not_started_before_its_turn(world: World, parent: Incident) -> None:
    add_task(parent, world.engineer)
    queued = add_task(parent, world.engineer, in_order="on")

    for name in ("claim", "start", "finish"):
        with pytest.raises(ActionConflict):
            act(queued, name, world.engineer)
    with pytest.raises(ActionForbidden):
        act(queued, "release", world.admin)


def test_cancelled_task_in_the_middle_leaves_the_order(world: World, parent: Incident) -> None:
    first = add_task(parent, world.engineer)
    second = add_task(parent, world.engineer, in_order="on")
    third = add_task(parent, world.engineer, in_order="on")

    act(second, "cancel", world.engineer, text="不需要")
    third.refresh_from_db()
    assert (third.state, progress(parent)) == ("queued", (2, 3))

    finish(first, world.engineer)
    third.refresh_from_db()
    assert third.state == "assigned"


@pytest.mark.parametrize("end", ["finish", "cancel"])
def test_parent_is_told_and_shows_progress(world: World, parent: Incident, end: str) -> None:
    task, _other = add_task(parent, world.engineer), add_task(parent, world.engineer)
    if end == "finish":
        finish(task, world.engineer)
    else:
        act(task, "cancel", world.engineer, text="不需要")

    entry = last_entry(parent)
    assert progress(parent) == (1, 2)
    assert (entry.action, entry.is_public, entry.data["number"]) == ("task_over", False, task.number)
    assert entry.data["state"] == {"finish": "finished", "cancel": "cancelled"}[end]


def test_progress_is_no_change_that_people_could_overwrite(world: World, parent: Incident) -> None:
    finish(add_task(parent, world.engineer), world.engineer)

    act_on = perform(parent, "edit", user=world.engineer, data={"summary": "新"}, version=parent.version)
    assert act_on.ticket.summary == "新"


@pytest.mark.parametrize(
    ("name", "state"), [("reject", "assigned"), ("withdraw", "assigned"), ("resolve", "in_progress")]
)
def test_parent_does_not_end_while_tasks_are_open(world: World, name: str, state: str) -> None:
    parent = incident_in(state, world)
    add_task(parent, world.desk)
    person = {"reject": "desk", "withdraw": "requester", "resolve": "engineer"}[name]

    with pytest.raises(ActionConflict):
        act(parent, name, world.people[person], text="?", reject_reason="withdrawn", cause="?", handling="?")

    assert Incident.objects.get().state == state


@pytest.mark.req("ORG-03")
@pytest.mark.parametrize("person", ["requester", "colleague", "requester2"])
def test_customers_never_see_tasks(world: World, parent: Incident, person: str) -> None:
    task = add_task(parent, world.engineer)
    user = world.people[person]

    assert not Ticket.objects.visible_to(user).filter(pk=task.pk).exists()
    assert not TimelineEntry.objects.filter(ticket=task, is_public=True, ticket__parent=None).exists()


def test_task_of_a_ticket_cannot_be_split_again(world: World, parent: Incident) -> None:
    assert "add_task" not in add_task(parent, world.engineer).kind_info.actions


def test_any_kind_is_split_into_tasks_in_states_of_its_own() -> None:
    other = splitting(worked_on=["planned", "under_way"])

    assert other["add_task"].sources == ("planned", "under_way")
    assert Incident.lifecycle["add_task"].sources == LIVE


def test_task_handed_over_while_in_progress_can_be_claimed(world: World, parent: Incident) -> None:
    task = act(add_task(parent, world.engineer, group="host"), "start", world.engineer)
    handed = act(task, "hand_over", world.engineer, group="network", text="网络侧处理")
    assert (handed.state, handed.assignee) == ("in_progress", None)

    claimed = act(handed, "claim", world.other_engineer)

    assert (claimed.state, claimed.assignee) == ("in_progress", world.other_engineer)
