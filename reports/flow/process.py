"""The process as it really runs (RPT-05): from the log of the tickets that were registered in a period.

A move is a step of the log that changed the state; times are on the wall. Each statement counts what its address
opens: the parts of sets in ``tickets.figures.moves``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
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
#: Arrows, stays and what came again, as three lists: the moves are read once for all of them. Times are seconds.
_STEPS = """
SELECT (
    SELECT coalesce(
        jsonb_agg(jsonb_build_array(source, target, n, tickets, took) ORDER BY n DESC, source, target), '[]'
    )
    FROM (
        SELECT source, target, count(*) AS n, count(DISTINCT ticket_id) AS tickets,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM at - since)::float8) AS took
        FROM moves GROUP BY source, target
    ) AS arrows
), (
    SELECT coalesce(jsonb_agg(jsonb_build_array(target, n, tickets, standing, took, total)), '[]')
    FROM (
        SELECT target, count(*) AS n, count(DISTINCT ticket_id) AS tickets,
               count(*) FILTER (WHERE until IS NULL) AS standing,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM until - at)::float8) AS took,
               sum(extract(epoch FROM coalesce(until, %s) - at))::float8 AS total
        FROM moves GROUP BY target
    ) AS stays
), (
    SELECT coalesce(jsonb_agg(jsonb_build_array(target, n, beyond) ORDER BY n DESC, target), '[]')
    FROM (
        SELECT target, count(*) AS n, sum(visits - 1) AS beyond
        FROM (SELECT target, count(*) AS visits FROM moves GROUP BY target, ticket_id HAVING count(*) > 1) AS visited
        GROUP BY target
    ) AS again
)
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
    def _steps(self) -> list[list[Any]]:
        """Arrows, stays, and what came again: rows of each."""
        rows = self._rows(_STEPS, self.at)
        return [json.loads(part) for part in rows[0]] if rows else [[], [], []]

    @cached_property
    def arrows(self) -> list[Arrow]:
        """Every step that was taken, the most frequent first."""
        order = {state: place for place, state in enumerate(self.kind.states.values)}
        waiting = {state for state in order if self.kind.phase_of(state) == Phase.WAITING}
        declared = {(source, target) for _name, source, target in self.kind.transitions()}
        return [
            Arrow(
                *(source, target, moves, tickets, took),
                back=order.get(target, 0) < order.get(source, -1) and source not in waiting,
                declared=(source or NEW, target) in declared,
                labels=(self._label(source), self._label(target)),
                url=self.url(f"arrow-{source}-{target}"),
            )
            for source, target, moves, tickets, took in self._steps[0]
        ]

    @cached_property
    def stays(self) -> dict[str, Stay]:
        """Each state that was entered, in the declared order."""
        order = {state: place for place, state in enumerate(self.kind.states.values)}
        rows = sorted(self._steps[1], key=lambda row: order.get(row[0], len(order)))
        return {
            state: Stay(
                *(state, str(self.kind.state_label(state)), self.kind.phase_of(state), visits, tickets, standing),
                seconds=took,
                total=total,
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
            for state, tickets, beyond in self._steps[2]
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


def cohort_of(scope: Scope) -> Chosen:
    """The tickets whose way is told: those registered in the period. Raises KeyError for a kind without that set."""
    return scope.records(_registered(scope.kind.code))


def _registered(kind: str) -> Records:
    return records_of(f"{kind}.registered")
