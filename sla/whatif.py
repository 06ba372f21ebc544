"""Trying a draft of a policy on history: what would have been met (SLM-10). Stores nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from sla.history import Course, Pause, replay
from sla.life import Life
from sla.models import Calendar, Metric, Policy, PolicyVersion, Target
from sla.policies import Draft, PromiseBook
from tickets.models import Ticket, TimelineEntry

BATCH = 500
#: More tickets than this take too long for a page; the page says so.
MOST_TICKETS = 20_000
MOST_FLIPPED = 200
WAITING = "pending"


@dataclass
class Trial:
    """Verdicts before and after by what they are counted by, and the tickets whose verdict flips."""

    tickets: int = 0
    cut: bool = False
    counts: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    flipped: list[dict[str, Any]] = field(default_factory=list)

    def add(self, ticket: Ticket, metric: str, before: bool | None, after: bool | None) -> None:
        """Count one verdict."""
        places = {
            ("metric", str(Metric(metric).label)),
            ("priority", str(ticket.priority)),
            ("service", str(ticket.business_system or "–")),
            ("group", str(ticket.group or "–")),
        }
        for place in places:
            counter = self.counts.setdefault(place, Counter())
            counter["before_met"] += before is True
            counter["before_missed"] += before is False
            counter["after_met"] += after is True
            counter["after_missed"] += after is False
        if before is not None and after is not None and before != after and len(self.flipped) < MOST_FLIPPED:
            self.flipped.append({"ticket": ticket, "metric": Metric(metric).label, "after": after})

    def rows(self, by: str) -> list[tuple[str, Counter[str]]]:
        """The counts by one of metric, priority, service, group."""
        return sorted((name, counter) for (kind, name), counter in self.counts.items() if kind == by)


def try_policy(policy: Policy, draft: Draft, start: datetime, end: datetime) -> Trial:
    """Replay the tickets created from ``start`` to ``end`` as they are promised now, and under ``draft``.

    Both sides are counted by the same replay, so that the difference is the draft's alone.
    """
    now_book = PromiseBook()
    new_book = PromiseBook({policy.pk: targets_of(policy, draft)})
    trial = Trial()
    for ticket, course in courses(start, end):
        trial.tickets += 1
        before, after = (_verdicts(replay(ticket, course, book)) for book in (now_book, new_book))
        for metric in (Metric.RESPONSE.value, Metric.RESOLVE.value):
            trial.add(ticket, metric, before.get(metric), after.get(metric))
    trial.cut = trial.tickets >= MOST_TICKETS
    return trial


def _verdicts(lives: list[Life]) -> dict[str, bool | None]:
    return {life.clock.metric: life.clock.met for life in lives}


def targets_of(policy: Policy, draft: Draft) -> list[Target]:
    """The targets of ``draft`` as rows that are not stored."""
    calendars = {row.pk: row for row in Calendar.objects.select_related("current")}
    version = PolicyVersion(
        policy=policy,
        number=0,
        pausing=list(draft.pausing),
        warnings=list(draft.warnings),
        on_change=draft.on_change,
        restarts=draft.restarts,
    )
    return [
        Target(
            version=version,
            position=position,
            metric=row.metric,
            minutes=row.minutes,
            calendar=calendars[row.calendar],
            **dict(row.conditions),
        )
        for position, row in enumerate(draft.promises)
    ]


def courses(start: datetime, end: datetime) -> Iterator[tuple[Ticket, Course]]:
    """Tickets created in the period with what happened to them, by their timeline. Two queries for each batch."""
    assigned = Ticket.objects.filter(created_at__gte=start, created_at__lt=end, assigned_at__isnull=False)
    keys = list(assigned.order_by("pk").values_list("pk", flat=True)[:MOST_TICKETS])
    related = ("priority", "business_system", "group")
    for first in range(0, len(keys), BATCH):
        tickets = Ticket.objects.filter(pk__in=keys[first : first + BATCH]).select_related(*related).order_by("pk")
        pauses = _pauses(keys[first : first + BATCH])
        for ticket in tickets:
            times = (ticket.assigned_at, ticket.responded_at, ticket.resolved_at, ticket.closed_at)
            yield ticket, Course(*times, pauses=tuple(pauses.get(ticket.pk, ())))


def _pauses(keys: list[int]) -> dict[int, list[Pause]]:
    """The times of waiting, from the steps that led in and out of it."""
    found: dict[int, list[Pause]] = {}
    since: dict[int, tuple[datetime, str]] = {}
    moved = Q(state_to=WAITING) | Q(state_from=WAITING)
    entries = TimelineEntry.objects.filter(moved, ticket_id__in=keys).order_by("at", "id")
    for entry in entries.only("ticket_id", "at", "state_from", "state_to", "changes", "data"):
        open_pause = since.get(entry.ticket_id)
        if entry.state_to == WAITING and open_pause is None:
            since[entry.ticket_id] = (entry.at, _reason(entry))
        elif entry.state_to != WAITING and open_pause is not None:
            found.setdefault(entry.ticket_id, []).append(Pause(open_pause[0], entry.at, open_pause[1]))
            del since[entry.ticket_id]
    for ticket_id, (moment, reason) in since.items():
        found.setdefault(ticket_id, []).append(Pause(moment, None, reason))
    return found


def _reason(entry: TimelineEntry) -> str:
    """The code of the reason for waiting that the step set."""
    value = next((change["new"] for change in entry.changes if change["field"] == "wait_reason"), None)
    value = value or entry.data.get("wait_reason")
    return str(value.get("id", "")) if isinstance(value, dict) else str(value or "")
