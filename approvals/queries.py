"""Reading rounds for pages and API: how each stands, what waits for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from accounts.codes import in_language
from accounts.models import User
from approvals.content import difference, labelled
from approvals.models import ApprovalRound, Ask, Decision, Outcome, Rule, Slot, Step
from approvals.questions import Concern, label_of, question_of
from tickets.models import Ticket

#: What a line of "to decide" shows: a ticket has many columns, and a round may be long.
SHOWN_COLUMNS = (
    *(
        "number",
        "purpose",
        "digest",
        "text",
        "urgent",
        "asked_at",
        "ticket__number",
        "ticket__kind",
        "ticket__summary",
    ),
    *("ticket__priority__name_zh", "ticket__priority__name_en", "asked_by__username"),
    *("asked_by__full_name", "asked_by__full_name_en"),
)
TONES = {"open": "info", "approved": "ok", "refused": "late", "returned": "soon", "fallen": "late"}


@dataclass(frozen=True)
class PlaceLine:
    """A place of a step: who is meant, who was asked, what was decided."""

    name: str
    asked: list[Ask]
    decision: Decision | None

    @property
    def others(self) -> list[Ask]:
        """Whoever was asked, but for the one person whom the place itself names."""
        return [ask for ask in self.asked if ask.how != Ask.How.OWN or ask.person.display_name != self.name]

    @property
    def is_off(self) -> bool:
        """Whether nobody can decide here any more: whoever was asked is switched off."""
        return self.decision is None and bool(self.asked) and not any(ask.person.is_active for ask in self.asked)


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


def concerns_of(made: ApprovalRound, user: User, now: datetime) -> list[Concern]:
    """What stands at ``now`` against what is asked, for ``user``; nothing once it is decided."""
    if made.outcome != Outcome.OPEN:
        return []
    return question_of(made.ticket.kind, made.purpose).concerns(made.ticket.specific, user, now)


def show(made: ApprovalRound, now: datetime) -> Shown:
    """How ``made`` stands at ``now``, in the active language."""
    return show_all([made], now)[0]


def show_all(rounds: Sequence[ApprovalRound], now: datetime) -> list[Shown]:
    """As ``show``, for many. At most one query more than loading them."""
    changed = _changes_of([made for made in rounds if made.number > 1])
    return [
        Shown(
            round=made,
            question=label_of(made.ticket.kind, made.purpose),
            tone=TONES.get(made.outcome, "neutral"),
            policy=in_language(made.policy["zh"], made.policy["en"]),
            lines=labelled(made.content),
            changed=changed.get(made.pk, []),
            steps=[_step_line(step, now) for step in made.steps.all()],
        )
        for made in rounds
    ]


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


def rounds_to_decide(user: User) -> QuerySet[ApprovalRound]:
    """Every open round that waits for ``user``, loaded, in no order."""
    asks = Ask.objects.filter(person=user, waits=True)
    return full(ApprovalRound.objects.filter(outcome=Outcome.OPEN, pk__in=asks.values("round")))


def keys_to_decide(user: User) -> list[int]:
    """Keys of every open round that waits for ``user``, the most pressing first. One query.

    From the person to the rounds: joins are made as written, and one person is asked little.
    """
    asks = Ask.objects.filter(person=user, waits=True, round__outcome=Outcome.OPEN)
    pressing = asks.order_by("-round__urgent", "round__ticket__priority_rank", "round__asked_at", "round_id")
    return list(dict.fromkeys(pressing.values_list("round_id", flat=True)))


def in_order(found: Iterable[ApprovalRound], keys: list[int]) -> list[ApprovalRound]:
    """The rounds in the order of ``keys``."""
    by_key = {made.pk: made for made in found}
    return [by_key[key] for key in keys if key in by_key]


@dataclass(frozen=True)
class Waits:
    """A line of "to decide". ``changed``: what differs from the round before, nothing where there is none."""

    round: ApprovalRound
    question: str
    due_at: datetime | None
    tone: str
    changed: list[dict[str, Any]]


def lines_to_decide(user: User, now: datetime, limit: int) -> tuple[list[Waits], int]:
    """The most pressing ``limit`` rounds that wait for ``user`` at ``now``, and how many wait.

    Three queries, for any number. What is asked is read when a line is opened: it may be long.
    """
    keys = keys_to_decide(user)
    due = Step.objects.filter(round=OuterRef("pk"), outcome=Outcome.OPEN).order_by("position").values("due_at")[:1]
    found = ApprovalRound.objects.filter(pk__in=keys[:limit]).annotate(due_at=Subquery(due))
    rounds = in_order(found.select_related("ticket__priority", "asked_by").only(*SHOWN_COLUMNS), keys)
    changed = _changes_of([made for made in rounds if made.number > 1])
    lines = [
        Waits(
            round=made,
            question=label_of(made.ticket.kind, made.purpose),
            due_at=made.due_at,  # type: ignore[attr-defined]  # annotated
            tone="late" if made.due_at is not None and made.due_at <= now else "neutral",  # type: ignore[attr-defined]
            changed=changed.get(made.pk, []),
        )
        for made in rounds
    ]
    return lines, len(keys)


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
    found = Decision.objects.filter(person=user).select_related("round__ticket")
    shown = found.only("verdict", "round__ticket__number", "round__ticket__summary")
    return list(shown.order_by("-at", "-pk")[:limit])
