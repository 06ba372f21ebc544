"""One person is one voice, a round ends once, and what was asked stays (CHG-03)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from approvals.decisions.deciding import decide
from approvals.delegation.delegating import delegate
from approvals.models import ApprovalRound, Decision, Policy
from tests.factories import MONDAY, World, make_user, reload_user
from tickets.errors import ActionConflict

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-03")]
Make = Callable[..., Policy]
AskFor = Callable[..., ApprovalRound]
LATER = MONDAY + timedelta(hours=1)
THREE = [("role", "change_approver")] * 3


def test_two_accounts_of_one_person_are_one_voice(policy: Make, asked: AskFor) -> None:
    twins = [make_user(name, "change_approver", employee_number="E9") for name in ("twin1", "twin2")]
    policy(("some", 2, THREE))
    made = asked()
    decide(pk=made.pk, user=reload_user(twins[0]), verdict="approve", now=LATER)
    with pytest.raises(ActionConflict):
        decide(pk=made.pk, user=reload_user(twins[1]), verdict="approve", now=LATER)

    assert ApprovalRound.objects.get().outcome == "open"
    step = made.steps.get()
    with pytest.raises(DatabaseError, match="once"), transaction.atomic():
        Decision.objects.create(
            round=made,
            step=step,
            slot=step.slots.get(position=2),
            person=twins[1],
            verdict="approve",
            at=LATER,
            via="web",
            digest=made.digest,
        )


def test_a_delegate_does_not_repeat_the_voice_of_whom_they_stand_in_for(
    world: World, policy: Make, asked: AskFor
) -> None:
    make_user("another", "change_approver")
    policy(("some", 2, THREE))
    span = {"starts_at": MONDAY, "ends_at": MONDAY + timedelta(days=1), "now": MONDAY}
    delegate(person=world.approver, deputy=world.lead, by=world.approver, **span)
    made = asked()
    decide(pk=made.pk, user=reload_user(world.approver), verdict="approve", now=LATER)
    with pytest.raises(ActionConflict):
        decide(pk=made.pk, user=reload_user(world.lead), verdict="approve", now=LATER)
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("change", ["outcome = 'open'", "asked_by_id = NULL", "text = 'other'", "outcome = 'refused'"])
def test_a_round_that_ended_stays_as_it_was_asked_and_ended(
    world: World, policy: Make, asked: AskFor, change: str
) -> None:
    policy(("all", 1, [("person", world.owner)]))
    made = asked()
    decide(pk=made.pk, user=reload_user(world.owner), verdict="approve", now=LATER)
    refused = pytest.raises(DatabaseError, match=r"does not change|has ended")
    with refused, transaction.atomic(), connection.cursor() as sql:
        sql.execute(f"UPDATE approvals_approvalround SET {change}")  # noqa: S608 - written above
    assert ApprovalRound.objects.get().outcome == "approved"
