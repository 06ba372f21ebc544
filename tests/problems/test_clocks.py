"""Clocks of problems by level: accepted, cause confirmed, solved; by the policies, like every promise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from problems.models import Problem
from sla.clocks.bars import bars_of
from sla.models import Clock, EscalationRule, Policy, Timer
from sla.promises.policies import Draft, Promise, publish_policy
from tests.factories import MONDAY, World, act
from tests.problems.conftest import Staff
from tests.problems.test_life import SOLUTION, assigned, raise_problem, resolved, say
from tickets.lifecycle import kind_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("PRB-01", "SLM-03")]
HOUR = timedelta(hours=1)


def clocks(problem: Problem) -> dict[str, tuple[str, timedelta, bool | None]]:
    """State, target and verdict of each clock, by what it measures."""
    found = Clock.objects.filter(ticket_id=problem.pk)
    return {clock.metric: (clock.state, clock.target, clock.met) for clock in found}


def test_acceptance_counts_from_registration_by_the_level(world: World, staff: Staff) -> None:
    high = raise_problem(world, level="high")
    assert clocks(high) == {"response": ("running", 4 * HOUR, None)}
    assert high.planned_response_at
    assert clocks(raise_problem(world, level="low")) == {"response": ("running", 8 * HOUR, None)}


def test_cause_and_solution_count_from_the_owner_and_another_level_means_another_promise(
    world: World, staff: Staff
) -> None:
    problem = assigned(raise_problem(world, level="low"), staff, "high")
    assert clocks(problem) == {
        "response": ("stopped", 4 * HOUR, True),
        "cause": ("running", 40 * HOUR, None),
        "resolve": ("running", 120 * HOUR, None),
    }
    problem = assigned(problem, staff, "medium")
    assert clocks(problem)["cause"] == ("running", 80 * HOUR, None)


def test_confirming_the_cause_ends_its_clock_and_looking_again_lets_it_go_on(world: World, staff: Staff) -> None:
    problem = act(assigned(raise_problem(world), staff), "investigate", staff.analyst, now=MONDAY)
    problem = act(problem, "confirm_cause", staff.owner, now=MONDAY + HOUR, root_cause="没有上限")
    assert (clocks(problem)["cause"][0], clocks(problem)["resolve"][0]) == ("stopped", "running")
    problem = act(problem, "investigate_again", staff.owner, now=MONDAY + 2 * HOUR, text="不是它")
    assert clocks(problem)["cause"] == ("running", 80 * HOUR, None)


def test_a_clock_that_goes_on_fires_no_rule_that_came_for_time_used_up_before(world: World, staff: Staff) -> None:
    """Rules that came into the table past the pages while it stood: only what is still ahead is armed."""
    problem = act(assigned(raise_problem(world), staff), "investigate", staff.analyst, now=MONDAY)
    problem = act(problem, "confirm_cause", staff.owner, now=MONDAY + 2 * HOUR, root_cause="没有上限")
    rules = [EscalationRule(agreement="sla", metric="cause", percent=percent, tiers=["first"]) for percent in (1, 50)]
    EscalationRule.objects.bulk_create(rules)
    act(problem, "investigate_again", staff.owner, now=MONDAY + 3 * HOUR, text="不是它")

    names = [f"escalate:{rule.pk}" for rule in rules]
    found = dict(Timer.objects.filter(clock__metric="cause", rule__in=names).values_list("rule", "state"))
    assert [found[name] for name in names] == ["passed", "armed"]


def test_solution_in_time_is_met_and_an_end_without_one_has_no_verdict(world: World, staff: Staff) -> None:
    problem = resolved(raise_problem(world), staff)
    assert {metric: met for metric, (_state, _target, met) in clocks(problem).items()} == {
        "response": True,
        "cause": True,
        "resolve": True,
    }
    assert problem.completed_in_time is True
    other = act(assigned(raise_problem(world), staff), "cancel", staff.manager, now=MONDAY, text="不是问题")
    assert {state for state, _target, _met in clocks(other).values()} == {"stopped", "cancelled"}
    assert other.completed_in_time is None


def test_late_solution_is_late(world: World, staff: Staff) -> None:
    problem = act(assigned(raise_problem(world), staff), "investigate", staff.analyst, now=MONDAY)
    late = MONDAY + timedelta(days=90)
    problem = act(problem, "confirm_cause", staff.owner, now=late, root_cause="没有上限")
    problem = say(act(problem, "propose", staff.owner, now=late, **SOLUTION), staff.manager)
    problem = act(problem, "implement", staff.owner, now=late, change_reference="CH1")
    problem = act(problem, "resolve", staff.owner, now=late, proof="已验证", watch_days="30")
    assert (clocks(problem)["cause"][2], clocks(problem)["resolve"][2]) == (False, False)


def test_promises_for_priorities_are_none_for_problems_and_the_other_way_round(world: World, staff: Staff) -> None:
    policy = Policy.objects.get(is_default=True, kind="sla")
    draft = Draft((Promise("response", "5x8", 10), Promise("resolve", "5x8", 10)))
    publish_policy(policy, draft, valid_from=MONDAY - HOUR, by=None, at=MONDAY)
    assert clocks(assigned(raise_problem(world), staff)) == {}
    draft = Draft((Promise("response", "5x8", 10, (("kind", "problem"),)),))
    publish_policy(policy, draft, valid_from=MONDAY - HOUR, by=None, at=MONDAY)
    assert clocks(raise_problem(world)) == {"response": ("running", timedelta(minutes=10), None)}


def test_sidebar_calls_limits_as_problem_managers_do(world: World, staff: Staff) -> None:
    with translation.override("en"):
        labels = [str(bar.label) for bar in bars_of(raise_problem(world), MONDAY)]
    assert labels == ["Acceptance", "Root cause", "Solution"]


@pytest.mark.slow
@pytest.mark.req("SLM-01")
def test_policy_page_offers_levels_and_refuses_what_no_ticket_has(world: World, client: Client) -> None:
    client.force_login(world.admin)
    policy = Policy.objects.get(is_default=True, kind="sla")
    page = client.get(f"/policies/{policy.code}/").content.decode()
    assert "问题 · 高" in page

    def publish(**row: Any) -> str:
        newest = policy.versions.order_by("-number")[0].number
        data = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "edits": str(newest)}
        data |= {"warnings": "50", "on_change": "from_start"}
        data |= {"response_starts": "dispatched", "response_stops": "started", "publish": "1"}
        data |= {"resolve_starts": "started", "resolve_stops": "resolved"}
        data |= {f"form-0-{name}": value for name, value in ({"calendar": "5x8"} | row).items()}
        return client.post(f"/policies/{policy.code}/", data, follow=True).content.decode()

    assert "没有这个时限" in publish(metric="on_site", graded="problem:high", minutes="10")
    assert "没有这个时限" in publish(metric="cause", minutes="10")
    assert "没有优先级" in publish(metric="cause", graded="problem:high", minutes="10", priority="P1")
    publish(metric="cause", graded="problem:high", minutes="77")
    newest = policy.versions.first()
    assert newest
    [target] = newest.targets.all()
    assert (target.kind, target.grade, target.minutes) == ("problem", "high", 77)


def test_kind_says_which_levels_it_has() -> None:
    assert [code for code, _name in kind_of("problem").grades()] == ["high", "medium", "low"]
    assert kind_of("incident").grades() == []
