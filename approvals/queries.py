"""Reading rounds for pages and API: how each stands, what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet

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
    """What waits for ``user``, the most pressing first."""
    found = ApprovalRound.objects.waiting_for(user)
    return full(found).order_by("ticket__priority_rank", "asked_at", "pk")


def decided_by(user: User) -> QuerySet[ApprovalRound]:
    """What ``user`` decided, the newest first."""
    return full(ApprovalRound.objects.filter(decisions__person=user).distinct()).order_by("-asked_at", "-pk")
