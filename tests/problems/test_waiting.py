"""A problem waits for a vendor, information or a window, its clocks stop by policy, and it goes on where it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from problems.models import Problem
from sla.models import Clock, Command
from sla.orders.waiting import carry_out
from tests.api.client import Api
from tests.factories import MONDAY, World, act
from tests.problems.conftest import Staff
from tests.problems.test_life import assigned, proposed, raise_problem, say
from tickets.errors import ActionConflict, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("PRB-03", "INC-22")]
HOUR = timedelta(hours=1)
VENDOR = {"wait_reason": "vendor", "wait_until": "2026-11-24T09:00", "text": "厂商分析转储"}


def investigated(world: World, staff: Staff) -> Problem:
    return act(assigned(raise_problem(world), staff), "investigate", staff.analyst, now=MONDAY)


def carried_out(world: World, staff: Staff) -> Problem:
    problem = say(proposed(raise_problem(world), staff), staff.manager)
    return act(problem, "implement", staff.owner, now=MONDAY, change_reference="CH1")


def test_it_goes_on_where_it_was(world: World, staff: Staff) -> None:
    for made, state in ((investigated, "investigating"), (carried_out, "implementing")):
        waiting = act(made(world, staff), "wait", staff.owner, now=MONDAY, **VENDOR)
        assert (waiting.state, waiting.phase, waiting.wait_reason_id) == ("pending", "waiting", "vendor")
        with pytest.raises(ActionConflict):
            act(waiting, "confirm_cause", staff.owner, now=MONDAY, root_cause="x")
        edited = act(waiting, "record_workaround", staff.analyst, workaround="重启")
        gone_on = act(edited, "resume", staff.analyst, now=MONDAY + HOUR)
        assert (gone_on.state, gone_on.wait_reason, gone_on.waited) == (state, None, HOUR)


def test_its_list_and_programs_find_what_waits(world: World, staff: Staff) -> None:
    problem = investigated(world, staff)
    api = Api(staff.owner)
    refused = api.post(f"problems/{problem.number}/actions/wait/", {"wait_reason": "vendor"})
    assert refused.status_code == 400
    assert "wait_until" in refused.content.decode()
    asked = {**VENDOR, "wait_until": "2099-01-01T00:00:00Z"}
    assert api.post(f"problems/{problem.number}/actions/wait/", asked).status_code == 200
    rows = api.get("problems/?view=waiting&wait_reason=vendor").json()["results"]
    assert [row["number"] for row in rows] == [problem.number]


def test_what_is_approved_binds_while_carrying_it_out_waits(world: World, staff: Staff) -> None:
    waiting = act(carried_out(world, staff), "wait", staff.owner, now=MONDAY, **VENDOR)
    changed: dict[str, Any] = {
        "discussed_at": "2026-11-23T10:00",
        "discussed_with": "华信",
        "discussion": "改",
        "customer_word": "同意",
    }
    with pytest.raises(ActionInvalid) as refused:
        act(waiting, "discuss", staff.owner, now=MONDAY, **changed)
    assert list(refused.value.form.errors) == ["let_approvals_fall"]
    act(waiting, "discuss", staff.owner, now=MONDAY, let_approvals_fall="on", **changed)
    problem = Problem.objects.get()
    assert (problem.state, problem.wait_reason) == ("known_error", None)


@pytest.mark.req("SLM-03")
def test_clocks_stop_for_the_reasons_that_the_policy_names(world: World, staff: Staff) -> None:
    problem = investigated(world, staff)
    running = Clock.objects.filter(ticket_id=problem.pk, metric__in=["cause", "resolve"])
    waiting = act(problem, "wait", staff.owner, now=MONDAY + HOUR, **VENDOR)
    assert {clock.state for clock in running.all()} == {"running"}
    problem = act(waiting, "resume", staff.owner, now=MONDAY + HOUR)
    waiting = act(problem, "wait", staff.owner, now=MONDAY + HOUR, **{**VENDOR, "wait_reason": "window"})
    assert {clock.state for clock in running.all()} == {"paused"}
    act(waiting, "resume", staff.owner, now=MONDAY + 3 * HOUR)
    assert {clock.state for clock in running.all()} == {"running"}
    assert {clock.metric for clock in running.all()} == {"cause", "resolve"}


def test_a_wait_that_is_over_ends_as_its_reason_says(world: World, staff: Staff) -> None:
    for reason, state in (("vendor", "pending"), ("window", "investigating")):
        problem = act(investigated(world, staff), "wait", staff.owner, now=MONDAY, **{**VENDOR, "wait_reason": reason})
        command = Command.objects.get(ticket_id=problem.pk, kind=Command.Kind.WAIT_OVER)
        assert command.due_at == problem.wait_until
        carry_out(command, problem, command.due_at)
        problem.refresh_from_db()
        assert (problem.state, problem.timeline.latest("pk").action) == (
            state,
            "remind_of_wait" if state == "pending" else "resume_by_time",
        )
