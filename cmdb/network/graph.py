"""The relations in memory, by columns: who needs whom. docs/cmdb.md says what that weighs.

Items are numbered by their *place* in ``Graph.keys``. A graph never changes: what is narrower, or later, is another
one. ``cmdb.network.reading`` has them from the database, ``cmdb.network.walking`` walks them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from time import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
Mask = NDArray[np.bool_]
DAY = 86_400


class Edge(NamedTuple):
    """``dependent`` needs ``provider``, alone or as one of ``needed`` of ``group``; ``forward``: it is the source."""

    relation: int
    dependent: int
    provider: int
    group: str
    needed: int
    confirmed: float
    kind: str
    forward: bool


class Rows(NamedTuple):
    """Edges by columns. ``dependent`` and ``provider`` are places; ``group`` and ``kind`` numbers of names."""

    relation: Numbers
    dependent: Numbers
    provider: Numbers
    group: Numbers
    needed: Numbers
    confirmed: Numbers
    kind: Numbers
    forward: Mask

    def at(self, picked: Numbers) -> Rows:
        """Some of them, by number or by a mask."""
        return Rows._make(column[picked] for column in self)


@dataclass(frozen=True)
class Relations:
    """Relations as the database has them, by columns, in runs of one type and one group: (type, group, how many)."""

    runs: list[tuple[str, str, int]]
    relation: Numbers
    source: Numbers
    target: Numbers
    needed: Numbers
    confirmed: Numbers


@dataclass(frozen=True)
class Types:
    """How types of relations carry failures: ``backward`` from the source to the target, ``loose`` not at all.

    ``sure_days``: for how many days after it was confirmed a relation is sure, where that ends.
    """

    backward: frozenset[str] = frozenset()
    loose: frozenset[str] = frozenset()
    sure_days: Mapping[str, int] = field(default_factory=dict)


class Names(tuple[str, ...]):
    """Texts by number, each once."""

    __slots__ = ()

    def numbers(self, texts: Iterable[str]) -> tuple[Names, list[int]]:
        """The numbers of ``texts``, and the names with those that are new."""
        known = {text: number for number, text in enumerate(self)}
        found = [known.setdefault(text, len(known)) for text in texts]
        return Names(known), found


class Edges:
    """Edges in the order of their dependents, there in that of groups; one without a group is a group of its own.

    A group is down when fewer than ``enough`` of its members are up. ``fed``: the groups that need each provider.
    """

    def __init__(self, rows: Rows, by_provider: Numbers, size: int) -> None:
        """``by_provider``: numbers of ``rows`` in the order of providers; the nearer both orders are the quicker."""
        order = rows.dependent.astype(np.int64) << 32 | rows.group
        if np.any(order[1:] < order[:-1]):
            sort = np.argsort(order, kind="stable")
            rows, order = rows.at(sort), order[sort]
            place = np.empty(len(sort), np.int32)
            place[sort] = np.arange(len(sort), dtype=np.int32)
            by_provider = place[by_provider]
        self.rows = rows
        begins = np.ones(len(order), bool)
        begins[1:] = (order[1:] != order[:-1]) | (rows.group[1:] == 0)
        self.group_start = np.append(np.flatnonzero(begins), len(order)).astype(np.int32)
        first = self.group_start[:-1]
        self.dependent = rows.dependent[first]
        needed = np.where(rows.group == 0, 1, rows.needed)
        needed = np.maximum.reduceat(needed, first) if len(first) else needed
        self.enough = np.minimum(needed, np.diff(self.group_start)).astype(np.int32)
        providers = rows.provider[by_provider]
        if np.any(providers[1:] < providers[:-1]):
            by_provider = by_provider[np.argsort(providers, kind="stable")]
        self.by_provider = by_provider.astype(np.int32)
        self.fed = (np.cumsum(begins, dtype=np.int32) - 1)[self.by_provider]
        self.needs_start = _starts(rows.dependent, size)
        self.fed_start = _starts(rows.provider, size)

    def altered(self, kept: Mask, places: Numbers, more: Rows, size: int) -> Edges:
        """Those ``kept``, their ends moved to other ``places``, and ``more``."""
        if kept.all() and not len(more.relation) and size == len(self.needs_start) - 1:
            return self
        rows = self.rows.at(kept)
        old = rows._replace(dependent=places[rows.dependent], provider=places[rows.provider])
        renumbered = np.cumsum(kept, dtype=np.int32) - 1
        order = renumbered[self.by_provider[kept[self.by_provider]]]
        both = Rows._make(np.concatenate(pair).astype(pair[1].dtype) for pair in zip(old, more, strict=True))
        new = np.arange(len(order), len(both.relation), dtype=np.int32)
        return Edges(both, np.concatenate([order, new]), size)

    def beneath(self, place: int) -> Numbers:
        """Numbers of the edges to what an item rests on."""
        return np.arange(self.needs_start[place], self.needs_start[place + 1])

    def above(self, place: int) -> Numbers:
        """Numbers of the edges to what rests on an item."""
        return self.by_provider[self.fed_start[place] : self.fed_start[place + 1]]


def _starts(places: Numbers, size: int) -> Numbers:
    """Where the edges of each place begin when they stand in the order of places, and where the last ones end."""
    return np.append(0, np.cumsum(np.bincount(places, minlength=size))).astype(np.int32)


def no_rows(many: int = 0) -> Rows:
    """Room for so many edges."""
    kinds = (np.int64, np.int32, np.int32, np.int32, np.uint16, np.uint32, np.uint16, np.bool_)
    return Rows._make(np.zeros(many, kind) for kind in kinds)


@dataclass(eq=False)
class Graph:
    """Who needs whom. ``bearing``: edges that carry failures; ``others``: those that do not; ``away``: what is down.

    ``so_at``: of which moment it is (Unix), None for now. ``unread``: it is still being read, so nothing is known.
    """

    keys: Numbers
    bearing: Edges
    others: Edges
    away: Mask
    kinds: Names
    groups: Names
    sure_days: Mapping[str, int] = field(default_factory=dict)
    so_at: float | None = None
    stands: tuple[Any, int, int] = (None, 0, 0)
    unread: bool = False
    #: How everything stands by what is away alone, once somebody asked (``cmdb.network.impact.baseline``).
    standing: Numbers | None = field(default=None, init=False)

    def __len__(self) -> int:
        return len(self.keys)

    def altered(self, dropped: Numbers, relations: Relations, types: Types, away: Mapping[int, bool]) -> Graph:
        """This graph without the relations ``dropped``, with ``relations``, and whether items are ``away`` now."""
        moved = np.fromiter(away, np.int64, len(away))
        keys = _merged(self.keys, np.concatenate([relations.source, relations.target, moved]))
        places = np.searchsorted(keys, self.keys)
        kinds, kind = self.kinds.numbers(run[0] for run in relations.runs)
        groups, group = self.groups.numbers(run[1] for run in relations.runs)
        rows = _rows(relations, kind, group, types, keys)
        carries = ~np.isin(rows.kind, [kinds.index(code) for code in types.loose if code in kinds])
        tables = [
            table.altered(~np.isin(table.rows.relation, dropped), places, rows.at(those), len(keys))
            for table, those in ((self.bearing, carries), (self.others, ~carries))
        ]
        states = np.zeros(len(keys), bool)
        states[places] = self.away
        states[np.searchsorted(keys, moved)] = list(away.values())
        return replace(
            self,
            keys=keys,
            bearing=tables[0],
            others=tables[1],
            away=states,
            kinds=kinds,
            groups=groups,
            sure_days=types.sure_days,
        )

    def within(self, inside: Mask) -> Graph:
        """The part between the places ``inside``."""
        places, size = np.cumsum(inside, dtype=np.int32) - 1, int(np.count_nonzero(inside))
        tables = [
            table.altered(inside[table.rows.dependent] & inside[table.rows.provider], places, no_rows(), size)
            for table in (self.bearing, self.others)
        ]
        return replace(self, keys=self.keys[inside], bearing=tables[0], others=tables[1], away=self.away[inside])

    def fresh(self) -> Graph:
        """The part that carries failures for sure, for it was confirmed lately; this graph itself where all was."""
        if not self.sure_days:
            return self
        limits = np.array([self.sure_since(kind) for kind in self.kinds])
        sure = self.bearing.rows.confirmed >= limits[self.bearing.rows.kind]
        if sure.all():
            return self
        bearing = self.bearing.altered(sure, np.arange(len(self), dtype=np.int32), no_rows(), len(self))
        return replace(self, bearing=bearing)

    def sure_since(self, kind: str) -> float:
        """Since when a relation of that type must have been confirmed to be sure (Unix)."""
        now = time() if self.so_at is None else self.so_at
        return now - self.sure_days[kind] * DAY if kind in self.sure_days else 0.0

    def places(self, keys: Collection[int]) -> Numbers:
        """Where items stand; what hangs together with nothing has no place."""
        return self.located(np.unique(np.fromiter(keys, np.int64, len(keys))))[0]

    def located(self, keys: Numbers) -> tuple[Numbers, Mask]:
        """Where those of ``keys`` stand that have a place, and which have one."""
        found = np.searchsorted(self.keys, keys)
        there = found < len(self.keys)
        there[there] = self.keys[found[there]] == keys[there]
        return found[there], there

    def mask(self, keys: Collection[int]) -> Mask:
        """By place, whether an item is one of ``keys``."""
        found = np.zeros(len(self), bool)
        found[self.places(keys)] = True
        return found

    def needs(self, key: int) -> list[Edge]:
        """What an item rests on."""
        return [edge for place in self.places([key]) for edge in self.edges(self.bearing, self.bearing.beneath(place))]

    def carries(self, key: int) -> list[Edge]:
        """What rests on an item."""
        return [edge for place in self.places([key]) for edge in self.edges(self.bearing, self.bearing.above(place))]

    def loose(self, key: int) -> list[Edge]:
        """What hangs together with an item otherwise."""
        table = self.others
        places = self.places([key])
        return [
            edge for end in (table.beneath, table.above) for place in places for edge in self.edges(table, end(place))
        ]

    def beside(self, key: int) -> list[int]:
        """Other items that hang together with an item in any way, each once: what it rests on first."""
        ends = [
            self.keys[column[numbers(place)]]
            for place in self.places([key])
            for table in (self.bearing, self.others)
            for numbers, column in ((table.beneath, table.rows.provider), (table.above, table.rows.dependent))
        ]
        return [other for other in dict.fromkeys(chain.from_iterable(end.tolist() for end in ends)) if other != key]

    def edges(self, table: Edges, numbers: Numbers) -> list[Edge]:
        """Edges by their numbers."""
        rows = table.rows.at(numbers)
        told = rows._replace(dependent=self.keys[rows.dependent], provider=self.keys[rows.provider])
        return [
            Edge(relation, dependent, provider, self.groups[group], needed, confirmed, self.kinds[kind], forward)
            for relation, dependent, provider, group, needed, confirmed, kind, forward in zip(
                *(column.tolist() for column in told), strict=True
            )
        ]

    def is_away(self, key: int) -> bool:
        """Whether an item is down."""
        return bool(self.away[self.places([key])].any())


_NO_EDGES = Edges(no_rows(), np.empty(0, np.int32), 0)
EMPTY = Graph(np.empty(0, np.int64), _NO_EDGES, _NO_EDGES, np.empty(0, np.bool_), Names(), Names(("",)))


def _rows(relations: Relations, kind: list[int], group: list[int], types: Types, keys: Numbers) -> Rows:
    """``relations`` as edges; ``kind`` and ``group``: the numbers of each run's."""
    counts = [run[2] for run in relations.runs]
    rows = no_rows(len(relations.relation))
    ends = np.searchsorted(keys, relations.source), np.searchsorted(keys, relations.target)
    rows.forward[:] = np.repeat(np.array([run[0] not in types.backward for run in relations.runs], bool), counts)
    rows.dependent[:], rows.provider[:] = np.where(rows.forward, ends, ends[::-1])
    rows.kind[:], rows.group[:] = np.repeat(kind, counts), np.repeat(group, counts)
    rows.relation[:], rows.needed[:], rows.confirmed[:] = relations.relation, relations.needed, relations.confirmed
    return rows


def _merged(keys: Numbers, more: Numbers) -> Numbers:
    """Sorted ``keys``, and ``more`` in any order, each once."""
    more = np.sort(more)
    more = more[np.append(True, more[1:] != more[:-1])] if len(more) else more
    return np.sort(np.concatenate([keys, more[~np.isin(more, keys)]]), kind="stable")
