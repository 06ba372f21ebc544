"""Whatever people do in whatever order: nothing is scheduled that was not approved as it stands (CHG-03)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from approvals.content import digest_of, lines_of
from approvals.deciding import decide
from approvals.models import ApprovalRound
from approvals.questions import question_of
from changes.models import Change
from tests.changes.making import request, staffed
from tests.factories import MONDAY, World, act, make_item, reload_user
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
