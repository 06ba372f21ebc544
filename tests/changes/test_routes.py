"""Whatever people do in whatever order: nothing is scheduled that was not approved as it stands (CHG-03)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from approvals.content import digest_of, lines_of
from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound
from approvals.questions import question_of
from changes.models import Change
from problems.models import Problem
from tests.changes.making import request, staffed
from tests.factories import MONDAY, World, act, make_item, make_user, reload_user
from tickets.actions import perform
from tickets.errors import ActionError

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-03")]

#: What the requester may try, with input; each lets approvals fall that stand.
EDITS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("edit", {"summary": "错字"}),
    ("edit", {"reason": "另一个原因", "let_approvals_fall": "on"}),
    ("edit", {"planned_end": "2026-11-24T23:30", "let_approvals_fall": "on"}),
    ("edit", {"plan": "没有说要作废"}),
    ("add_step", {"what": "多一步", "let_approvals_fall": "on"}),
    ("add_items", {"items": ["DB-9"], "let_approvals_fall": "on"}),
    ("ask_approval", {}),
    ("ask_approval", {}),
    ("ask_approval", {}),
    ("submit", {}),
    ("withdraw_question", {"text": "再想想"}),
)


def stands_as_approved(change: Change) -> bool:
    """Whether an approved round is of exactly what the change says now."""
    digest = digest_of(lines_of(question_of("change", "change"), change))
    return ApprovalRound.objects.filter(ticket=change, outcome="approved", digest=digest).exists()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_no_route_leads_on_without_decisions_of_what_stands(world: World, seed: int) -> None:
    staffed(world)
    make_item("DB-9")
    dice, seen = random.Random(seed), set()  # noqa: S311 - the same walk for the same number
    change: Any = act(request(world), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    for _step in range(40):
        try:
            change = _something(change, world, dice)
        except ActionError:
            change = Change.objects.get(pk=change.pk)
        seen.add(change.state)
        if change.state == "scheduled":
            assert stands_as_approved(change)
        assert change.state != "implementing"

    assert "approving" in seen


#: What whoever ordered, implements or manages a standard change may try between the order and the start.
TRIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("edit", {"summary": "错字"}),
    ("edit", {"plan": "删除全部数据", "let_approvals_fall": "on"}),
    ("edit", {"business_system": "kvm", "let_approvals_fall": "on"}),
    ("edit", {"change_type": "simple", "let_approvals_fall": "on"}),
    ("edit", {"planned_start": "2026-11-25T20:00", "planned_end": "2026-11-25T20:20"}),
    ("edit", {"planned_start": "2026-11-24T20:00", "planned_end": "2026-11-24T20:30"}),
    ("add_step", {"what": "多一步", "let_approvals_fall": "on"}),
    ("edit_step", {"step": 1, "what": "另一步", "let_approvals_fall": "on"}),
    ("remove_step", {"step": 1, "let_approvals_fall": "on"}),
    ("add_items", {"items": ["DB-9"], "let_approvals_fall": "on"}),
    ("remove_items", {"items": ["APP-1"], "let_approvals_fall": "on"}),
    ("prepare_value", {"item": "DB-9", "attribute": "place", "value": "x", "let_approvals_fall": "on"}),
    ("choose_implementers", {"group": "host", "assignee": "engineer"}),
    ("choose_implementers", {"group": "host", "assignee": ""}),
    ("override_collisions", {"text": "必须"}),
    ("write_to_affected", {"notice_zh": "短暂中断", "notice_en": "Short outage"}),
    ("ask_approval", {}),
    ("submit", {}),
    ("send_back", {"text": "再想想"}),
)


def said_beforehand(change: Change) -> list[Any]:
    """All that an approval would be about, but for the window and the times of the steps in it."""
    lines = lines_of(question_of("change", "change"), change)
    steps = list(change.steps.values_list("what", "check_text", "back_out"))
    return [*(line for line in lines if line["name"] not in ("planned_start", "planned_end", "steps")), steps]


@pytest.mark.slow
@pytest.mark.req("CHG-02")
@pytest.mark.parametrize("seed", range(4))
def test_no_route_begins_a_standard_change_that_is_not_as_it_was_ordered(world: World, seed: int) -> None:
    staffed(world)
    make_item("DB-9")
    make_item("APP-1")
    dice, done = random.Random(seed), set()  # noqa: S311 - as above
    window = {"planned_start": "2026-11-24T20:00", "planned_end": "2026-11-24T20:30"}
    data = {"template": "restart-service", "items": ["APP-1"], **window}
    change: Any = perform(Change(), "order", user=world.lead, data=data, now=MONDAY).ticket
    ordered = said_beforehand(change)
    for _step in range(60):
        name, typed = dice.choice(TRIES)
        try:
            change = act(change, name, dice.choice([world.lead, world.people["changer"]]), now=MONDAY, **typed)
            done.add(name)
        except ActionError:
            change = Change.objects.get(pk=change.pk)
        assert (change.state, said_beforehand(change)) == ("scheduled", ordered)

    assert {"edit", "choose_implementers"} <= done
    change = act(change, "start", world.engineer, now=change.planned_start)
    assert (change.state, said_beforehand(change)) == ("implementing", ordered)


SOLUTION = {"solution": "限制连接池", "expected_effect": "不再耗尽", "test_result": "压测通过", "estimate_hours": "16"}
#: What the owner of a problem may try, with input.
STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("edit", {"summary": "错字"}),
    ("edit", {"level": "high", "let_approvals_fall": "on"}),
    ("edit", {"level": "low", "let_approvals_fall": "on"}),
    ("edit", {"level": "medium"}),
    ("investigate_again", {"text": "不成立"}),
    *[("confirm_cause", {"root_cause": "没有上限"})] * 3,
    *[("propose", SOLUTION)] * 3,
    *[("implement", {})] * 3,
)


def in_force(problem: Any) -> bool:
    """Whether an approved round is of exactly what the problem says now."""
    digest = digest_of(lines_of(question_of("problem", "solution"), problem))
    return ApprovalRound.objects.filter(ticket=problem, outcome="approved", digest=digest).exists()


@pytest.mark.slow
@pytest.mark.req("PRB-06")
@pytest.mark.parametrize("seed", range(4))
def test_no_solution_is_carried_out_that_was_not_approved_as_it_stands(world: World, seed: int) -> None:
    people = [make_user("pm", "problem_manager"), make_user("ps", "problem_supervisor")]
    owner = make_user("po", "problem_analyst")
    dice, seen = random.Random(seed), set()  # noqa: S311 - as above
    raised = {"summary": "连接池反复耗尽", "problem_source": "incident", "level": "medium"}
    problem: Any = act(Problem(), "register", world.desk, now=MONDAY, **raised)
    chosen = {"level": "medium", "problem_category": "software", "group": "host", "assignee": "po"}
    problem = act(act(problem, "assign", people[0], now=MONDAY, **chosen), "investigate", owner, now=MONDAY)
    for _step in range(80):
        try:
            if dice.random() < 0.6:
                name, typed = dice.choice(STEPS)
                act(problem, name, owner, now=MONDAY, **typed)
            else:
                made = ApprovalRound.objects.filter(ticket=problem).order_by("-pk")[0]
                decide(pk=made.pk, user=reload_user(dice.choice(people)), verdict="approve", now=MONDAY)
        except (ActionError, IndexError):
            pass
        problem = Problem.objects.get(pk=problem.pk)
        seen.add(problem.state)
        if problem.state in ("approved", "implementing"):
            assert in_force(problem)

    assert {"proposed", "implementing"} <= seen


def _something(change: Any, world: World, dice: random.Random) -> Any:
    """A random step of the requester, the change manager or somebody who decides."""
    who = dice.choice(["requester", "requester", "manager", "decider"])
    if who == "requester":
        name, typed = dice.choice(EDITS)
        return act(change, name, world.lead, now=MONDAY, **typed)
    if who == "manager":
        return act(change, "accept", world.people["changer"], now=MONDAY)
    for made in ApprovalRound.objects.filter(ticket=change).order_by("-pk")[:1]:
        verdict = dice.choice(["approve", "approve", "return"])
        person = dice.choice([world.approver, world.people["changer"], world.lead])
        decide(pk=made.pk, user=reload_user(person), verdict=verdict, reason="x", now=MONDAY)
    return Change.objects.get(pk=change.pk)
