"""Who decides what, in which order, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Role, User
from approvals.decisions.deciding import decide, decide_many
from approvals.decisions.falling import standing, would_fall
from approvals.delegation.delegating import delegate, end_delegation
from approvals.due import run_due
from approvals.models import ApprovalRound, Ask, Decision, Policy
from approvals.policy.policies import publish
from approvals.questions import Question
from approvals.services import ask
from duty.models import Absence
from notifications.models import Delivery, Notice
from tests.approvals.conftest import edit
from tests.factories import MONDAY, World, act, make_user, reload_user
from tests.second_kind.models import Visit
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionForbidden, ActionNotFound
from tickets.models import ImpactLevel, Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-03")]
Make = Callable[..., Policy]
AskFor = Callable[..., ApprovalRound]
LATER = MONDAY + timedelta(hours=1)


def say(made: ApprovalRound, user: User, verdict: str = "approve", **more: Any) -> Decision:
    """Decide an hour after it was asked."""
    more.setdefault("now", LATER)
    return decide(pk=made.pk, user=reload_user(user), verdict=verdict, **more)


def outcome(made: ApprovalRound) -> str:
    """How the round stands."""
    return ApprovalRound.objects.get(pk=made.pk).outcome


def told(event: str) -> list[str]:
    """Who was told in the portal, in order of names."""
    found = Delivery.objects.filter(notice__event=event, channel="portal").values_list(
        "recipient__username", flat=True
    )
    return sorted(str(name) for name in found)


def timeline(visit: Visit) -> list[str]:
    """What approvals left in the timeline."""
    return list(visit.timeline.filter(action__startswith="approval_").order_by("pk").values_list("action", flat=True))


def test_steps_follow_one_another_and_the_kind_is_told_once(
    world: World, policy: Make, asked: AskFor, boss: User, visit: Visit, ended: list[Any]
) -> None:
    policy(
        ("all", 1, [("department_manager", None)]), ("any", 1, [("person", world.owner), ("role", "change_approver")])
    )
    made = asked(text="请批准")
    assert told("approval_asked") == ["boss"]

    with pytest.raises(ActionForbidden, match=r"earlier|更早|前"):
        say(made, world.owner)
    say(made, boss)
    assert (outcome(made), ended) == ("open", [])
    assert told("approval_asked") == ["approver", "boss", "owner"]

    say(made, world.approver)
    assert (outcome(made), ended) == ("approved", [("ended", "approved")])
    with pytest.raises(ActionConflict):
        say(made, world.owner)
    assert timeline(visit) == [
        "approval_asked",
        "approval_decided_approve",
        "approval_decided_approve",
        "approval_complete",
    ]
    assert Notice.objects.filter(event="approval_ended").count() == 1


def test_quorum_ends_the_step_and_tells_the_third(world: World, policy: Make, asked: AskFor) -> None:
    people = [world.owner, world.manager, world.lead]
    policy(("some", 2, [("person", one) for one in people]), ("all", 1, [("role", "change_approver")]))
    made = asked()
    say(made, world.owner)
    assert not Ask.objects.filter(person=world.owner, waits=True).exists()
    with pytest.raises(ActionConflict):
        say(made, world.owner)
    say(made, world.manager)

    assert told("approval_settled") == ["lead"]
    with pytest.raises(ActionForbidden):
        say(made, world.lead)
    assert Decision.objects.count() == 2


@pytest.mark.parametrize(("verdict", "end"), [("refuse", "refused"), ("return", "returned")])
def test_refusal_and_condition_end_the_round_with_a_reason(
    world: World, policy: Make, asked: AskFor, ended: list[Any], verdict: str, end: str
) -> None:
    policy(("all", 1, [("person", world.owner)]), ("all", 1, [("person", world.manager)]))
    made = asked()
    with pytest.raises(ActionConflict):
        say(made, world.owner, verdict)
    assert not Decision.objects.exists()
    say(made, world.owner, verdict, reason="先测试回退")

    assert (outcome(made), ended) == (end, [("ended", end)])
    with pytest.raises((ActionConflict, ActionNotFound)):
        say(made, world.manager)
    assert told("approval_asked") == ["owner"]


@pytest.mark.req("PRB-06")
def test_four_eyes_hold_in_code_and_in_the_database(world: World, policy: Make, asked: AskFor, visit: Visit) -> None:
    """The requester, the last editor and the implementer decide neither alone nor for others nor by role."""
    second = make_user("desk_again", "change_approver", employee_number="E7")
    world.desk.employee_number = "E7"
    world.desk.save()
    edit(visit, world)
    visit.refresh_from_db()
    for person in (world.desk, world.manager):
        person.roles.add(Role.objects.get(code="change_approver"))
    policy(("all", 1, [("role", "change_approver")]), ("all", 1, [("person", world.owner)]))
    made = asked()

    assert set(made.excluded.values_list("person__username", "why")) == {("desk", "requester"), ("manager", "editor")}
    assert set(made.asks.values_list("person__username", flat=True)) == {"approver"}
    for person in (world.desk, world.manager, second):
        with pytest.raises((ActionForbidden, ActionNotFound)):
            say(made, person)
    step = made.steps.get(position=1)
    for person, other in ((world.desk, None), (second, None), (world.lead, world.desk)):
        with pytest.raises(DatabaseError, match="four eyes"), transaction.atomic():
            Decision.objects.create(
                round=made,
                step=step,
                slot=step.slots.get(),
                person=person,
                for_person=other,
                verdict="approve",
                at=MONDAY,
                via="web",
                digest=made.digest,
            )
    later = made.steps.get(position=2)
    with pytest.raises(DatabaseError, match="not open"), transaction.atomic():
        Decision.objects.create(
            round=made,
            step=later,
            slot=later.slots.get(),
            person=world.owner,
            verdict="approve",
            at=MONDAY,
            via="web",
            digest=made.digest,
        )
    for statement in ("DELETE FROM approvals_excluded", "UPDATE approvals_approvalround SET digest = 'x'"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert not Decision.objects.exists()


def test_decisions_are_never_changed_or_removed(world: World, policy: Make, asked: AskFor) -> None:
    policy(("all", 1, [("person", world.owner)]))
    say(asked(), world.owner)
    for statement in ("UPDATE approvals_decision SET verdict = 'refuse'", "DELETE FROM approvals_decision"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_nobody_decides_as_somebody_else(world: World, policy: Make, asked: AskFor) -> None:
    policy(("all", 1, [("person", world.owner)]))
    made = asked()
    for name, person in world.people.items():
        if name != "owner":
            with pytest.raises((ActionForbidden, ActionNotFound)):
                say(made, person)
    assert not Decision.objects.exists()


def test_delegate_of_the_period_decides_and_both_names_stay(world: World, policy: Make, asked: AskFor) -> None:
    policy(("all", 1, [("person", world.owner)]))
    made = asked()
    span = {"starts_at": MONDAY, "ends_at": MONDAY + timedelta(days=1)}
    made_over = delegate(person=world.owner, deputy=world.lead, by=world.owner, now=MONDAY, **span)
    assert told("approval_asked") == ["lead", "owner"]
    with pytest.raises(ActionForbidden):
        say(made, world.lead, now=MONDAY + timedelta(days=2))

    decision = say(made, world.lead)
    assert (decision.person, decision.for_person) == (world.lead, world.owner)
    end_delegation(delegation=made_over, now=LATER)
    assert Decision.objects.get().for_person == world.owner


def test_whoever_may_decide_for_themselves_and_for_another_decides_for_themselves(
    world: World, policy: Make, asked: AskFor
) -> None:
    policy(("all", 1, [("person", world.owner), ("person", world.lead)]))
    span = {"starts_at": MONDAY, "ends_at": MONDAY + timedelta(days=1)}
    delegate(person=world.owner, deputy=world.lead, by=world.owner, now=MONDAY, **span)
    made = asked()

    decision = say(made, world.lead)

    assert (decision.for_person, decision.slot.position) == (None, 2)
    assert outcome(made) == "open"


def test_delegation_to_come_asks_when_it_begins_and_no_longer_when_it_is_over(
    world: World, policy: Make, asked: AskFor
) -> None:
    policy(("all", 1, [("person", world.owner)]))
    made = asked()
    begin, end = MONDAY + timedelta(hours=2), MONDAY + timedelta(hours=4)
    delegate(person=world.owner, deputy=world.lead, by=world.owner, now=MONDAY, starts_at=begin, ends_at=end)
    Absence.objects.create(
        user=world.owner, deputy=world.engineer, starts_at=begin, ends_at=end, made_by=world.owner, made_at=MONDAY
    )

    seen = []
    for moment in (MONDAY, begin, begin, end):
        run_due(moment)
        seen.append(sorted(made.asks.filter(waits=True).values_list("person__username", flat=True)))
    assert seen == [["owner"], ["engineer", "lead", "owner"], ["engineer", "lead", "owner"], ["owner"]]
    assert told("approval_asked") == ["engineer", "lead", "owner"]


def test_delegate_of_the_requester_and_delegate_who_is_the_requester_are_refused(
    world: World, policy: Make, asked: AskFor
) -> None:
    policy(("any", 1, [("person", world.owner), ("person", world.desk)]))
    span = {"starts_at": MONDAY, "ends_at": MONDAY + timedelta(days=1), "now": MONDAY}
    delegate(person=world.desk, deputy=world.lead, by=world.desk, **span)
    delegate(person=world.owner, deputy=world.desk, by=world.owner, **span)
    made = asked()

    for person in (world.lead, world.desk):
        with pytest.raises(ActionForbidden):
            say(made, person)
    assert set(made.asks.values_list("person__username", flat=True)) == {"owner"}


def test_lost_role_and_removed_person_decide_nothing(world: World, policy: Make, asked: AskFor) -> None:
    policy(("any", 1, [("role", "change_approver"), ("person", world.owner)]))
    made = asked()
    world.approver.roles.clear()
    with pytest.raises((ActionForbidden, ActionNotFound)):
        say(made, world.approver)
    User.objects.filter(pk=world.owner.pk).update(is_active=False)
    with pytest.raises((ActionForbidden, ActionNotFound)):
        say(made, world.owner)
    assert outcome(made) == "open"


def test_step_with_nobody_is_not_asked(world: World, policy: Make, asked: AskFor) -> None:
    policy(("all", 1, [("department_manager", None)]))
    with pytest.raises(ActionConflict):
        asked()
    assert not ApprovalRound.objects.exists()


def test_edit_of_substance_lets_approvals_fall_and_says_the_difference(
    world: World, policy: Make, asked: AskFor, visit: Visit, ended: list[Any]
) -> None:
    policy(("all", 1, [("person", world.owner)]))
    made = asked()
    say(made, world.owner)
    ended.clear()
    act(visit, "note", world.desk, now=MONDAY, text="错字已改")
    assert outcome(made) == "approved"

    edit(visit, world)
    assert (outcome(made), ended, standing(visit)) == ("fallen", [("fell", "fallen")], [])
    notice = Notice.objects.get(event="approval_fell")
    assert "network" in notice.payload["text"]["en"]
    assert told("approval_fell") == ["desk", "owner"]
    with pytest.raises(ActionConflict, match=r"content|内容"):
        say(made, world.owner)
    assert timeline(visit)[-1] == "approval_fell"


def test_what_would_fall_is_named_by_what_really_changes(
    world: World, policy: Make, asked: AskFor, visit: Visit, question: Question
) -> None:
    policy(("all", 1, [("person", world.owner)]))
    asked()
    same, other = f"  {visit.summary} ", ImpactLevel.objects.get(pk="I1")

    assert would_fall(question, visit, {"summary": same, "impact": visit.impact, "comment": "?"}) == []
    assert would_fall(question, visit, {"summary": same, "impact": other}) == ["impact"]


def test_content_that_changed_around_the_door_is_not_approved(
    world: World, policy: Make, asked: AskFor, visit: Visit
) -> None:
    policy(("all", 1, [("person", world.owner)]))
    made = asked()
    Ticket.objects.filter(pk=visit.pk).update(summary="去别的机房")
    with pytest.raises(ActionConflict):
        say(made, world.owner)
    assert (outcome(made), Decision.objects.count()) == ("fallen", 0)


def test_edited_policy_and_removed_people_change_no_past_round(world: World, policy: Make, asked: AskFor) -> None:
    made_of = policy(("all", 1, [("person", world.owner)]))
    made = asked()
    say(made, world.owner, reason="可以")
    before = history(made)

    policy(("all", 1, [("person", world.lead)]))
    User.objects.filter(pk=world.owner.pk).update(is_active=False)
    assert [version.number for version in made_of.versions.all()] == [2, 1]
    assert publish(policy=made_of, by=world.admin, now=LATER) is None
    assert history(made) == before
    again = asked()
    assert (again.number, again.policy["version"], again.asks.get().person) == (2, 2, world.lead)


def history(made: ApprovalRound) -> Any:
    """All that is on record of a round."""
    made = ApprovalRound.objects.get(pk=made.pk)
    rows = made.decisions.values_list("person__username", "verdict", "reason", "at", "digest")
    return (made.content, made.digest, made.policy, list(rows))


def test_time_reminds_then_asks_the_substitute_and_never_approves(world: World, policy: Make, asked: AskFor) -> None:
    policy(("all", 1, [("person", world.owner)]), substitute="change_approver")
    made = asked()
    assert run_due(MONDAY + timedelta(hours=1)) == 0
    assert (run_due(MONDAY + timedelta(hours=12)), told("approval_reminder")) == (1, ["owner"])
    with pytest.raises((ActionForbidden, ActionNotFound)):
        say(made, world.approver)
    late = MONDAY + timedelta(hours=24)
    assert (run_due(late), run_due(late)) == (1, 0)
    assert told("approval_overdue") == ["approver", "desk", "owner"]
    assert outcome(made) == "open"
    assert run_due(MONDAY + timedelta(days=400)) == 1  # it looks who may decide by now

    decision = say(made, world.approver, now=late)
    assert (decision.person, decision.for_person, outcome(made)) == (world.approver, None, "approved")


@pytest.mark.slow
@pytest.mark.req("DESK-02")
def test_bulk_does_what_may_be_done_and_lists_the_rest(world: World, policy: Make) -> None:
    """Fifty chosen, three of them not allowed: 47 done, three with a reason."""
    policy(("any", 1, [("person", world.owner), ("person", world.lead)]))
    rounds = []
    for number in range(50):
        data = {"summary": f"去机房 {number}", "impact": "I4"}
        trip = perform(Visit(), "register", user=world.desk, data=data, now=MONDAY).ticket
        by = world.owner if number == 7 else world.desk
        rounds.append(ask(ticket=trip, purpose="trip", user=by, now=MONDAY))
    Ticket.objects.filter(pk=rounds[0].ticket_id).update(summary="改了")
    say(rounds[1], world.lead)

    done, refused = decide_many(pks=[one.pk for one in rounds], user=world.owner, verdict="approve", reason="")
    assert (len(done), [one.pk for one in refused]) == (47, [rounds[0].pk, rounds[1].pk, rounds[7].pk])
    assert all(str(one.reason) for one in refused)
