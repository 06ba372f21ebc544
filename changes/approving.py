"""What approvals of changes are about, and what follows from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from approvals.content import in_parts, line_of
from approvals.models import ApprovalRound, Decision, Outcome
from approvals.questions import Concern, Line, Question, register_question
from changes.codes import EMERGENCY, MAJOR, ChangeType
from changes.collision.collisions import GRADE_TONES, Collision, Grade, collisions_of
from changes.collision.readings import DECIDED, keep
from changes.collision.signing import SHOWN, key_of, sentence_of, sign
from changes.models import Change, PlanStep
from changes.recurring.versions import authors_of
from changes.states import Risk, States
from tickets.actions import perform
from tickets.errors import ActionConflict
from tickets.forms import json_value

PURPOSE = "change"
#: Columns that an approval binds to; an edit of any other one keeps it.
SUBSTANCE = (
    "change_type",
    "description",
    "reason",
    "effect",
    "scope",
    "business_system",
    "planned_start",
    "planned_end",
    "plan",
    "back_out",
    "back_out_tested",
    "resources",
    "risk",
)
#: What the kind does when a round ends.
FOLLOWS = {Outcome.APPROVED: "approved", Outcome.REFUSED: "refused", Outcome.RETURNED: "returned"}


def further_lines(change: Change) -> list[Line]:
    """Configuration items, steps and, of a major change, who implements it."""
    items = sorted(item.identifier for item in change.items.all())
    steps = [_step_value(step) for step in change.steps.select_related("person")]
    lines = [line_of("items", _("configuration items"), items), line_of("steps", _("steps"), steps)]
    if edits := [edit.sentence for edit in change.edits.select_related("item", "other", "relation_type")]:
        lines.append(line_of("edits", _("edits of configuration items"), edits))
    if change.change_type_id == MAJOR:
        who = [json_value(row) for row in (change.group, change.assignee) if row is not None]
        lines.append(line_of("implementers", _("implementers"), who))
    return lines


def _step_value(step: PlanStep) -> dict[str, Any]:
    """The step in parts: people read names and their own time; what is compared has user names and UTC."""
    span = [moment for moment in (step.planned_from, step.planned_to) if moment]
    times = " – ".join(moment.astimezone(UTC).strftime("%m-%d %H:%MZ") for moment in span)
    whose = step.person.username if step.person else ""
    head, tail = [f"{step.position}. {step.what}", "⚑" if step.no_return else ""], [step.check_text, step.back_out]
    text = " · ".join(part for part in (*head, whose, times, *tail) if part)
    begin, end = json_value(step.planned_from), json_value(step.planned_to)
    parts = [*head, json_value(step.person), {"from": begin, "to": end} if span else None, *tail]
    return in_parts(text, [part for part in parts if part])


def actions_of_substance(change: Change) -> Iterable[str]:
    """Actions that change steps, items and, of a major change, implementers."""
    named = ("choose_implementers",) if change.change_type_id == MAJOR else ()
    items = ("add_items", "add_items_by_query", "remove_items", "remove_items_by_query")
    edits = ("prepare_value", "prepare_item", "prepare_relation", "drop_edit")
    return ("order", "add_step", "edit_step", "remove_step", *items, *edits, *named)


def askers(change: Change) -> Iterable[User]:
    """Who registered or submitted it, and who wrote the rule by which it comes again, do not approve it either."""
    asking = Q(pk=change.registered_by_id)
    asking |= Q(pk__in=change.timeline.filter(action__in=("register", "order", "submit")).values("actor"))
    asking |= Q(pk__in=authors_of(change))
    return User.objects.filter(asking)


def implementers(change: Change) -> Iterable[User]:
    """Whoever may carry a major change out does not approve it: assignee, the whole group, persons of its steps."""
    if change.change_type_id != MAJOR:
        return ()
    working = Q(pk=change.assignee_id) | Q(pk__in=change.steps.values("person"))
    if change.group_id:
        working |= Q(support_groups=change.group_id)
    return User.objects.filter(working).distinct()


def concerns(change: Change, user: User, now: datetime) -> list[Concern]:
    """What it collides with as it stands now, the worst first; a customer learns of no other change by it."""
    return [
        Concern(
            key=key_of(one),
            tone=GRADE_TONES[one.grade],
            label=one.grade.label,
            text=told_to(user, one),
        )
        for one in collisions_of(change, now)
    ]


def told_to(user: User, one: Collision) -> str:
    """A collision as ``user`` may read it: customers the rule, staff also the other change, what and whom to ask."""
    return sentence_of(one) if user.may(Permission.INTERNAL) else str(one.reason.label)


def decided(*, round: ApprovalRound, decision: Decision, seen: Collection[str]) -> None:
    """Whoever approves an emergency that collides hard signs for that: they have read it, and say why it goes on.

    Others are not asked before somebody has signed. What stood at any decision is kept. Raises ActionConflict for what
    was not read, or without a reason.
    """
    change = Change.objects.get(pk=round.ticket_id)
    found = collisions_of(change, decision.at)
    keep(change=change, found=found, occasion=DECIDED, now=decision.at)
    if change.change_type_id != EMERGENCY or decision.verdict != Decision.Verdict.APPROVE:
        return
    hard = [one for one in found if one.grade is Grade.HARD]
    unread = [one for one in hard if key_of(one) not in seen]
    if unread:
        said = _("It collides hard, which you have not read: %(reasons)s. Read it on its page and decide there.")
        raise ActionConflict(said % {"reasons": "; ".join(told_to(decision.person, one) for one in unread[:SHOWN])})
    if hard and not decision.reason:
        raise ActionConflict(_("Say why it goes on although it collides hard: you sign for that."))
    if hard:
        sign(change=change, collisions=hard, user=decision.person, reason=decision.reason, now=decision.at)


def ended(*, round: ApprovalRound, now: datetime, **context: Any) -> None:
    """Move the change on as it was decided."""
    perform(Change.objects.get(pk=round.ticket_id), FOLLOWS[Outcome(round.outcome)], user=None, now=now)


def fell(*, round: ApprovalRound, now: datetime, **context: Any) -> None:
    """Let it be approved anew."""
    change = Change.objects.get(pk=round.ticket_id)
    if change.state in (States.APPROVING, States.SCHEDULED):
        perform(change, "lapse", user=None, now=now)


register_question(
    Question(
        kind="change",
        purpose=PURPOSE,
        label=_("Approval of a change"),
        fields=SUBSTANCE,
        also=further_lines,
        actions=actions_of_substance,
        askers=askers,
        implementers=implementers,
        grade=lambda change: change.change_type_id,
        risk=lambda change: change.risk,
        grades=lambda: [(row.code, row.name) for row in ChangeType.objects.all()],
        risks=lambda: Risk.choices,
        binds=lambda change: change.state in (States.APPROVING, States.SCHEDULED),
        ended=ended,
        fell=fell,
        keeps_asked=True,
        concerns=concerns,
        decided=decided,
        urgent=lambda change: change.change_type_id == EMERGENCY,
    )
)
