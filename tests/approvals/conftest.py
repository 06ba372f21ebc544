"""Visits are asked about here: what is of substance, and what happens when it is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.models import Department, User
from approvals import questions
from approvals.models import ApprovalRound, Policy
from approvals.policy.policies import publish
from approvals.questions import Question, register_question
from approvals.services import ask
from tests.factories import MONDAY, World, act, make_user, reload_user
from tests.second_kind.models import Visit
from tickets.actions import perform

TRIP = "trip"


@pytest.fixture
def ended() -> list[Any]:
    """What the kind was told of rounds that ended or fell: (what, outcome)."""
    return []


@pytest.fixture(autouse=True)
def question(ended: list[Any]) -> Iterator[Question]:
    """A trip may be made when somebody else approves it."""
    made = Question(
        kind="visit",
        purpose=TRIP,
        label="Trip",
        fields=("summary", "impact", "group"),
        implementers=lambda ticket: [ticket.assignee] if ticket.assignee else [],
        ended=lambda *, round, **context: ended.append(("ended", str(round.outcome))),
        fell=lambda *, round, **context: ended.append(("fell", str(round.outcome))),
    )
    register_question(made)
    yield made
    questions._questions.pop(("visit", TRIP))


@pytest.fixture
def policy(world: World) -> Callable[..., Policy]:
    """Make the policy of trips from steps: (rule, needed, deciders); a decider is (kind, value)."""

    def make(*steps: tuple[str, int, list[tuple[str, Any]]], substitute: str | None = None, **fields: Any) -> Policy:
        made, _new = Policy.objects.get_or_create(
            code="trip", defaults={"name_zh": "出差", "name_en": "Trip", "kind": "visit", "purpose": TRIP, **fields}
        )
        made.steps.all().delete()
        made.deciders.all().delete()
        for position, (rule, needed, deciders) in enumerate(steps, start=1):
            made.steps.create(position=position, rule=rule, needed=needed, substitute_role_id=substitute)
            for kind, value in deciders:
                column = {"person": "person", "role": "role_id", "group_lead": "group", "on_duty": "group"}.get(kind)
                made.deciders.create(step=position, kind=kind, **({column: value} if column and value else {}))
        publish(policy=made, by=world.admin, now=MONDAY)
        return made

    return make


@pytest.fixture
def visit(world: World) -> Visit:
    """A visit that the desk plans; the desk is its requester."""
    typed = {"summary": "去机房", "impact": "I4"}
    return perform(Visit(), "register", user=world.desk, data=typed, now=MONDAY).ticket  # type: ignore[return-value]


@pytest.fixture
def asked(visit: Visit, world: World) -> Callable[..., ApprovalRound]:
    """Ask about the visit."""
    return lambda user=None, **more: ask(ticket=visit, purpose=TRIP, user=user or world.desk, now=MONDAY, **more)


@pytest.fixture
def boss(world: World) -> User:
    """The manager of the desk's department."""
    boss = make_user("boss", "system_owner")
    department = Department.objects.create(
        organisation=boss.organisation, name_zh="运维部", name_en="Ops", manager=boss
    )
    world.desk.department = department
    world.desk.save()
    return reload_user(boss)


def edit(visit: Visit, world: World, group: str = "network") -> Visit:
    """An edit of substance."""
    return act(visit, "send", world.manager, now=MONDAY, group=group)
