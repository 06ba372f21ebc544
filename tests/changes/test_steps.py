"""Steps of a plan lie in its window, move with it, and are read in the reader's own words (CHG-05, CHG-03)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from approvals.content import shown
from changes.approving import further_lines
from changes.models import Change, PlanStep
from changes.plan.drawing import drawn
from tests.changes.making import approve, later, request, staffed
from tests.factories import MONDAY, World, act, last_entry, reload_user
from tickets.errors import ActionConflict, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-05")]
INSIDE: dict[str, Any] = {"planned_from": "2026-11-24T20:30", "planned_to": "2026-11-24T21:00"}


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def planned(world: World) -> Any:
    """A change of 20:00 to 22:00 with a step of half past eight, done by the engineer."""
    return act(request(world), "add_step", world.lead, what="备份", person="engineer", **INSIDE)


def test_a_step_outside_the_window_is_refused_beside_its_time(world: World) -> None:
    with pytest.raises(ActionInvalid) as found:
        act(request(world), "add_step", world.lead, what="备份", **INSIDE | {"planned_to": "2026-11-24T22:01"})
    assert list(found.value.form.errors) == ["planned_to"]
    assert planned(world).steps.count() == 1


@pytest.mark.req("UI-03")
def test_an_end_before_the_beginning_is_refused_at_the_end(world: World) -> None:
    with pytest.raises(ActionInvalid) as found:
        act(request(world), "add_step", world.lead, what="备份", **INSIDE | {"planned_to": "2026-11-24T20:15"})
    assert list(found.value.form.errors) == ["planned_to"]


@pytest.mark.req("UI-03", "TKT-04")
def test_the_log_of_a_step_says_yes_to_its_point_of_no_return_and_no_time(world: World, client: Client) -> None:
    change = act(request(world), "add_step", world.lead, what="切换", no_return="on", **INSIDE)
    client.force_login(reload_user(world.lead))
    entry = client.get(f"/tickets/{change.number}/").text.split("data-timeline")[-1]
    said = re.sub(r"<[^>]+>|\s+", " ", entry)
    assert re.search(r"不可回退点 +是", said)
    assert not re.search(r"不可回退点 +(— →)? *20", said)


@pytest.mark.req("CHG-05")
def test_a_person_in_two_places_is_named_once_and_free_windows_lead_to_the_move(world: World, client: Client) -> None:
    first, other = request(world, assignee="engineer"), request(world, assignee="engineer")
    act(first, "submit", world.lead)
    Change.objects.filter(pk=first.pk).update(requester=world.engineer)
    with pytest.raises(ActionConflict) as refused:
        act(other, "submit", world.lead)
    assert str(refused.value.message).count(world.engineer.display_name) == 1
    assert str(refused.value.message).count("Asia/Shanghai") == 3
    client.force_login(reload_user(world.lead))
    page = client.post(f"/tickets/{other.number}/actions/submit/", {"version": other.version})
    assert page.status_code == 409
    [way, *_more] = re.findall(rf'href="(/changes/{other.number}/move/\?start=[^"]+)"', page.text)
    assert client.get(way).status_code == 200


@pytest.mark.req("CHG-04")
def test_the_plan_is_drawn_over_time(world: World, client: Client) -> None:
    """As planned from the beginning of the window on; as it went once it went; nothing without times."""
    change = planned(world)
    chart: Any = drawn(change, list(change.steps.all()), later(35.6))
    assert [(bar.planned[0] > chart["window"][0], bar.actual) for bar in chart["bars"]] == [(True, None)]
    assert chart["window"][0] < chart["now"] < sum(chart["window"])
    change.steps.update(status="done", started_at=later(35.5), ended_at=later(36.5))
    chart = drawn(change, list(change.steps.all()), later(37))
    [bar] = chart["bars"]
    assert (bar.actual[0], bar.actual[1] > bar.planned[1]) == (bar.planned[0], True)
    bare: Any = request(world)
    assert drawn(bare, list(bare.steps.all()), later(0)) is None
    client.force_login(reload_user(world.lead))
    assert "plan-chart" in client.get(f"/tickets/{change.number}/").text


def test_steps_move_with_the_window_and_stay_when_it_is_made_longer(world: World) -> None:
    change = planned(world)
    change = act(change, "edit", world.lead, planned_start="2026-11-24T21:00", planned_end="2026-11-24T23:00")
    assert PlanStep.objects.get().span == (later(36.5), later(37))
    change = act(change, "edit", world.lead, planned_end="2026-11-25T00:00")
    assert PlanStep.objects.get().span == (later(36.5), later(37))


def test_a_plan_with_a_step_left_outside_is_not_submitted(world: World) -> None:
    change = act(planned(world), "edit", world.lead, planned_start="2026-11-24T21:00")
    with pytest.raises(ActionConflict, match=r"1\. 备份"):
        act(change, "submit", world.lead)


@pytest.mark.req("CHG-03", "UI-03")
def test_approvers_read_steps_by_name_and_in_their_own_time(world: World) -> None:
    User.objects.filter(pk=world.engineer.pk).update(full_name="严工")
    change = planned(world)
    text = shown(next(line["value"] for line in further_lines(change) if line["name"] == "steps"))
    assert "1. 备份 · " in text
    assert "严工" in text
    assert "2026-11-24 20:30 – 2026-11-24 21:00" in text


@pytest.mark.req("TKT-04", "UI-03")
def test_the_timeline_says_each_change_once_and_in_local_time(world: World, client: Client) -> None:
    change = act(act(request(world), "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    change = act(change, "add_step", world.lead, what="备份", let_approvals_fall="on", **INSIDE)
    assert "let_approvals_fall" not in last_entry(change).data

    client.force_login(reload_user(world.lead))
    page = client.get(f"/tickets/{change.number}/").text
    assert "2026-11-24 20:30" in page
    assert "2026-11-24T12:30" not in page.split('id="timeline"')[-1].replace('datetime="2026-11-24T12:30', "")


@pytest.mark.req("CHG-06")
def test_beginning_before_the_approved_window_asks_once_why(world: World, client: Client) -> None:
    change = act(act(request(world), "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    begin = change.kind_info.actions["start"]
    assert not begin.asks
    with pytest.raises(ActionInvalid) as asked:
        act(change, "start", world.engineer, now=later(1))
    assert "2026-11-24 20:00" in str(asked.value.form.errors["begin_early"])
    assert [field.name for field in asked.value.form.visible_fields()] == ["begin_early", "text"]

    begun = act(change, "start", world.engineer, now=later(1), begin_early="on", text="业务方要求提前")
    assert (begun.actual_start, last_entry(begun).text) == (later(1), "业务方要求提前")
    assert "begin_early" not in last_entry(begun).data
