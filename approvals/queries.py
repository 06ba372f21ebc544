"""Reading rounds for pages and API: how each stands, what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from accounts.codes import in_language
from accounts.models import User
from approvals.content import difference, labelled
from approvals.models import ApprovalRound, Ask, Decision, Outcome, Rule, Slot, Step
from approvals.questions import label_of
from tickets.models import Ticket

TONES = {"open": "info", "approved": "ok", "refused": "late", "returned": "soon", "fallen": "late"}


@dataclass(frozen=True)
class PlaceLine:
    """A place of a step: who is meant, who was asked, what was decided."""

    name: str
    asked: list[Ask]
    decision: Decision | None


@dataclass(frozen=True)
class StepLine:
    """A step as pages and API show it."""

    step: Step
    needs: str
    tone: str
    places: list[PlaceLine]
    is_late: bool


@dataclass(frozen=True)
class Shown:
    """A round as pages and API show it. ``changed``: what differs from the round before."""

    round: ApprovalRound
    question: str
    tone: str
    policy: str
    lines: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    steps: list[StepLine] = field(default_factory=list)


def full(found: QuerySet[ApprovalRound]) -> QuerySet[ApprovalRound]:
    """Load all of it: seven queries for any number of rounds."""
    slots = Slot.objects.order_by("position").prefetch_related(
        Prefetch("asks", Ask.objects.select_related("person", "for_person").order_by("pk")),
        Prefetch("decisions", Decision.objects.select_related("person", "for_person")),
    )
    steps = Step.objects.order_by("position").prefetch_related(Prefetch("slots", slots))
    return found.select_related("ticket", "ticket__priority", "asked_by").prefetch_related(Prefetch("steps", steps))


def rounds_of(ticket: Ticket) -> list[ApprovalRound]:
    """Every round about ``ticket``, the newest first, loaded."""
    return list(full(ApprovalRound.objects.filter(ticket_id=ticket.pk)).order_by("-asked_at", "-pk"))


def show(made: ApprovalRound, now: datetime, before: ApprovalRound | None = None) -> Shown:
    """How ``made`` stands at ``now``, in the active language; ``before``: the round before it."""
    changed = difference(before.content, made.content) if before else []
    return Shown(
        round=made,
        question=label_of(made.ticket.kind, made.purpose),
        tone=TONES.get(made.outcome, "neutral"),
        policy=in_language(made.policy["zh"], made.policy["en"]),
        lines=labelled(made.content),
        changed=labelled(changed),
        steps=[_step_line(step, now) for step in made.steps.all()],
    )


def _step_line(step: Step, now: datetime) -> StepLine:
    places = [
        PlaceLine(
            in_language(slot.who["zh"], slot.who["en"]),
            list(slot.asks.all()),
            next(iter(slot.decisions.all()), None),
        )
        for slot in step.slots.all()
    ]
    late = step.outcome == Outcome.OPEN and step.due_at is not None and step.due_at <= now
    return StepLine(step, _needs(step, len(places)), TONES.get(step.outcome, "neutral"), places, late)


def _needs(step: Step, count: int) -> str:
    """How many must approve, as a fraction: 2/3; empty when all must."""
    return "" if step.rule == Rule.ALL or count == 1 else f"{step.needed}/{count}"


def before(made: ApprovalRound) -> ApprovalRound | None:
    """The round before ``made`` about the same question."""
    found = ApprovalRound.objects.filter(ticket_id=made.ticket_id, purpose=made.purpose, number__lt=made.number)
    return found.order_by("-number").first()


def to_decide(user: User) -> QuerySet[ApprovalRound]:
    """What waits for ``user``, the most pressing first, loaded."""
    return full(_pressing(ApprovalRound.objects.waiting_for(user)))


def _pressing(found: QuerySet[ApprovalRound]) -> QuerySet[ApprovalRound]:
    return found.order_by("ticket__priority_rank", "asked_at", "pk")


@dataclass(frozen=True)
class Waits:
    """A line of "to decide". ``changed``: what differs from the round before, nothing where there is none."""

    round: ApprovalRound
    question: str
    due_at: datetime | None
    is_late: bool
    changed: list[dict[str, Any]]


def lines_to_decide(user: User, now: datetime, limit: int) -> tuple[list[Waits], int]:
    """The most pressing ``limit`` rounds that wait for ``user`` at ``now``, and how many wait.

    Three queries, for any number. What is asked is read when a line is opened: it may be long.
    """
    waiting = ApprovalRound.objects.waiting_for(user)
    due = Step.objects.filter(round=OuterRef("pk"), outcome=Outcome.OPEN).values("due_at")[:1]
    related = ("ticket__priority", "asked_by")
    shown = waiting.annotate(due_at=Subquery(due)).select_related(*related).defer("content", "policy")
    rounds = list(_pressing(shown)[:limit])
    changed = _changes_of([made for made in rounds if made.number > 1])
    lines = [
        Waits(
            round=made,
            question=label_of(made.ticket.kind, made.purpose),
            due_at=made.due_at,  # type: ignore[attr-defined]  # annotated
            is_late=made.due_at is not None and made.due_at <= now,  # type: ignore[attr-defined]
            changed=changed.get(made.pk, []),
        )
        for made in rounds
    ]
    return lines, len(lines) if len(lines) < limit else waiting.count()


def _changes_of(rounds: list[ApprovalRound]) -> dict[int, list[dict[str, Any]]]:
    """What differs between each of ``rounds`` and the one before it, by key. One query, none without rounds."""
    if not rounds:
        return {}
    same = ApprovalRound.objects.filter(ticket__in=[made.ticket_id for made in rounds])
    contents = {
        (ticket, purpose, number): content
        for ticket, purpose, number, content in same.values_list("ticket_id", "purpose", "number", "content")
    }
    return {
        made.pk: labelled(
            difference(
                contents.get((made.ticket_id, made.purpose, made.number - 1), []),
                contents[made.ticket_id, made.purpose, made.number],
            )
        )
        for made in rounds
    }


def decided_by(user: User, limit: int) -> list[Decision]:
    """What ``user`` decided last, with round and ticket. One query."""
    found = Decision.objects.filter(person=user).select_related("round__ticket").defer("round__content")
    return list(found.order_by("-at", "-pk")[:limit])
