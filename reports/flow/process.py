"""The process as it really runs (RPT-05): from the log of the tickets that were registered in a period.

A move is a step of the log that changed the state; times are on the wall. Each statement counts what its address
opens: the parts of sets in ``tickets.figures.moves``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.utils.translation import gettext as _

from records.lifecycle import NEW
from reports.figures import Scope
from reports.texts import duration
from tickets.figures.moves import THEN
from tickets.figures.records import Chosen, Records, records_of
from tickets.lifecycle import Phase

#: So many variants are shown; the rest stand together.
MOST_VARIANTS = 12

#: Every move of the cohort that was known then: since when the state it left lasted, until when the one it led to did.
_MOVES = """
WITH cohort (id) AS MATERIALIZED ({cohort}),
moves AS MATERIALIZED (
    SELECT entry.ticket_id, entry.id, entry.at, entry.state_from AS source, entry.state_to AS target,
           lag(entry.at) OVER way AS since, lead(entry.at) OVER way AS until
    FROM tickets_timelineentry AS entry JOIN cohort ON cohort.id = entry.ticket_id
    WHERE entry.state_from <> entry.state_to AND entry.at < %s
    WINDOW way AS (PARTITION BY entry.ticket_id ORDER BY entry.at, entry.id)
)
"""
_ARROWS = """
SELECT source, target, count(*), count(DISTINCT ticket_id), percentile_cont(0.5) WITHIN GROUP (ORDER BY at - since)
FROM moves GROUP BY source, target ORDER BY count(*) DESC, source, target
"""
_STAYS = """
SELECT target, count(*), count(DISTINCT ticket_id), count(*) FILTER (WHERE until IS NULL),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY until - at), sum(coalesce(until, %s) - at)
FROM moves GROUP BY target
"""
_AGAIN = """
SELECT target, count(*), sum(n - 1)
FROM (SELECT target, ticket_id, count(*) AS n FROM moves GROUP BY target, ticket_id HAVING count(*) > 1) AS visited
GROUP BY target ORDER BY count(*) DESC, target
"""
_WAYS = """
SELECT way, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY took), count(*) OVER (), 'path-' || md5(way)
FROM (SELECT ticket_id, string_agg(target, '{then}' ORDER BY at, id) AS way, max(at) - min(at) AS took
      FROM moves GROUP BY ticket_id) AS ways
