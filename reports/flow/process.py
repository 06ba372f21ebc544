"""The process as it really runs (RPT-05): from the log of the tickets that were registered in a period.

A move is a step of the log that changed the state; times are on the wall. Each statement counts what its address
opens: the parts of sets in ``tickets.figures.moves``.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.utils.translation import gettext as _

from records.lifecycle import NEW
from reports.figures import Scope
from reports.texts import duration
from tickets.figures.moves import THEN, other_paths, path
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
#: Arrows and stays with their times (seconds), and the whole ways with how many tickets went them, as three lists: the
#: moves are read once for all of them, and sorted for nothing but the medians. Ways say which tickets took a step.
_STEPS = """
SELECT (
    SELECT coalesce(jsonb_agg(jsonb_build_array(source, target, n, took) ORDER BY n DESC, source, target), '[]')
    FROM (
        SELECT source, target, count(*) AS n,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', at - since)) AS took
        FROM moves GROUP BY source, target
    ) AS arrows
), (
    SELECT coalesce(jsonb_agg(jsonb_build_array(target, n, standing, took, total)), '[]')
    FROM (
        SELECT target, count(*) AS n, count(*) FILTER (WHERE until IS NULL) AS standing,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', until - at)) AS took,
               sum(date_part('epoch', coalesce(until, %s) - at)) AS total
        FROM moves GROUP BY target
    ) AS stays
), (
    SELECT coalesce(jsonb_agg(jsonb_build_array(steps, n)), '[]')
    FROM (
        SELECT steps, count(*) AS n
        FROM (SELECT array_agg(ARRAY[source, target] ORDER BY at, id) AS steps FROM moves GROUP BY ticket_id) AS ways
        GROUP BY steps
    ) AS counted
)
"""
_WAYS = """
SELECT way, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY took), count(*) OVER (), md5(way)
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
    """A state: how often it was entered, by how many tickets, how many stand in it, the median stay, all stays.

    ``url``: the tickets that entered it; ``standing_url``: those that stand in it.
    """

    state: str
    label: str
    phase: Phase
    visits: int
    tickets: int
    standing: int
    seconds: float | None
    total: float
    url: str
    standing_url: str

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
    digest: str
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
        """Arrows, stays, and whole ways: rows of each."""
        rows = self._rows(_STEPS, self.at)
        return [json.loads(part) for part in rows[0]] if rows else [[], [], []]

    @cached_property
    def _tickets(self) -> dict[Any, int]:
        """How many tickets took each step, as a pair of states, and came into each state."""
        found: Counter[Any] = Counter()
        for steps, tickets in self._steps[2]:
            for taken in {(source, target) for source, target in steps} | {target for _source, target in steps}:
                found[taken] += tickets
        return found

    @cached_property
    def arrows(self) -> list[Arrow]:
        """Every step that was taken, the most frequent first."""
        order = {state: place for place, state in enumerate(self.kind.states.values)}
        waiting = {state for state in order if self.kind.phase_of(state) == Phase.WAITING}
        declared = {(source, target) for _name, source, target in self.kind.transitions()}
        return [
            Arrow(
                *(source, target, moves, self._tickets[source, target], took),
                back=order.get(target, 0) < order.get(source, -1) and source not in waiting,
                declared=(source or NEW, target) in declared,
                labels=(self._label(source), self._label(target)),
                url=self.url(f"arrow-{source}-{target}"),
            )
            for source, target, moves, took in self._steps[0]
        ]

    @cached_property
    def stays(self) -> dict[str, Stay]:
        """Each state that was entered, in the declared order."""
        order = {state: place for place, state in enumerate(self.kind.states.values)}
        rows = sorted(self._steps[1], key=lambda row: order.get(row[0], len(order)))
        return {
            state: Stay(
                *(state, str(self.kind.state_label(state)), self.kind.phase_of(state)),
                *(visits, self._tickets[state], standing),
                seconds=took,
                total=total,
                url=self.url(f"into-{state}"),
                standing_url=self.url(f"stands-{state}"),
            )
            for state, visits, standing, took, total in rows
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
        came: Counter[str] = Counter()
        beyond: Counter[str] = Counter()
        for steps, tickets in self._steps[2]:
            for state, visits in Counter(target for _source, target in steps).items():
                if visits > 1:
                    came[state] += tickets
                    beyond[state] += tickets * (visits - 1)
        order = sorted(came, key=lambda state: (-came[state], state))
        return [(self._label(state), came[state], beyond[state], self.url(f"again-{state}")) for state in order]

    def ways(self) -> tuple[list[Way], int]:
        """The variants that most tickets went, and how many variants there are."""
        rows = self._rows(_WAYS.format(then=THEN, most=MOST_VARIANTS))
        found = [
            Way(
                [*map(self._label, way.split(THEN))],
                tickets,
                duration(took.total_seconds()),
                digest,
                self.url(path(digest)),
            )
            for way, tickets, took, _all, digest in rows
        ]
        return found, rows[0][3] if rows else 0

    def other_ways_url(self, shown: list[Way]) -> str:
        """The list of the tickets that went none of the ``shown`` ways; empty where all ways are shown."""
        return self.url(other_paths(way.digest for way in shown)) if len(shown) == MOST_VARIANTS else ""

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
