"""What stands above the timeline of a problem: cause, workaround, solution, what it cost, its known error."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from approvals.queries import rounds_of, show
from problems.figures.costs import cost_of
from problems.models import KnownError, Problem
from tickets.actions import Available


def panel_of(ticket: Any, available: Iterable[Available], user: User, now: datetime) -> dict[str, Any] | None:
    """The problem in short, for staff who read internal notes; None for others. Five queries at most."""
    if not user.may(Permission.INTERNAL):
        return None
    problem: Problem = ticket
    rounds = rounds_of(problem)
    known = KnownError.objects.filter(problem=problem).first()
    return {
        "problem": problem,
        "cost": cost_of(problem, user, now),
        "known": known if known and known.withdrawn_at is None else None,
        "told": known.tellings.count() if known else 0,
        "texts": texts_of(problem),
        "approval": show(rounds[0], now) if rounds else None,
        "rounds": len(rounds),
        "watched": bool(problem.watch_until and problem.watch_until > now),
    }


def texts_of(problem: Problem) -> list[tuple[str, str]]:
    """(label, text) of what is on record, in the order of the work."""
    found = [
        (_("Root cause"), problem.root_cause),
        (_("Workaround"), problem.workaround),
        (_("Solution"), problem.solution),
        (_("Expected effect"), problem.expected_effect),
        (_("How it was tested"), problem.test_result),
        (_("Who was invited"), problem.discussed_with),
        (_("Minutes of the discussion"), problem.discussion),
        (_("Discussed with the customer"), problem.customer_word),
        (_("How it was proven"), problem.proof),
        (_("Result of the review"), problem.review_result),
        (_("Minutes of the meeting"), problem.minutes),
        (_("Who attended"), problem.attendance),
    ]
    return [(label, text) for label, text in found if text]


def signatures_of(problem: Problem) -> list[dict[str, Any]]:
    """Who asked for its newest solution and who decided, in order, for the printed record."""
    rounds = rounds_of(problem)
    if not rounds:
        return []
    asked = {"label": _("Proposed"), "who": rounds[0].asked_by, "at": rounds[0].asked_at}
    decisions = rounds[0].decisions.select_related("person").order_by("at", "pk")
    return [asked, *({"label": one.get_verdict_display(), "who": one.person, "at": one.at} for one in decisions)]
