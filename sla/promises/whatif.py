"""Trying a draft of a policy or a calendar on history: what would have been met (SLM-10). Stores nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from sla.calendars.publishing import Content, draft_version
from sla.clocks.history import Course, Pause, Round, owed_each_time, replay, replay_period
from sla.clocks.holders import is_silent, periods_of
from sla.clocks.life import Life
from sla.models import Agreement, AgreementKind, Calendar, Metric, Policy, PolicyVersion, Target
from sla.promises.models import OF_KINDS
from sla.promises.policies import Draft, PromiseBook, columns_of
from sla.promises.wording import metric_label
from tickets.actions import TAKEN_BACK
from tickets.forms import named_row
from tickets.lifecycle import kind_of, kinds
from tickets.models import Ticket, TimelineEntry

BATCH = 500
#: More tickets than this are not counted; the page says so.
MOST_TICKETS = 200_000
MOST_FLIPPED = 200
#: So many tickets are kept behind each number.
MOST_BEHIND = 100
#: By what verdicts are counted.
COLUMNS = ("metric", "priority", "service", "group")
#: Limits to the customer that the ticket's row tells of; visits and updates are read from its log.
REPLAYED = (Metric.RESPONSE.value, *OF_KINDS, Metric.RESOLVE.value)
WAITING = "pending"
VERDICTS = ("before_met", "before_missed", "after_met", "after_missed")
Said = Callable[[int], None] | None


@dataclass(frozen=True)
class Limit:
    """What a verdict is about, as people read it. ``holder``: who had the ticket; empty: whoever has it now."""

    label: str
    holder: str = ""

    @classmethod
    def of(cls, agreement: str, metric: str, kind: str, holder: str = "") -> Limit:
        """As tickets of ``kind`` call it; limits to the customer go without the name of the agreement."""
        name = str(metric_label(metric, kind))
        return cls(name if agreement == AgreementKind.SLA else f"{agreement.upper()} · {name}", holder)


@dataclass
class Trial:
    """Verdicts before and after by what they are counted by, and the tickets whose verdict flips."""

    tickets: int = 0
    cut: bool = False
    flips: int = 0
    counts: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    flipped: list[dict[str, Any]] = field(default_factory=list)
    #: Numbers of the tickets behind each count, in order, the first ``MOST_BEHIND``.
    behind: dict[tuple[str, str], dict[str, dict[str, None]]] = field(default_factory=dict)
    #: Tickets of which history does not say who had them when, by kind of agreement.
    silent: Counter[str] = field(default_factory=Counter)

    def add(self, ticket: Ticket, limit: Limit, before: bool | None, after: bool | None) -> None:
        """Count one verdict."""
        places = {
            ("metric", limit.label),
            ("priority", str(ticket.priority or "–")),
            ("service", str(ticket.business_system or "–")),
            ("group", limit.holder or str(ticket.group or "–")),
        }
        for place in places:
            counter = self.counts.setdefault(place, Counter(dict.fromkeys(VERDICTS, 0)))
            for verdict in (*_verdict("before", before), *_verdict("after", after)):
                counter[verdict] += 1
                numbers = self.behind.setdefault(place, {}).setdefault(verdict, {})
                if len(numbers) < MOST_BEHIND:
                    numbers[ticket.number] = None
        if before is None or after is None or before == after:
            return
        self.flips += 1
        if len(self.flipped) < MOST_FLIPPED:
            self.flipped.append({"ticket": ticket, "metric": limit.label, "after": after})

    def as_json(self) -> dict[str, Any]:
        """What the page draws, as a job keeps it; counts in the order of ``VERDICTS``."""
        return {
            "tickets": self.tickets,
            "cut": self.cut,
            "tables": {by: [[name, [c[v] for v in VERDICTS]] for name, c in self.rows(by)] for by in COLUMNS},
            "behind": {by: [self._numbers(by, name) for name, _counts in self.rows(by)] for by in COLUMNS},
            "flipped": [
                {"number": row["ticket"].number, "summary": row["ticket"].summary, "metric": str(row["metric"])}
                | {"after": row["after"]}
                for row in self.flipped
            ],
            "flips": self.flips,
            "silent": dict(self.silent),
        }

    def rows(self, by: str) -> list[tuple[str, Counter[str]]]:
        """The counts by one of metric, priority, service, group, where there is something to count."""
        counted = ((name, counter) for (kind, name), counter in self.counts.items() if kind == by)
        return sorted((name, counter) for name, counter in counted if any(counter.values()))

    def _numbers(self, by: str, name: str) -> list[list[str]]:
        """Which tickets stand behind the counts of a row, in the order of ``VERDICTS``."""
        behind = self.behind.get((by, name), {})
        return [list(behind.get(verdict, ())) for verdict in VERDICTS]


def _verdict(side: str, met: bool | None) -> tuple[str, ...]:
    return () if met is None else (f"{side}_{'met' if met else 'missed'}",)


def try_policy(policy: Policy, draft: Draft, start: datetime, end: datetime, *, said: Said = None) -> Trial:
    """Replay the tickets created from ``start`` to ``end`` as they are promised now, and under ``draft``.

    Both sides are counted by the same replay, so that the difference is the draft's alone. ``said`` is told after
    each ticket how many are done.
    """
    book = PromiseBook({policy.pk: targets_of(policy, draft)})
    return _compare(book, start, end, said, (AgreementKind(policy.kind),))


def try_calendar(calendar: Calendar, content: Content, start: datetime, end: datetime, *, said: Said = None) -> Trial:
    """As ``try_policy``, when ``calendar`` had said ``content`` all the time."""
    version = draft_version(calendar, content)
    return _compare(PromiseBook(calendars={calendar.pk: version}), start, end, said, tuple(AgreementKind))


def _compare(
    new_book: PromiseBook, start: datetime, end: datetime, said: Said, agreements: tuple[AgreementKind, ...]
) -> Trial:
    books, trial, parties = (PromiseBook(), new_book), Trial(), _parties()
    for ticket, course, steps in courses(start, end):
        trial.tickets += 1
        if AgreementKind.SLA in agreements:
            before, after = (_verdicts(replay(ticket, course, book)) for book in books)
            for which in sorted(before.keys() | after.keys(), key=lambda one: (REPLAYED.index(one[0]), one[1])):
                limit = Limit.of(AgreementKind.SLA, which[0], ticket.kind)
                trial.add(ticket, limit, before.get(which), after.get(which))
        _count_periods(trial, ticket, course, steps, agreements, books, parties)
        if said:
            said(trial.tickets)
    trial.cut = trial.tickets >= MOST_TICKETS
    return trial


def _count_periods(
    trial: Trial,
    ticket: Ticket,
    course: Course,
    steps: list[TimelineEntry],
    agreements: tuple[AgreementKind, ...],
    books: tuple[PromiseBook, PromiseBook],
    parties: dict[tuple[str, str], Any],
) -> None:
    """Visits, updates, and the parts of groups and vendors; where history is silent, that is counted."""
    trial.silent.update(kind for kind in agreements if is_silent(ticket, steps, kind))
    for period in periods_of(ticket, steps):
        party = parties.get((period.agreement, period.holder))
        if period.agreement not in agreements or (period.holder and party is None):
            continue
        lives = [replay_period(ticket, period, course.pauses, book, party.pk if party else None) for book in books]
        if any(lives):
            before, after = (life.clock.met if life else None for life in lives)
            limit = Limit.of(period.agreement, period.metric, ticket.kind, str(party or ""))
            trial.add(ticket, limit, before, after)


def _parties() -> dict[tuple[str, str], Any]:
    """Groups and vendors that have agreements, by kind and by how the timeline names them."""
    rows = Agreement.objects.exclude(kind=AgreementKind.SLA).select_related("group", "organisation")
    found = [(row.kind, row.group or row.organisation) for row in rows]
    return {(kind, str(named_row(party)["id"])): party for kind, party in found if party}


def _verdicts(lives: list[Life]) -> dict[tuple[str, int], bool | None]:
    """By metric and, of what repeats, by which time it was; of a response that began anew the last round counts."""
    return {(life.clock.metric, _which(life)): life.clock.met for life in lives}


def _which(life: Life) -> int:
    span = life.clock.ticket.kind_info.timed.limits[life.clock.metric]
    return life.clock.round if span.repeats else 0


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
        **columns_of(draft),
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


def tickets_between(start: datetime, end: datetime) -> QuerySet[Ticket]:
    """The tickets of a period that have something to count."""
    return Ticket.objects.filter(created_at__gte=start, created_at__lt=end)


def courses(start: datetime, end: datetime) -> Iterator[tuple[Ticket, Course, list[TimelineEntry]]]:
    """Tickets created in the period with what happened to them, by their timeline, and all of its steps."""
    keys = list(tickets_between(start, end).order_by("pk").values_list("pk", flat=True)[:MOST_TICKETS])
    related = ("priority", "business_system", "group", "supplier")
    for first in range(0, len(keys), BATCH):
        tickets = Ticket.objects.filter(pk__in=keys[first : first + BATCH]).select_related(*related).order_by("pk")
        batch = keys[first : first + BATCH]
        standing = _standing(batch)
        pauses, rounds, steps = _pauses(standing), _rounds(standing), _steps(standing)
        for ticket in tickets:
            times = (ticket.assigned_at, ticket.responded_at, ticket.resolved_at, ticket.closed_at)
            waited, dispatched = tuple(pauses.get(ticket.pk, ())), tuple(rounds.get(ticket.pk, ()))
            known = steps.get(ticket.pk, [])
            owed = owed_each_time(ticket, known)
            yield ticket, Course(*times, pauses=waited, rounds=dispatched, owed=owed), known


def _standing(keys: list[int]) -> QuerySet[TimelineEntry]:
    """The steps of tickets without those that were taken back: they are as if they had not been."""
    found = TimelineEntry.objects.filter(ticket_id__in=keys)
    taken = [row["entry"] for row in found.filter(action=TAKEN_BACK).values_list("data", flat=True)]
    return found.exclude(pk__in=taken).exclude(action=TAKEN_BACK)


def _steps(standing: QuerySet[TimelineEntry]) -> dict[int, list[TimelineEntry]]:
    """What people and the portal did, in order; without what clocks themselves wrote."""
    found: dict[int, list[TimelineEntry]] = {}
    rows = standing.exclude(action__startswith="clock_").order_by("at", "id")
    entries = list(rows.defer("data"))
    actors = User.objects.with_access().in_bulk({row.actor_id for row in entries if row.actor_id})
    for entry in entries:
        entry.actor = actors.get(entry.actor_id) if entry.actor_id else None
        found.setdefault(entry.ticket_id, []).append(entry)
    return found


def _pauses(standing: QuerySet[TimelineEntry]) -> dict[int, list[Pause]]:
    """The times of waiting, from the steps that led in and out of it."""
    found: dict[int, list[Pause]] = {}
    since: dict[int, tuple[datetime, str]] = {}
    moved = Q(state_to=WAITING) | Q(state_from=WAITING)
    entries = standing.filter(moved).order_by("at", "id")
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


def _rounds(standing: QuerySet[TimelineEntry]) -> dict[int, list[Round]]:
    """From each dispatch to the start of work, for tickets that went back to the desk."""
    desks = {kind.timed.at_desk for kind in kinds()} - {""}
    back = standing.filter(state_to__in=desks).exclude(state_from__in=["", *desks])
    returned = list(back.order_by("ticket_id").values_list("ticket_id", flat=True).distinct())
    found: dict[int, list[Round]] = {}
    moved = standing.filter(ticket_id__in=returned).order_by("at", "id")
    for key, code, at, before, after in moved.values_list("ticket_id", "ticket__kind", "at", "state_from", "state_to"):
        timed = kind_of(code).timed
        rows = found.setdefault(key, [])
        waiting = bool(rows) and rows[-1].responded_at is None and rows[-1].given_back_at is None
        if before in ("", timed.at_desk) and after not in ("", timed.at_desk):
            rows.append(Round(at, at if after in timed.at_work else None))
        elif waiting and after in timed.at_work:
            rows[-1] = Round(rows[-1].assigned_at, at)
        elif waiting and after == timed.at_desk:
            rows[-1] = Round(rows[-1].assigned_at, given_back_at=at)
    return found


def _reason(entry: TimelineEntry) -> str:
    """The code of the reason for waiting that the step set."""
    value = next((change["new"] for change in entry.changes if change["field"] == "wait_reason"), None)
    value = value or entry.data.get("wait_reason")
    return str(value.get("id", "")) if isinstance(value, dict) else str(value or "")
