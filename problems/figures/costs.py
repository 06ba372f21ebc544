"""What a problem has cost so far, and what its solution saved: each figure opens exactly its records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from problems.models import Problem
from tickets.models import Ticket, TicketLink, TimeSpent
from tickets.shared.causes import CAUSED_BY

WINDOW = timedelta(days=90)


@dataclass(frozen=True)
class Part:
    """Some of its incidents: how many, minutes of work on them, minutes of interruption, and the list of them."""

    incidents: int
    working_minutes: int
    interruption_minutes: int
    url: str


@dataclass(frozen=True)
class Cost:
    """All of its incidents with the missed limits; those within ``WINDOW`` before and after the solution."""

    every: Part
    breaches: int
    breaches_url: str
    before: Part | None = None
    after: Part | None = None

    @property
    def saved(self) -> list[tuple[Any, int, int]]:
        """What the solution changed, as (what, before, after); empty until it is solved."""
        if self.before is None or self.after is None:
            return []
        before, after = self.before, self.after
        return [
            (_("incidents"), before.incidents, after.incidents),
            (_("working minutes"), before.working_minutes, after.working_minutes),
            (_("minutes of interruption"), before.interruption_minutes, after.interruption_minutes),
        ]


def cost_of(problem: Problem, user: User, now: datetime) -> Cost:
    """What ``user`` may see of it. Two queries."""
    keys = TicketLink.objects.filter(target_id=problem.pk, meaning=CAUSED_BY).values("source_id")
    found = Ticket.objects.visible_to(user).filter(pk__in=keys, kind="incident")
    rows = list(found.values_list("pk", "created_at", "resolved_at", "completed_in_time"))
    spent = TimeSpent.objects.filter(ticket__in=[row[0] for row in rows]).values_list("ticket_id")
    worked: dict[int, int] = dict(spent.annotate(sum=Sum("minutes")).order_by())

    def part(url: str, since: datetime | None = None, until: datetime | None = None) -> Part:
        chosen = [row for row in rows if (since is None or since <= row[1]) and (until is None or row[1] < until)]
        lasted = sum(((resolved or now) - created for _pk, created, resolved, _kept in chosen), timedelta())
        minutes = sum(worked.get(row[0], 0) for row in chosen)
        return Part(len(chosen), minutes, round(lasted.total_seconds() / 60), url)

    def window(since: datetime, until: datetime) -> Part:
        return part(address(problem, **_created(since, until)), since, until)

    solved = problem.resolved_at
    return Cost(
        every=part(address(problem)),
        breaches=sum(kept is False for *_rest, kept in rows),
        breaches_url=address(problem, completed_in_time="false"),
        before=window(solved - WINDOW, solved) if solved else None,
        after=window(solved, solved + WINDOW) if solved else None,
    )


def _created(since: datetime, until: datetime) -> dict[str, str]:
    return {"created_after": since.isoformat(), "created_before": until.isoformat()}


def address(problem: Problem, **more: Any) -> str:
    """The list of its incidents."""
    asked = {"view": "all", "caused_by": problem.number, **more}
    return f"{reverse('tickets:list', args=['incidents'])}?{urlencode(asked)}"
