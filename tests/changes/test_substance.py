"""What approvers read is what they approve: each column is of substance, or named here with the reason (CHG-03)."""

from __future__ import annotations

from typing import Any

import pytest

from approvals.content import digest_of, lines_of
from approvals.models import ApprovalRound
from approvals.questions import question_of
from changes.approving import PURPOSE, SUBSTANCE
from changes.models import Change, PlanStep, PreparedEdit
from tests.changes.making import approve, request, staffed
from tests.factories import MONDAY, World, act
from tickets.errors import ActionInvalid
from tickets.lifecycle import kind_of
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-03")]

#: Columns of a change to which no approval binds, by the reason.
FREE = {
    "names and sorts it, says nothing of what is done": ("summary", "domain", "precedence"),
    "who outside asked for it; why it is done is of substance": ("third_party",),
    "written by the change managers before anybody is asked, and not afterwards": ("assessment",),
    "the template that was approved beforehand, set once": ("template_version",),
    "where it came from, set once": ("raised_from",),
    "what customers read of it, in their words; its effect is of substance": ("notice_zh", "notice_en"),
    "how it went, recorded when it was carried out": (
        *("expected_end", "actual_start", "actual_end", "result", "result_text", "decision", "helped"),
        *("difference_settled_at", "expected_reached", "rating", "business_view", "interruption_minutes"),
        *("lessons", "improvement", "reviewed_by", "reviewed_at"),
    ),
    "when it took which step, and what it owes": (
        *("submitted_at", "checked_at", "record_since", "record_completed_at", "notice_since", "noticed_at"),
        *("operator", "ordered_at", "returned_at"),
    ),
    "follows from the step that is the point of no return, which is of substance": ("no_return_at",),
    "the ticket beneath it": ("ticket_ptr",),
}
#: The same of steps; edits are of substance as the sentence in which they are shown.
FREE_STEP = {
    "how it went": ("status", "started_at", "ended_at", "reported_by", "received_at", "note"),
    "the row": ("id", "change"),
}
STEP = ("position", "what", "person", "planned_from", "planned_to", "check_text", "back_out", "no_return")
FREE_EDIT = {"that it was written": ("applied_at", "applied_by"), "the row": ("id", "change", "position")}
EDIT = ("kind", "item", "identifier", "given", "was", "relation_type", "other", "other_identifier")
#: Columns that all tickets have and the forms of changes write.
FREE_TICKET = {"summary", "requester", "group", "assignee"}


@pytest.mark.parametrize(
    ("model", "bound", "free"),
    [(Change, SUBSTANCE, FREE), (PlanStep, STEP, FREE_STEP), (PreparedEdit, EDIT, FREE_EDIT)],
    ids=["change", "step", "edit"],
)
def test_every_column_is_of_substance_or_named_with_the_reason(
    model: Any, bound: tuple[str, ...], free: dict[str, tuple[str, ...]]
) -> None:
    own = {field.name for field in model._meta.local_concrete_fields}
    named = {name for names in free.values() for name in names}
    assert not named & set(bound)
    assert own == {name for name in (*bound, *named) if name in own}
    assert named - own <= FREE_TICKET


def test_what_all_tickets_have_and_people_type_is_of_substance_or_named() -> None:
    actions = kind_of("change").actions
    typed = {name for action in ("register", "edit") for name in actions[action].form_class.base_fields}
    shared = {field.name for field in Ticket._meta.concrete_fields}
    assert typed & shared <= set(SUBSTANCE) | FREE_TICKET


def approved(world: World) -> Any:
    """A major change that everybody approved."""
    staffed(world)
    changer = world.people["changer"]
    change = act(request(world, "major", assignee="engineer"), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", changer, now=MONDAY)
    change = act(change, "assess", changer, now=MONDAY, risk="high", assessment="需停机")
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    return approve(change, world.people["head"], world.people["leader"], world.approver)


@pytest.mark.parametrize(
    ("name", "value"), [("back_out_tested", "未测试"), ("scope", "test"), ("back_out", "重装"), ("resources", "一人")]
)
def test_an_edit_of_what_was_approved_lets_the_approval_fall(world: World, name: str, value: str) -> None:
    change = approved(world)
    assert change.state == "scheduled"
    with pytest.raises(ActionInvalid) as refused:
        act(change, "edit", world.lead, now=MONDAY, **{name: value})
    assert "let_approvals_fall" in refused.value.form.errors
    change = act(change, "edit", world.lead, now=MONDAY, **{name: value}, let_approvals_fall="on")
    assert change.state == "accepted"
    assert ApprovalRound.objects.get(ticket=change).outcome == "fallen"


def test_what_a_later_release_adds_to_the_substance_lets_nothing_fall_that_was_approved(world: World) -> None:
    change = approved(world)
    made = ApprovalRound.objects.get(ticket=change)
    question = question_of("change", PURPOSE)
    before = [line for line in made.content if line["name"] not in ("scope", "back_out_tested")]
    assert digest_of(lines_of(question, change, before)) == digest_of(before)
