"""What a problem has cost so far, and what its solution saved: each figure opens exactly its records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Sum
from django.urls import reverse

from accounts.models import User
from problems.models import Problem
from tickets.models import Ticket, TicketLink, TimeSpent
from tickets.shared.causes import CAUSED_BY

WINDOW = timedelta(days=90)


@dataclass(frozen=True)
class Cost:
    """Incidents, minutes of work on them, minutes of interruption, missed limits; before and after the solution."""

    incidents: int
    working_minutes: int
    interruption_minutes: int
    breaches: int
    before: int | None
    after: int | None
    incidents_url: str
    breaches_url: str
    before_url: str
    after_url: str


def cost_of(problem: Problem, user: User, now: datetime) -> Cost:
    """What ``user`` may see of it. Two queries."""
    keys = TicketLink.objects.filter(target_id=problem.pk, meaning=CAUSED_BY).values("source_id")
    found = Ticket.objects.visible_to(user).filter(pk__in=keys, kind="incident")
    rows = list(found.values_list("pk", "created_at", "resolved_at", "completed_in_time"))
    worked = TimeSpent.objects.filter(ticket__in=[row[0] for row in rows]).aggregate(sum=Sum("minutes"))["sum"] or 0
    lasted = [(resolved or now) - created for _pk, created, resolved, _kept in rows]
    solved = problem.resolved_at
    return Cost(
        incidents=len(rows),
        working_minutes=worked,
        interruption_minutes=round(sum(lasted, timedelta()).total_seconds() / 60),
        breaches=sum(kept is False for *_rest, kept in rows),
        before=None if solved is None else sum(solved - WINDOW <= row[1] < solved for row in rows),
        after=None if solved is None else sum(solved <= row[1] < solved + WINDOW for row in rows),
        incidents_url=address(problem),
        breaches_url=address(problem, completed_in_time="false"),
        before_url=address(problem, **_created(solved - WINDOW, solved)) if solved else "",
        after_url=address(problem, **_created(solved, solved + WINDOW)) if solved else "",
    )


def _created(since: datetime, until: datetime) -> dict[str, str]:
    return {"created_after": since.isoformat(), "created_before": until.isoformat()}


def address(problem: Problem, **more: Any) -> str:
    """The list of its incidents."""
    asked = {"view": "all", "caused_by": problem.number, **more}
    return f"{reverse('tickets:list', args=['incidents'])}?{urlencode(asked)}"
