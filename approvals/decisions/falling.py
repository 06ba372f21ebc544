"""Edits of substance let approvals fall: with the difference, to everybody concerned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from approvals.content import difference, difference_text, digest_of, lines_of
from approvals.models import ApprovalRound, Outcome
from approvals.notices import tell
from approvals.questions import Line, Question, question_of, questions_of
from approvals.services import concerned, end_round, let_go
from tickets.services import log_event


def standing(ticket: Any) -> list[ApprovalRound]:
    """Rounds about ``ticket`` that an edit of substance would end. One query."""
    found = ApprovalRound.objects.filter(ticket_id=ticket.pk, outcome__in=(Outcome.OPEN, Outcome.APPROVED))
    return list(found.order_by("purpose"))


def check_content(*, ticket: Any, user: User | None, now: datetime) -> list[ApprovalRound]:
    """Let every standing round of ``ticket`` fall whose content is not what it was; those that fell."""
    asked = [question for question in questions_of(ticket.kind) if not question.proposal]
    binding = {question.purpose: question for question in asked if question.binds(ticket)}
    fallen = []
    for made in standing(ticket) if binding else ():
        if made.purpose not in binding:
            continue
        lines = lines_of(binding[made.purpose], ticket, made.content)
        if digest_of(lines) != made.digest:
            fallen.append(let_fall(made=made, ticket=ticket, lines=lines, user=user, now=now))
    return fallen


def let_fall(
    *, made: ApprovalRound, ticket: Any, lines: list[Line], user: User | None, now: datetime
) -> ApprovalRound:
    """End ``made`` because its content is now ``lines``; logged and told with the difference; the kind is called."""
    rows, people = difference(made.content, lines), concerned(made)
    what = {key: ", ".join(row[key] for row in rows) for key in ("zh", "en")}
    end_round(made, Outcome.FALLEN, now)
    log_event(ticket=ticket, event="approval_fell", user=user, now=now, round=made.number, what=what)
    tell("approval_fell", made, people, now=now, user=user, text=difference_text(rows))
    let_go(made)
    question = question_of(ticket.kind, made.purpose)
    if question.fell:
        question.fell(round=made, user=user, now=now)
    return made


def would_fall(question: Question, ticket: Any, new: dict[str, Any]) -> list[str]:
    """Names of the columns of substance that ``new`` values would change while an approval stands."""
    if (
        question.proposal
        or ticket.pk is None
        or not question.binds(ticket.specific)
        or not any(made.purpose == question.purpose for made in standing(ticket))
    ):
        return []
    current = ticket.specific
    return [name for name in question.fields if name in new and _differs(getattr(current, name), new[name])]


def _differs(old: Any, new: Any) -> bool:
    if isinstance(old, str) and isinstance(new, str):
        return " ".join(old.split()) != " ".join(new.split())
    return old != new
