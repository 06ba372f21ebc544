"""What fails when something fails: redundancy understood, cycles harmless, what is down already counted (CMDB-02).

Up goes to services and customers, down to what something rests on. Everything runs on ``cmdb.network.graph``;
``allowed`` are the items that the reader may know of: nothing else is walked, so no count or length can tell of it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from time import monotonic

import numpy as np

from cmdb.network.graph import Edge, Graph, Mask, Numbers
from cmdb.network.walking import DOWN, distinct, ends_of, ranges, spread, walk

NEAREST = 2000
#: No answer takes longer than this; what is missing then is said.
BUDGET_SECONDS = 2.0
#: A service that rests on more than this is not searched for single points of failure.
LARGEST_SERVICE = 800
#: So many items and edges, of all worlds together, are walked at once.
ROOM = 2_000_000


@dataclass
class Reach:
    """The items affected: how badly, at which distance, whether for certain. ``partial``: the budget ran out."""

    keys: Numbers
    states: Numbers
    steps: Numbers
    sure: Mask
    partial: bool = False

    @cached_property
    def severity(self) -> dict[int, int]:
        """How badly each is affected."""
        return dict(zip(self.keys.tolist(), self.states.tolist(), strict=True))

    @cached_property
    def depth(self) -> dict[int, int]:
        """Steps to each."""
        return dict(zip(self.keys.tolist(), self.steps.tolist(), strict=True))

    @cached_property
    def certain(self) -> set[int]:
        """Those that are affected so badly by relations alone that were confirmed lately."""
        return set(self.keys[self.sure].tolist())

    def __len__(self) -> int:
        return len(self.keys)

    def first(self, limit: int = NEAREST) -> Reach:
        """The nearest affected items; of equal distance the worse first."""
        rank = (self.steps * (DOWN + 1) - self.states) * (self.keys.max(initial=0) + 1) + self.keys
        order = np.argpartition(rank, limit)[:limit] if len(rank) > limit else np.arange(len(rank))
        order = order[np.argsort(rank[order])]
        return Reach(self.keys[order], self.states[order], self.steps[order], self.sure[order], self.partial)

    def nearest(self, limit: int = NEAREST) -> list[int]:
        """Their keys."""
        return self.first(limit).keys.tolist()


def baseline(graph: Graph) -> Numbers:
    """How it stands already, by place: what is in maintenance or not in use is down, with what follows from it."""
    if graph.standing is None:
        states = np.zeros(len(graph), np.int8)
        spread(graph, states, np.flatnonzero(graph.away), monotonic() + 10 * BUDGET_SECONDS)
        graph.standing = states
    return graph.standing


def by_key(graph: Graph, states: Numbers) -> dict[int, int]:
    """``states`` by the keys of the items; those that are well are left out."""
    hit = np.flatnonzero(states)
    return dict(zip(graph.keys[hit].tolist(), states[hit].tolist(), strict=True))


def _known(graph: Graph, allowed: Collection[int] | None) -> Graph:
    return graph if allowed is None else graph.within(graph.mask(allowed))


def failure_of(graph: Graph, failed: Collection[int], *, allowed: Collection[int] | None = None) -> Reach:
    """What is affected when ``failed`` go down together, beyond what is affected already."""
    deadline = monotonic() + BUDGET_SECONDS
    part = _known(graph, allowed)
    start = part.places(failed)
    below = baseline(part).copy()
    below[start] = 0
    states = below.copy()
    late = spread(part, states, start, deadline)
    hit = states > below
    hit[start] = False
    sure = states
    if (fresh := part.fresh()) is not part:  # else the same would be walked again
        sure = below.copy()
        late = spread(fresh, sure, start, deadline) or late
    found, steps = walk(part, start, up=True, inside=hit)
    found, steps = found[len(start) :], steps[len(start) :]
    return Reach(part.keys[found], states[found], steps, sure[found] >= states[found], late or graph.unread)


def standing_with(graph: Graph, failed: Collection[int]) -> Numbers:
    """How everything stands, by place, when ``failed`` are down together and what is away already."""
    start = graph.places(failed)
    states = baseline(graph).copy()
    states[start] = 0
    spread(graph, states, start, monotonic() + BUDGET_SECONDS)
    return states


def falling_too(graph: Graph, failed: Collection[int], standing: Numbers) -> set[int]:
    """What goes down when ``failed`` do while it stands as ``standing`` says; they themselves included."""
    states = standing.copy()
    spread(graph, states, graph.places(failed), monotonic() + BUDGET_SECONDS)
    return {*failed, *graph.keys[(states == DOWN) & (standing != DOWN)].tolist()}


def below_any(graph: Graph, items: Collection[int]) -> set[int]:
    """``items`` and everything that any of them rests on."""
    return {*items, *graph.keys[walk(graph, graph.places(items), up=False)[0]].tolist()}


def above_any(graph: Graph, items: Collection[int]) -> set[int]:
    """``items`` and everything that rests on any of them."""
    return {*items, *graph.keys[walk(graph, graph.places(items), up=True)[0]].tolist()}


def hanging_on(graph: Graph, items: Collection[int], *, up: bool, allowed: Collection[int] | None = None) -> set[int]:
    """What rests on ``items`` over any number of steps (``up``), or what they rest on; they only where in a circle."""
    part = _known(graph, allowed)
    found, _steps = walk(part, part.places(items), up=up)
    return set(part.keys[ends_of(part.bearing, found, up=up)].tolist())


def beside_any(graph: Graph, items: Collection[int], *, up: bool) -> set[int]:
    """What rests on one of ``items`` directly (``up``), or what one of them rests on."""
    return set(graph.keys[ends_of(graph.bearing, graph.places(items), up=up)].tolist())


def resting_inside(graph: Graph, keys: Numbers, of: Numbers) -> Mask:
    """Whether on each of ``keys`` rests another one, or itself, that is ``of`` the same."""
    places, known = graph.located(keys)
    whose = np.full(len(graph), -1)
    whose[places] = of[known]
    groups, which = ranges(graph.bearing.fed_start, places)
    inside = whose[graph.bearing.dependent[graph.bearing.fed[groups]]] == whose[places[which]]
    resting = np.zeros(len(keys), bool)
    resting[np.flatnonzero(known)[which[inside]]] = True
    return resting


def foundations_of(
    graph: Graph, items: Collection[int], *, allowed: Collection[int] | None = None, limit: int = 0
) -> Reach:
    """What ``items`` rest on, down to the ground; severity is the present state. ``limit``: at most so many."""
    part = _known(graph, allowed)
    start = part.places(items)
    found, steps = walk(part, start, up=False, limit=limit)
    partial = bool(limit) and len(found) > limit
    found, steps = found[len(start) :], steps[len(start) :]
    states = baseline(part) if allowed is None else part.away * np.int8(DOWN)
    return Reach(part.keys[found], states[found], steps, np.ones(len(found), bool), partial or graph.unread)


@dataclass(frozen=True)
class Collision:
    """An item that fails through several causes together though none of them alone would do it."""

    item: int
    severity: int


def collisions(graph: Graph, failed: Collection[int]) -> list[Collision]:
    """What goes down only because ``failed`` fail together or something is down already (2 of 3 needed, one away)."""
    together = failure_of(graph, failed)
    alone = np.zeros(len(graph), np.int8)
    deadline = monotonic() + BUDGET_SECONDS
    for place in graph.places(failed):
        states = np.zeros(len(graph), np.int8)
        spread(graph, states, np.array([place]), deadline)
        alone = np.maximum(alone, states)
    more = together.states > alone[np.searchsorted(graph.keys, together.keys)]
    pairs = zip(together.keys[more].tolist(), together.states[more].tolist(), strict=True)
    return [Collision(key, state) for key, state in pairs]


def single_points(graph: Graph, service: int, *, allowed: Collection[int] | None = None) -> tuple[list[int], bool]:
    """Items whose failure alone takes ``service`` down, the nearest first, and whether some could not be tried.

    Each is tried in a world of its own, as many at once as there is room for.
    """
    below = foundations_of(graph, [service], allowed=allowed, limit=LARGEST_SERVICE)
    inside = graph.mask([service, *below.keys.tolist()])
    part = graph.within(inside)
    base = baseline(graph)[inside] if allowed is None else np.zeros(len(part), np.int8)
    own = part.places([service])
    tried = below.keys[np.lexsort((below.keys, below.steps))]
    places = np.searchsorted(part.keys, tried)
    tried, places = tried[base[places] < DOWN], places[base[places] < DOWN]
    if base[own].max(initial=0) == DOWN or not len(tried):
        return [], below.partial
    found, late, deadline = list[int](), below.partial, monotonic() + BUDGET_SECONDS
    worlds = max(1, ROOM // (len(part) + len(part.bearing.fed)))
    for first in range(0, len(tried), worlds):
        some = places[first : first + worlds]
        states = np.tile(base, len(some))
        late = spread(part, states, np.arange(len(some)) * len(part) + some, deadline) or late
        falls = states.reshape(len(some), len(part))[:, own[0]] == DOWN
        found += tried[first : first + worlds][falls].tolist()
    return found, late


def path_between(graph: Graph, start: int, goal: int, *, allowed: Collection[int] | None = None) -> list[Edge] | None:
    """The shortest way between two items over any relations, in either direction; None when there is none."""
    if start == goal:
        return []
    part = _known(graph, allowed)
    first, last = part.places([start]), part.places([goal])
    if not len(first) or not len(last):
        return None
    came = _came(part, first, int(last[0]))
    steps: list[Edge] = []
    at = int(last[0])
    while at != first[0]:
        if came[0][at] < 0:
            return None
        table = (part.bearing, part.others)[came[1][at]]
        steps += part.edges(table, came[0][at : at + 1])
        ends = int(table.rows.dependent[came[0][at]]), int(table.rows.provider[came[0][at]])
        at = ends[0] if ends[1] == at else ends[1]
    return steps[::-1]


def _came(graph: Graph, start: Numbers, goal: int) -> tuple[Numbers, Numbers]:
    """By place, the edge over which each item nearer than ``goal`` was reached first, and of which table it is."""
    number, of_table = np.full(len(graph), -1, np.int32), np.zeros(len(graph), np.int8)
    open_, seen = np.ones(len(graph), bool), np.empty(len(graph), np.int32)
    open_[start] = False
    level = start
    while len(level) and open_[goal]:
        new = []
        for place, table in enumerate((graph.bearing, graph.others)):
            down, up = ranges(table.needs_start, level)[0], table.by_provider[ranges(table.fed_start, level)[0]]
            for numbers, ends in ((down, table.rows.provider), (up, table.rows.dependent)):
                over = numbers[open_[ends[numbers]]]
                number[ends[over]], of_table[ends[over]] = over, place
                new.append(distinct(ends[over], seen))
                open_[new[-1]] = False
        level = np.concatenate(new)
    return number, of_table
