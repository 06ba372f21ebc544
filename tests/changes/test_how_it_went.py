"""Those affected and those who asked hear how it went: late, sent back, given up, ended without success (CHG-04)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from changes.informing.due import run_informing
from notifications.models import Delivery, Notice
from tests.changes.making import approve, approved_emergency, later, request, systems_of_customers
from tests.changes.test_informing import END, START, read_by, scheduled, stages
from tests.factories import MONDAY, World, act
from tickets import clock
from tickets.errors import ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-04", "NTF-04")]


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need; two systems, each used by one customer."""
    return systems_of_customers(world)


def test_who_is_late_or_backs_out_tells_it_once(world: World) -> None:
    change = scheduled(world)
    assert run_informing(START + timedelta(minutes=14)) == 0
    assert run_informing(START + timedelta(minutes=15)) == 1
    assert run_informing(START + timedelta(minutes=30)) == 0
    change = act(change, "start", world.engineer, now=START + timedelta(hours=1))
    with pytest.raises(ActionInvalid):
        act(change, "report_delay", world.engineer, now=END, expected_end=START.isoformat())
    until = END + timedelta(hours=2)
    change = act(change, "report_delay", world.engineer, now=END, expected_end=until.isoformat(), text="备份慢")
    [read] = read_by(world.requester, END)
    assert (read.ends_at, "2026-11-25 00:00" in read.text_en, "备份慢" in read.text_zh) == (until, True, False)
    later_still = until + timedelta(hours=1)
    assert [run_informing(at) for at in (until - timedelta(minutes=1), until, later_still)] == [0, 1, 0]
    [read] = read_by(world.requester, later_still)
    assert "2026-11-25 00:00" not in read.text_en  # what was promised has passed
    change = act(change, "back_out_now", world.engineer, now=later_still, text="校验失败")
    assert stages(change) == ["planned", "delayed", "delayed", "delayed", "backed_out"]
    [read] = read_by(world.requester, later_still)
    assert "as it was before" in read.text_en
    assert (read.starts_at, read.ends_at) == (START + timedelta(hours=1), later_still)  # as it went


def test_running_over_is_told_when_nobody_says_it(world: World) -> None:
    change = act(scheduled(world), "start", world.engineer, now=START)
    assert (run_informing(END), run_informing(END)) == (1, 0)
    assert stages(change) == ["planned", "delayed"]


def test_a_late_beginning_does_not_use_up_the_telling_of_a_late_end(world: World) -> None:
    change = scheduled(world)
    assert run_informing(START + timedelta(minutes=15)) == 1
    act(change, "start", world.engineer, now=START + timedelta(minutes=30))
    assert [run_informing(at) for at in (END - timedelta(minutes=1), END, later(48))] == [0, 1, 0]
    assert stages(change) == ["planned", "delayed", "delayed"]


def test_after_downtime_what_is_late_twice_is_told_once(world: World) -> None:
    change = scheduled(world)
    assert (run_informing(END), run_informing(END + timedelta(hours=1))) == (1, 0)
    assert stages(change) == ["planned", "delayed"]


@pytest.mark.req("CHG-07")
def test_an_emergency_that_nobody_ends_is_told_as_late_after_eight_hours(world: World) -> None:
    change = approved_emergency(world, business_system="core-db", effect="短时中断")
    begun = clock.now()
    change = act(change, "start", world.engineer, now=begun, text="必需")
    eight = begun + timedelta(hours=8)
    moments = (eight - timedelta(minutes=1), eight, eight + timedelta(hours=9))
    assert [run_informing(at) for at in moments] == [0, 1, 0]
    assert stages(change) == ["planned", "delayed"]


def raised_notices(event: str) -> set[str]:
    """Who got the notice in the portal."""
    found = Delivery.objects.filter(notice__event=event, channel="portal")
    return set(found.values_list("recipient__username", flat=True))


@pytest.mark.req("CHG-02")
@pytest.mark.parametrize(("action", "event"), [("send_back", "change_sent_back"), ("reject", "change_given_up")])
def test_whoever_asked_is_told_why_it_was_sent_back_or_rejected(world: World, action: str, event: str) -> None:
    change = act(request(world, requester="expert"), "submit", world.lead)
    act(change, action, world.people["changer"], text="回退方案不完整")
    assert raised_notices(event) == {"expert", "lead"}
    assert Notice.objects.get(event=event).payload["text"] == "回退方案不完整"


@pytest.mark.req("CHG-02")
def test_whoever_was_to_carry_it_out_is_told_that_it_is_cancelled_and_nobody_twice(world: World) -> None:
    change = act(request(world, requester="expert", assignee="engineer"), "cancel", world.lead, text="不做了")
    assert raised_notices("change_given_up") == {"expert", "engineer"}  # not who did it
    change = scheduled(world, requester="expert", assignee="engineer")
    told = Delivery.objects.filter(notice__event="change_given_up").count()
    act(change, "cancel", world.people["changer"], now=MONDAY, text="不做了")
    assert Delivery.objects.filter(notice__event="change_given_up").count() == told
    assert {"expert", "engineer", "lead"} <= raised_notices("change_told")


@pytest.mark.parametrize(
    ("result", "said"), [("as_planned", "can be used as usual"), ("failed", "ended without success")]
)
def test_customers_are_told_the_truth_about_how_it_ended(world: World, result: str, said: str) -> None:
    change = act(scheduled(world), "start", world.engineer, now=START)
    act(change, "implement", world.engineer, now=END, result=result, text="没有成功")
    [read] = read_by(world.requester, END)
    assert said in read.text_en
    assert ("as usual" in read.text_en, "without success" in read.text_en) == (True, result == "failed")


@pytest.mark.parametrize("how", ["cancel", "reject", "refused"])
def test_who_waits_for_a_new_time_is_told_that_none_comes(world: World, how: str) -> None:
    change = scheduled(world)
    moved = {"planned_start": "2026-11-25T20:00", "planned_end": "2026-11-25T22:00", "let_approvals_fall": "on"}
    change = act(change, "edit", world.lead, now=MONDAY, **moved)
    [read] = read_by(world.requester, MONDAY)
    assert "new time" in read.text_en
    if how == "refused":
        change = approve(
            act(change, "ask_approval", world.lead, now=MONDAY), world.approver, verdict="refuse", reason="不需要"
        )
    else:
        change = act(change, how, world.people["changer"], now=MONDAY, text="不做了")
    assert (stages(change), change.state in ("cancelled", "rejected")) == (["planned", "off", "off"], True)
    [read] = read_by(world.requester, MONDAY)
    assert "new time" not in read.text_en
    assert not Notice.objects.filter(event="change_given_up").exists()


def test_what_is_cancelled_promises_no_new_time(world: World) -> None:
    act(scheduled(world), "cancel", world.lead, now=MONDAY, text="不做了")
    [read] = read_by(world.requester, MONDAY)
    assert "new time" not in read.text_en