GROUP BY way ORDER BY count(*) DESC, way LIMIT {most}
"""


@dataclass(frozen=True)
class Arrow:
    """A step from ``source`` (empty: it was registered) to ``target``. ``seconds``: the median stay before it.

    ``back``: into an earlier state, not from waiting; ``declared``: the life cycle has it.
    """

    source: str
    target: str
    moves: int
    tickets: int
    seconds: float | None
    back: bool
    declared: bool
    labels: tuple[str, str]
    url: str

    @property
    def took(self) -> str:
        """The median stay before it, for people."""
        return "" if self.seconds is None else duration(self.seconds)

    @property
    def tone(self) -> str:
        """How it is drawn."""
        return "back" if self.back else "steady" if self.declared else "odd"


@dataclass(frozen=True)
class Stay:
    """A state: how often it was entered, by how many tickets, how many stand in it, the median stay, all stays."""

    state: str
    label: str
    phase: Phase
    visits: int
    tickets: int
    standing: int
    seconds: float | None
    total: float
    url: str

    @property
    def took(self) -> str:
        """The median of the stays that ended, for people."""
        return "" if self.seconds is None else duration(self.seconds)


@dataclass(frozen=True)
class Way:
    """A variant: the states that tickets went through, how many went so, in what median time."""

    states: list[str]
    tickets: int
    took: str
    url: str


class Process:
    """What the log says of the tickets of a scope. Every number has the address of its tickets."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.kind, self.at = scope, scope.kind, scope.span.at
        self.cohort = cohort_of(scope)

    @cached_property
    def tickets(self) -> int:
        """How many were registered."""
        return self.scope.found(self.cohort).count()

    @cached_property
    def arrows(self) -> list[Arrow]:
        """Every step that was taken, the most frequent first."""
        order = {state: place for place, state in enumerate(self.kind.states.values)}
        waiting = {state for state in order if self.kind.phase_of(state) == Phase.WAITING}
        declared = {(source, target) for _name, source, target in self.kind.transitions()}
        return [
            Arrow(
                *(source, target, moves, tickets, _seconds(took)),
                back=order.get(target, 0) < order.get(source, -1) and source not in waiting,
                declared=(source or NEW, target) in declared,
                labels=(self._label(source), self._label(target)),
                url=self.url(f"arrow-{source}-{target}"),
            )
            for source, target, moves, tickets, took in self._rows(_ARROWS)
        ]

    @cached_property
    def stays(self) -> dict[str, Stay]:
        """Each state that was entered, in the declared order."""
        order = {state: place for place, state in enumerate(self.kind.states.values)}
        rows = sorted(self._rows(_STAYS, self.at), key=lambda row: order.get(row[0], len(order)))
        return {
            state: Stay(
                *(state, str(self.kind.state_label(state)), self.kind.phase_of(state), visits, tickets, standing),
                seconds=_seconds(took),
                total=total.total_seconds(),
                url=self.url(f"stands-{state}"),
            )
            for state, visits, tickets, standing, took, total in rows
            if state in order
        }

    @cached_property
    def undeclared(self) -> list[Arrow]:
        """Steps that the life cycle does not know: of imported tickets, and of what was taken back."""
        return [arrow for arrow in self.arrows if not arrow.declared]

    def phases(self) -> list[tuple[str, float]]:
        """Phase and the time that tickets spent in it, in seconds; what is closed is over."""
        found: dict[Phase, float] = {}
        for stay in self.stays.values():
            if stay.phase != Phase.CLOSED:
                found[stay.phase] = found.get(stay.phase, 0) + stay.total
        return [(str(phase.label), seconds) for phase, seconds in found.items()]

    def again(self) -> list[tuple[str, int, int, str]]:
        """Rework: state, tickets that came into it more than once, how often beyond the first time, their list."""
        return [
            (self._label(state), tickets, beyond, self.url(f"again-{state}"))
            for state, tickets, beyond in self._rows(_AGAIN)
        ]

    def ways(self) -> tuple[list[Way], int]:
        """The variants that most tickets went, and how many variants there are."""
        rows = self._rows(_WAYS.format(then=THEN, most=MOST_VARIANTS))
        found = [
            Way([*map(self._label, way.split(THEN))], tickets, duration(took.total_seconds()), self.url(part))
            for way, tickets, took, _all, part in rows
        ]
        return found, rows[0][3] if rows else 0

    def _label(self, state: str) -> str:
        if not state:
            return _("Registration")
        return str(self.kind.state_label(state)) if state in self.kind.states.values else state

    def url(self, part: str) -> str:
        """The list of the tickets of the cohort that went so."""
        return self.scope.list_url(Chosen(self.cohort.records, self.cohort.span, part))

    def _rows(self, statement: str, *params: Any) -> list[Any]:
        try:
            cohort, given = self.scope.found(self.cohort).values("pk").query.sql_with_params()
        except EmptyResultSet:  # a filter that cannot be understood finds nothing
            return []
        with connection.cursor() as cursor:
            cursor.execute(_MOVES.format(cohort=cohort) + statement, [*given, self.at, *params])
            return cursor.fetchall()


def _seconds(took: timedelta | None) -> float | None:
    return None if took is None else took.total_seconds()


def cohort_of(scope: Scope) -> Chosen:
    """The tickets whose way is told: those registered in the period. Raises KeyError for a kind without that set."""
    return scope.records(_registered(scope.kind.code))


def _registered(kind: str) -> Records:
    return records_of(f"{kind}.registered")
