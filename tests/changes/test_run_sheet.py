"""Carrying out: the decision before the point of no return, backing out by name, records of emergencies in time."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.changes.making import approve, later, request, staffed
from tests.factories import MONDAY, World, act, last_entry, reload_user
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-06")]


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def begun(world: World) -> Any:
    """A simple change with three steps that is being implemented; the second is its point of no return."""
    change = request(world)
    change = act(change, "add_step", world.lead, what="备份", back_out="删除备份")
    point: dict[str, Any] = {"planned_from": "2026-11-24T21:00", "planned_to": "2026-11-24T21:30"}
    with pytest.raises(ActionInvalid):
        act(change, "add_step", world.lead, what="切换", no_return="on")
    change = act(change, "add_step", world.lead, what="切换", no_return="on", **point)
    with pytest.raises(ActionInvalid):
        act(change, "add_step", world.lead, what="再切换", no_return="on", **point)
    change = act(change, "add_step", world.lead, what="验证")
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    return act(change, "start", world.engineer, now=later(35))


def test_nobody_passes_the_point_of_no_return_before_it_is_decided(world: World, client: Client) -> None:
    change = begun(world)
    change = act(change, "report_step", world.engineer, now=later(35), step=1, status="done")
    client.force_login(reload_user(world.engineer))
    page = client.get(f"/tickets/{change.number}/").content.decode()
    assert f'data-due="{change.no_return_at.isoformat()}"' in page
    for step in (2, 3):
        with pytest.raises(ActionInvalid):
            act(change, "report_step", world.engineer, now=later(36), step=step, status="started")

    change = act(change, "go", world.engineer, now=later(36), text="备份已校验")
    assert (change.decision, last_entry(change).text) == ("go", "备份已校验")
    with pytest.raises(ActionConflict):
        act(change, "no_go", world.engineer, text="晚了")
    change = act(change, "report_step", world.engineer, now=later(36), step=2, status="done")
    assert change.steps.get(position=2).status == "done"
    assert "data-due" not in client.get(f"/tickets/{change.number}/").content.decode().split("run-sheet")[1]


def test_after_no_go_steps_are_backed_out_by_name(world: World) -> None:
    change = begun(world)
    with pytest.raises(ActionInvalid):
        act(change, "back_out_step", world.engineer, now=later(35), step=1)
    change = act(change, "report_step", world.engineer, now=later(35), step=1, status="done")
    change = act(change, "no_go", world.engineer, now=later(36), text="校验失败")
    with pytest.raises(ActionInvalid):
        act(change, "report_step", world.engineer, now=later(36), step=2, status="started")
    change = act(change, "back_out_step", world.engineer, now=later(36.5), step=1, text="已删除")
    step = change.steps.get(position=1)
    assert (step.status, step.ended_at) == ("backed_out", later(36.5))
    change = act(change, "back_out_now", world.engineer, now=later(37), text="未切换")
    assert (change.state, change.decision) == ("backed_out", "no_go")


@pytest.mark.parametrize("status", ["failed", "backed_out"])
def test_what_failed_is_not_recorded_as_planned(world: World, status: str) -> None:
    change = act(begun(world), "go", world.engineer, now=later(36), text="备份已校验")
    change.steps.filter(position=1).update(status=status)
    with pytest.raises(ActionInvalid) as refused:
        act(change, "implement", world.engineer, now=later(36), result="as_planned")
    assert refused.value.form.errors.keys() == {"result"}
    change = act(change, "implement", world.engineer, now=later(36), result="deviated", text="重做一次")
    assert change.state == "implemented"


def test_a_plan_without_a_point_of_no_return_asks_for_no_decision(world: World) -> None:
    change = request(world)
    change = act(change, "add_step", world.lead, what="切换", no_return="on", **STEP)
    change = act(change, "remove_step", world.lead, step=1)
    assert change.no_return_at is None


def test_only_what_somebody_decided_to_pass_went_as_planned(world: World) -> None:
    """Neither an undecided point of no return nor a no-go ends as planned."""
    change = begun(world)
    with pytest.raises(ActionInvalid) as undecided:
        act(change, "implement", world.engineer, now=later(36), result="as_planned")
    assert undecided.value.form.errors["result"] == ["尚未有人决定越过不可回退点。"]
    stopped = act(change, "no_go", world.engineer, now=later(36), text="校验失败")
    with pytest.raises(ActionConflict, match="请回退"):
        act(stopped, "implement", world.engineer, now=later(36.5), result="as_planned")


def test_what_passed_its_point_of_no_return_goes_as_planned(world: World) -> None:
    change = act(begun(world), "go", world.engineer, now=later(36), text="备份已校验")
    assert act(change, "implement", world.engineer, now=later(36.5), result="as_planned").state == "implemented"


STEP: dict[str, Any] = {"planned_from": "2026-11-24T21:00", "planned_to": "2026-11-24T21:30"}


def test_whoever_a_step_names_reports_that_step_and_no_other(world: World, client: Client) -> None:
    """Of another group than the implementers': CHG-06, steps with responsible people."""
    change = request(world)
    change = act(change, "add_step", world.lead, what="备份")
    change = act(change, "add_step", world.lead, what="改防火墙", person="expert")
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    change = act(change, "start", world.engineer, now=later(35))
    change = act(change, "report_step", world.expert, now=later(35), step=2, status="done")
    assert change.steps.get(position=2).reported_by == world.expert
    with pytest.raises(ActionInvalid) as refused:
        act(change, "report_step", world.expert, now=later(35), step=1, status="done")
    assert list(refused.value.form.errors) == ["step"]
    with pytest.raises(ActionForbidden):
        act(change, "report_step", world.people["other_engineer"], now=later(35), step=2, status="done")
