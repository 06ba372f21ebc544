"""Collisions of one sort in one line; a delay that lengthens a window; lanes as targets of a move (CHG-05)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from changes.collision.collisions import collisions_of
from changes.collision.folding import folded
from changes.models import Change
from changes.schedule.slots import free_slots
from notifications.models import Notice
from tests.api.client import Api
from tests.changes.making import approve, later, request, sign, staffed
from tests.factories import MONDAY, World, act, make_item, make_system, reload_user
from tickets.actions import perform

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-05")]
AFTER: dict[str, Any] = {"planned_start": "2026-11-24T22:00", "planned_end": "2026-11-24T23:00"}


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def submitted(world: World, *, signed: bool = False, **data: Any) -> Any:
    """A change that can collide."""
    change = request(world, **data)
    if signed:
        change = sign(change, world.people["changer"])
    return act(change, "submit", world.lead, now=MONDAY)


def ordered(world: World, item: str) -> Any:
    """A standard change of the catalogue in the same window."""
    data = {"template": "extend-disk", "items": [item], "planned_start": "2026-11-24T20:00"}
    made: Any = perform(Change(), "order", user=world.lead, data=data, now=MONDAY).ticket
    Change.objects.filter(pk=made.pk).update(assignee=None)  # nobody is in two places
    made.steps.update(person=None)
    return made


@pytest.mark.slow
def test_routine_changes_on_one_item_are_one_line_that_opens(world: World, client: Client) -> None:
    """Same grade, reason and template or type: one line with their number; what is hard stands alone."""
    make_item("db-1")
    first = submitted(world, items=["db-1"], assignee="engineer")
    routine = [ordered(world, "db-1") for _number in range(3)]
    simple = [submitted(world, items=["db-1"]) for _number in range(2)]
    signed = [submitted(world, signed=True, assignee="engineer") for _number in range(2)]
    found = collisions_of(first, MONDAY)
    lines = folded(found)
    assert [len(line.collisions) for line in lines if line.first.grade == "hard"] == [1] * len(signed)
    soft = {line.of: {one.other.number for one in line.collisions if one.other} for line in lines if line.rest}
    template = str(routine[0].specific.template_version.template)
    assert soft == {
        template: {one.number for one in routine},
        str(first.change_type): {one.number for one in simple},
    }
    assert sum(len(line.collisions) for line in lines) == len(found)

    client.force_login(reload_user(world.lead))
    page = client.get(f"/tickets/{first.number}/").content.decode()
    assert all(one.number in page for one in (*routine, *simple, *signed))
    rows = Api(world.lead).results(f"changes/{first.number}/collisions/")
    assert len(rows) == len(found)
    assert {row["folds_under"] for row in rows if row["grade"] == "hard"} == {None}


@pytest.mark.slow
def test_what_does_not_fit_the_panel_is_one_step_away(world: World, client: Client) -> None:
    first = submitted(world, assignee="engineer")
    others = [submitted(world, signed=True, assignee="engineer") for _number in range(13)]
    client.force_login(reload_user(world.lead))
    assert f"/changes/{first.number}/collisions/" in client.get(f"/tickets/{first.number}/").content.decode()
    page = client.get(f"/changes/{first.number}/collisions/").content.decode()
    assert all(one.number in page for one in others)


def test_a_reported_delay_holds_the_window_and_tells_whom_it_meets_once(world: World) -> None:
    """The next change of the same person stood free; until the expected end it does not any more."""
    late: Any = submitted(world, assignee="engineer")
    late = act(act(late, "accept", world.people["changer"], now=MONDAY), "ask_approval", world.lead, now=MONDAY)
    late = act(approve(late, world.approver), "start", world.engineer, now=later(35))
    following = submitted(world, assignee="engineer", **AFTER)
    assert collisions_of(following, MONDAY) == []
    told = Notice.objects.filter(event="collision_found", ticket=following.pk)
    assert not told.exists()

    until = {"expected_end": "2026-11-25T00:30", "text": "备份慢"}
    late = act(late, "report_delay", world.engineer, now=later(36), **until)
    assert [(str(one.reason), one.other) for one in collisions_of(following, MONDAY)] == [("person", late)]
    assert told.count() == 1
    act(late, "report_delay", world.engineer, now=later(36), **until)
    assert told.count() == 1
    [slot, *_more] = free_slots(following, following.planned_start)
    assert slot.start >= late.expected_end
    late = act(Change.objects.get(pk=late.pk), "implement", world.engineer, now=later(36), result="as_planned")
    assert collisions_of(following, MONDAY) == []


def test_a_window_that_moves_forgets_the_delay_of_the_old_one(world: World) -> None:
    late: Any = submitted(world, assignee="engineer")
    late = act(act(late, "accept", world.people["changer"], now=MONDAY), "ask_approval", world.lead, now=MONDAY)
    late = act(
        approve(late, world.approver), "report_delay", world.engineer, expected_end="2026-11-25T00:30", now=MONDAY
    )
    moved = {"planned_start": "2026-11-26T20:00", "planned_end": "2026-11-26T22:00", "let_approvals_fall": "on"}
    late = act(late, "edit", world.lead, now=MONDAY, **moved)
    assert (late.expected_end, late.stands_until) == (None, late.planned_end)


@pytest.mark.req("CHG-05", "CHG-03")
def test_in_lanes_of_a_week_another_lane_is_another_system_or_group(world: World, client: Client) -> None:
    make_system("core-db")
    make_system("website")
    change = submitted(world, business_system="core-db")
    other = submitted(world, business_system="website", group="network")
    client.force_login(reload_user(world.lead))
    week = client.get("/changes/calendar/?view=week&on=2026-11-24&by=service").content.decode()
    assert 'data-day="2026-11-26" data-lane="service" data-code="website"' in week
    by_group = client.get("/changes/calendar/?view=week&on=2026-11-24&by=group").content.decode()
    assert 'data-day="2026-11-26" data-lane="group" data-code="network"' in by_group

    address = f"/changes/{change.number}/move/"
    shown = client.get(f"{address}?day=2026-11-24&service=website").content.decode()
    assert all(text in shown for text in ('name="business_system"', other.number))
    window = {"planned_start": "2026-11-26T20:00", "planned_end": "2026-11-26T22:00"}
    assert client.post(address, {**window, "business_system": "website", "group": "network"}).status_code == 302
    change = Change.objects.get(pk=change.pk)
    assert change.group is not None
    assert (str(change.business_system_id), change.group.code) == ("website", "network")
    assert (f"{change.planned_start:%d}", change.assignee) == ("26", None)
    assert 'name="group"' not in client.get(f"{address}?day=2026-11-27").content.decode()


def test_what_cannot_be_done_in_another_lane_moves_nothing(world: World, client: Client) -> None:
    change = submitted(world)
    client.force_login(reload_user(world.lead))
    window = {"planned_start": "2026-11-26T20:00", "planned_end": "2026-11-26T22:00"}
    answer = client.post(f"/changes/{change.number}/move/", {**window, "group": "nobody"})
    assert answer.status_code == 422
    assert Change.objects.get(pk=change.pk).planned_start == change.planned_start
