"""Whoever wrote a change, or carries a major one out, does not decide about it; and the other way round (CHG-03)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from approvals.forms import KeepsApprovals
from approvals.models import ApprovalRound
from approvals.questions import every_question
from changes.models import Change
from tests.changes.making import WINDOW, approve, later, request, role, staffed
from tests.factories import MONDAY, World, act, make_user, reload_user
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionForbidden, ActionNotFound
from tickets.lifecycle import kind_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-03")]
AN_HOUR = MONDAY + timedelta(hours=1)


def kept_away(change: Any) -> dict[str, str]:
    """Who may not decide the newest round, and why."""
    made = ApprovalRound.objects.filter(ticket=change).latest("pk")
    return dict(made.excluded.values_list("person__username", "why"))


def accepted(world: World, kind: str = "simple", **typed: Any) -> Any:
    """A change that the lead submitted and the change manager accepted, a major one assessed."""
    staffed(world)
    changer = world.people["changer"]
    change = act(request(world, kind, **typed), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", changer, now=MONDAY)
    if kind == "major":
        change = act(
            change, "assess", make_user("assessor", "change_manager"), now=MONDAY, risk="high", assessment="大"
        )
    return change


@pytest.mark.parametrize("last", ["add", "remove"])
def test_whoever_edited_the_plan_last_does_not_approve_it(world: World, last: str) -> None:
    change = accepted(world)
    role(world.people["changer"], "change_approver")
    writer = reload_user(world.people["changer"])
    if last == "remove":
        change = act(change, "add_step", world.lead, now=MONDAY, what="备份")
        change = act(change, "remove_step", writer, now=AN_HOUR, step=1)
    else:
        change = act(change, "add_step", writer, now=AN_HOUR, what="删库")
    change = act(change, "ask_approval", world.lead, now=AN_HOUR)

    assert kept_away(change) == {"changer": "editor", "lead": "requester"}
    with pytest.raises((ActionForbidden, ActionNotFound)):
        approve(change, writer)


def test_whoever_chose_the_implementers_of_a_major_change_wrote_it(world: World) -> None:
    change = accepted(world, "major")
    change = act(
        change, "choose_implementers", world.people["changer"], now=AN_HOUR, group="host", assignee="engineer2"
    )
    assert kept_away(act(change, "ask_approval", world.lead, now=AN_HOUR))["changer"] == "editor"


def test_choosing_the_implementers_of_a_simple_change_hides_nobody_who_wrote_it(world: World) -> None:
    change = accepted(world)
    change = act(change, "add_step", world.people["changer"], now=MONDAY, what="备份")
    change = act(change, "choose_implementers", world.lead, now=AN_HOUR, group="host", assignee="engineer2")
    assert kept_away(act(change, "ask_approval", world.lead, now=AN_HOUR))["changer"] == "editor"


def test_every_action_that_lets_approvals_fall_counts_as_an_edit() -> None:
    """Either its columns tell it, or the kind declares it."""
    change = Change(change_type_id="major")
    for question in every_question():
        actions = kind_of(question.kind).actions.values()
        for action in actions:
            if not issubclass(action.form_class, KeepsApprovals):
                continue
            told = set(action.form_class.base_fields) & set(question.fields)
            assert told or action.name in question.actions(change), action.name


def test_everybody_who_may_carry_a_major_change_out_is_kept_from_approving_it(world: World) -> None:
    change = accepted(world, "major", assignee="engineer")
    change = act(change, "add_step", world.lead, now=MONDAY, what="备份", person="desk")
    change = act(change, "assess", world.people["changer"], now=MONDAY, risk="low", assessment="小")
    found = kept_away(act(change, "ask_approval", world.lead, now=AN_HOUR))
    named = {name for name, why in found.items() if why == "implementer"}
    assert {"engineer", "engineer2", "desk"} <= named


def test_a_group_that_holds_every_decider_is_said_to_be_the_reason(world: World) -> None:
    change = accepted(world, "major", assignee="engineer")
    change.group.members.set(User.objects.all())
    with pytest.raises(ActionConflict, match=r"carries it out|实施"):
        act(change, "ask_approval", world.lead, now=AN_HOUR)
    assert not ApprovalRound.objects.exists()


@pytest.mark.slow
def test_whoever_decided_about_a_major_change_does_not_carry_it_out(world: World) -> None:
    change = accepted(world, "major", assignee="engineer")
    change = act(change, "ask_approval", world.lead, now=AN_HOUR)
    while change.state == "approving":
        change = approve(change, _next_decider(change), now=AN_HOUR)
    decided = ApprovalRound.objects.get(ticket=change).decisions.all()[0].person
    role(decided, "first_line")
    change.group.members.add(decided)

    with pytest.raises(ActionConflict, match=r"decided|决定"):
        act(change, "start", reload_user(decided), now=later(35))
    assert act(change, "start", world.engineer2, now=later(35)).state == "implementing"


def _next_decider(change: Any) -> User:
    """Somebody for whom the round waits."""
    made = ApprovalRound.objects.get(ticket=change, outcome="open")
    return User.objects.filter(approval_asks__round=made, approval_asks__waits=True).order_by("pk")[0]


def approving_manager(world: World) -> User:
    """A change manager who may also approve."""
    staffed(world)
    role(world.people["changer"], "change_approver")
    return reload_user(world.people["changer"])


def test_whoever_registered_or_submitted_it_for_somebody_does_not_approve_it(world: World) -> None:
    """Though the requester touched it last."""
    writer = approving_manager(world)
    typed = {
        "change_type": "simple",
        "summary": "升级",
        "reason": "漏洞",
        "group": "host",
        "requester": "lead",
        **WINDOW,
    }
    registered: Any = perform(Change(), "register", user=writer, data=typed, now=MONDAY).ticket
    registered = act(registered, "submit", world.lead, now=MONDAY)
    submitted = act(request(world, planned_start="2026-11-25T20:00", planned_end="2026-11-25T22:00"), "submit", writer)
    for draft in (registered, submitted):
        change = act(draft, "accept", make_user(f"m-{draft.pk}", "change_manager"), now=MONDAY)
        edited = act(change, "edit", world.lead, now=AN_HOUR, reason="漏洞。")
        change = act(edited, "ask_approval", world.lead, now=AN_HOUR)

        assert kept_away(change)["changer"] == "requester"
        with pytest.raises((ActionForbidden, ActionNotFound)):
            approve(change, writer)


def test_whoever_asked_in_an_earlier_round_does_not_approve_it(world: World) -> None:
    change = accepted(world)
    writer = approving_manager(world)
    change = act(change, "ask_approval", writer, now=AN_HOUR)
    change = act(change, "withdraw_question", writer, now=AN_HOUR, text="再看")
    change = act(change, "edit", world.lead, now=AN_HOUR, reason="漏洞。")
    change = act(change, "ask_approval", world.lead, now=AN_HOUR)

    assert kept_away(change)["changer"] == "requester"
    with pytest.raises((ActionForbidden, ActionNotFound)):
        approve(change, writer)
