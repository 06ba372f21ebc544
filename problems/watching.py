"""Watching for what comes back after a problem was resolved: the same item, or category and system (PRB-07)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import translation

from problems.models import Problem
from problems.states import Outcome, States
from tickets.actions import perform
from tickets.models import Ticket, TimelineEntry

#: States from which it comes back, when it was ended by a solution or by living with it.
OVER = (States.RESOLVED, States.REVIEWED, States.CLOSED)
ENDED = (Outcome.SOLVED, Outcome.WORKAROUND, Outcome.RISK_ACCEPTED)
KEY_FIELDS = frozenset({"category", "business_system"})


def watch_for(incident: Ticket, entry: TimelineEntry, now: datetime) -> None:
    """Reopen the watched problems that ``incident`` matches. One query when none is watched, or it is no news."""
    if incident.kind != "incident" or entry.via == TimelineEntry.Via.IMPORT or not _is_news(entry):
        return
    watched = Problem.objects.filter(watch_until__gte=now, state__in=OVER, outcome__in=ENDED).order_by("pk")
    for problem in watched.select_related("category", "business_system"):
        matched = in_common(problem, incident)
        if matched and problem.resolved_at and incident.created_at >= problem.resolved_at:
            data = {"incident": incident.number, "matched": matched[:200]}
            perform(problem, "come_back", user=None, data=data, now=now)


def _is_news(entry: TimelineEntry) -> bool:
    return not entry.state_from or any(change["field"] in KEY_FIELDS for change in entry.changes)


def in_common(problem: Problem, incident: Ticket) -> str:
    """What makes ``incident`` one of ``problem``: an item, or category and system; empty when nothing does."""
    items = set(problem.items.values_list("identifier", flat=True))
    shared = sorted(items & set(incident.items.values_list("identifier", flat=True))) if items else []
    if shared:
        return ", ".join(shared)
    keys = [(getattr(problem, f"{name}_id"), getattr(incident, f"{name}_id"), name) for name in sorted(KEY_FIELDS)]
    asked = [(mine, theirs, name) for mine, theirs, name in keys if mine is not None]
    if not asked or (items and len(asked) < len(keys)) or any(mine != theirs for mine, theirs, _name in asked):
        return ""
    return " · ".join(_named(getattr(problem, name)) for _mine, _theirs, name in asked)


def _named(row: Any) -> str:
    with translation.override("zh-hans"):
        return str(row)
