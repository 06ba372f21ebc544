"""A full review is done by a change manager who did not carry the change out (CHG-07)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.api.client import Api
from tests.changes.making import approve, later, request, role, staffed
from tests.factories import MONDAY, World, act, make_user, register_incident, reload_user
from tickets.errors import ActionConflict, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-07")]
ANSWERS = {"expected_reached": "yes", "rating": "good", "business_view": "good", "interruption_minutes": "0"}


def carried_out(world: World, **how: Any) -> Any:
    """A simple change that the engineer carried out."""
    staffed(world)
    change = act(request(world), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    change = act(change, "start", world.engineer, now=later(35))
    if how:
        return act(change, "implement", world.engineer, now=later(36), **how)
    return act(change, "back_out_now", world.engineer, now=later(36), text="测试未通过")


DEVIATED = {"result": "deviated", "text": "超时"}


@pytest.mark.parametrize("how", [DEVIATED, {"result": "failed", "text": "没有成功"}, {}], ids=str)
def test_whoever_carried_out_what_went_wrong_does_not_review_it(world: World, how: dict[str, str]) -> None:
    change = carried_out(world, **how)
    with pytest.raises(ActionConflict, match=r"change manager|变更管理"):
        act(change, "review", world.engineer, now=later(37), **ANSWERS)
    with pytest.raises(ActionConflict, match=r"change manager|变更管理"):
        act(change, "review", world.engineer2, now=later(37), **ANSWERS)
    role(world.engineer, "change_manager")
    with pytest.raises(ActionConflict, match=r"another|另一"):
        act(change, "review", reload_user(world.engineer), now=later(37), **ANSWERS)
    change = act(change, "review", world.people["changer"], now=later(37), **ANSWERS)
    assert (change.state, change.reviewed_by) == ("reviewed", world.people["changer"])


def test_another_account_of_the_implementer_reviews_nothing(world: World) -> None:
    change = carried_out(world, **DEVIATED)
    world.engineer.employee_number = "0815"
    world.engineer.save()
    second = make_user("second", "change_manager", employee_number="0815")
    with pytest.raises(ActionConflict):
        act(change, "review", second, now=later(37), **ANSWERS)


def test_whoever_only_reported_a_step_carried_it_out_too(world: World) -> None:
    staffed(world)
    change = act(request(world), "add_step", world.lead, now=MONDAY, what="备份")
    change = act(change, "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    change = act(change, "start", world.engineer, now=later(35))
    change = act(change, "report_step", world.engineer2, now=later(35), step=1, status="failed", note="报错")
    change = act(change, "implement", world.engineer, now=later(36), result="failed", text="没有成功")
    role(world.engineer2, "change_manager")
    with pytest.raises(ActionConflict):
        act(change, "review", reload_user(world.engineer2), now=later(37), **ANSWERS)


def test_what_went_as_planned_is_confirmed_by_its_implementer_or_reviewed_in_full(world: World) -> None:
    """One confirmation is enough for simple and standard ones; nobody is kept from saying more."""
    change = carried_out(world, result="as_planned")
    assert act(change, "review", world.engineer, now=later(37), **ANSWERS).state == "reviewed"


def waiting_to_go(world: World) -> Any:
    """A change that is carried out and waits for the decision; its group has a change manager among its members."""
    staffed(world)
    step = {"no_return": "on", "planned_from": "2026-11-24T21:00", "planned_to": "2026-11-24T21:30"}
    change = act(request(world), "add_step", world.lead, now=MONDAY, what="切换", **step)
    change = act(change, "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    return act(change, "start", world.engineer, now=later(35))


@pytest.mark.req("CHG-06")
@pytest.mark.parametrize("name", ["go", "no_go"])
def test_the_only_change_manager_is_told_before_deciding_that_nobody_would_be_left_to_review(
    world: World, client: Client, name: str
) -> None:
    """By form and API: an implementer decides, or somebody else becomes change manager; or they say so and decide."""
    change, changer = waiting_to_go(world), world.people["changer"]
    client.force_login(reload_user(changer))
    assert 'name="leave_review"' in client.get(f"/tickets/{change.number}/actions/{name}/").content.decode()
    answer = Api(changer).post(f"changes/{change.number}/actions/{name}/", {"text": "校验"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["leave_review"])
    client.force_login(reload_user(world.engineer))
    assert 'name="leave_review"' not in client.get(f"/tickets/{change.number}/actions/{name}/").content.decode()
    change = act(change, name, reload_user(changer), now=later(36), text="校验", leave_review="on")
    if name == "go":
        change = act(change, "implement", world.engineer, now=later(36), result="failed", text="没有成功")
    else:
        change = act(change, "back_out_now", world.engineer, now=later(36), text="没有成功")
    with pytest.raises(ActionConflict, match=r"administrator|管理员"):
        act(change, "review", changer, now=later(37), **ANSWERS)
    role(world.lead, "change_manager")
    with pytest.raises(ActionConflict, match=r"another|另一"):
        act(change, "review", changer, now=later(37), **ANSWERS)
    assert act(change, "review", reload_user(world.lead), now=later(37), **ANSWERS).state == "reviewed"


@pytest.mark.req("CHG-06")
def test_where_another_change_manager_is_left_nothing_is_asked_before_the_decision(world: World) -> None:
    """A second account of the same person, and who carried it out, are nobody else."""
    change, changer = waiting_to_go(world), world.people["changer"]
    changer.employee_number = "0815"
    changer.save()
    make_user("second", "change_manager", employee_number="0815")
    role(world.engineer, "change_manager")
    with pytest.raises(ActionInvalid):
        act(change, "go", reload_user(changer), now=later(36))
    make_user("other", "change_manager")
    assert act(change, "go", reload_user(changer), now=later(36), leave_review="on").decision == "go"


@pytest.mark.parametrize("wrong", [["failed"], ["done", "back_out"], ["failed", "back_out"]], ids=str)
def test_a_step_that_went_wrong_once_went_wrong_whatever_was_reported_later(world: World, wrong: list[str]) -> None:
    """Done at the second try is done, and not as planned: a change manager reviews it in full."""
    staffed(world)
    change = act(request(world), "add_step", world.lead, now=MONDAY, what="切换")
    change = act(change, "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    change = act(change, "start", world.engineer, now=later(35))
    for what in (*wrong, "done"):
        name, how = ("back_out_step", {}) if what == "back_out" else ("report_step", {"status": what})
        change = act(change, name, world.engineer, now=later(35), step="1", **how)

    with pytest.raises(ActionInvalid) as refused:
        act(change, "implement", world.engineer, now=later(36), result="as_planned")
    assert list(refused.value.form.errors) == ["result"]
    change = act(change, "implement", world.engineer, now=later(36), **DEVIATED)
    with pytest.raises(ActionConflict):
        act(change, "confirm_result", world.engineer, now=later(37))


def test_whoever_carried_it_out_takes_no_verdict_of_others_back(world: World) -> None:
    """Who said that it caused an incident may correct that; else a change manager who did not carry it out does."""
    change, changer = carried_out(world, result="as_planned"), world.people["changer"]
    came = register_incident(world.desk, now=later(36)).number

    def say(person: Any, caused: str) -> Any:
        return act(change, "attribute_incident", person, now=later(37), incident=came, caused=caused)

    say(world.engineer, "yes")
    say(world.engineer, "no")
    say(changer, "yes")
    say(world.engineer, "yes")
    for person in (world.engineer, world.engineer2):
        with pytest.raises(ActionInvalid) as refused:
            say(person, "no")
        assert list(refused.value.form.errors) == ["caused"]
    with pytest.raises(ActionConflict):
        act(change, "confirm_result", world.engineer, now=later(37))
    say(changer, "no")
    assert act(change, "confirm_result", world.engineer, now=later(38)).state == "reviewed"


def test_a_change_causes_nothing_that_was_there_before_it_began(world: World) -> None:
    change = carried_out(world, result="as_planned")
    earlier = register_incident(world.desk, now=later(34)).number
    with pytest.raises(ActionInvalid) as refused:
        act(change, "attribute_incident", world.engineer, now=later(37), incident=earlier, caused="yes")
    assert list(refused.value.form.errors) == ["caused"]
    act(change, "attribute_incident", world.engineer, now=later(37), incident=earlier, caused="no")
