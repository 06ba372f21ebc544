"""What fails when something fails: redundancy understood, cycles harmless, what is down already counted (CMDB-02).

Up goes to services and customers, down to what something rests on. Everything runs on ``cmdb.network.graph``;
``allowed`` are the items that the reader may know of: nothing else is walked, so no count or length can tell of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import takewhile
from time import monotonic, time
from typing import Final

from cmdb.network.graph import Edge, Graph

DEGRADED, DOWN = 1, 2
NEAREST = 2000
#: No answer takes longer than this; what is missing then is said.
BUDGET_SECONDS = 2.0
#: A service that rests on more than this is not searched for single points of failure.
LARGEST_SERVICE = 800

Usable = Callable[[Edge], bool]
#: Places in an edge: hubs have tens of thousands of them, and names are slower to look up.
_DEPENDENT: Final = 1
_PROVIDER: Final = 2
_GROUP: Final = 3
_NEEDED: Final = 4


@dataclass
class Reach:
    """The items affected: how badly, at which distance, whether for certain. ``partial``: the budget ran out."""

    severity: dict[int, int] = field(default_factory=dict)
    depth: dict[int, int] = field(default_factory=dict)
    certain: set[int] = field(default_factory=set)
    partial: bool = False

    def nearest(self, limit: int = NEAREST) -> list[int]:
        """Keys of the nearest affected items; of equal distance the worse first."""
        found = list(self.depth)  # nearest first, for so they were walked
        if len(found) > limit:
            last = self.depth[found[limit - 1]]
            found = list(takewhile(lambda key: self.depth[key] <= last, found))
        found.sort(key=lambda key: (self.depth[key], -self.severity.get(key, 0), key))
        return found[:limit]


def group_state(
    graph: Graph, item: int, group: str, severity: Callable[[int], int], usable: Usable | None = None
) -> int:
    """How badly ``item`` is hit by the state of the members of one redundancy group that it needs."""
    needed = members = up = touched = 0
    for edge in graph.needs.get(item, ()):
        if edge[_GROUP] != group or (usable is not None and not usable(edge)):
            continue
        state = severity(edge[_PROVIDER])
        needed = max(needed, edge[_NEEDED])
        members += 1
        up += state < DOWN
        touched = touched or min(state, DEGRADED)
    return DOWN if up < min(needed, members) else touched


def spread(
    graph: Graph, failed: Iterable[int], base: dict[int, int], usable: Usable | None, deadline: float
) -> tuple[dict[int, int], bool]:
    """Severities that rise above ``base`` when ``failed`` go down, and whether time ran out. States only get worse."""
    risen = dict.fromkeys(failed, DOWN)
    waiting = deque(risen)
    count = 0

    rose, stood, carries = risen.get, base.get, graph.carries

    def severity(key: int) -> int:
        return rose(key) or stood(key, 0)

    while waiting:
        item = waiting.popleft()
        count += 1
        if count % 2000 == 0 and monotonic() > deadline:
            return risen, True
        state = risen[item]
        for edge in carries.get(item, ()):
            other, group = edge[_DEPENDENT], edge[_GROUP]
            known = rose(other) or stood(other, 0)
            if known >= state and (known == DOWN or not group):
                continue
            if usable is not None and not usable(edge):
                continue
            now = group_state(graph, other, group, severity, usable) if group else state
            if now > known:
                risen[other] = now
                waiting.append(other)
    return risen, False


def baseline(graph: Graph) -> dict[int, int]:
    """How it stands already: what is in maintenance or not in use is down, with what follows from it."""
    if graph.baseline is None:
        graph.baseline, _late = spread(graph, graph.away, {}, None, monotonic() + 10 * BUDGET_SECONDS)
    return graph.baseline


def _within(allowed: Collection[int] | None) -> Usable | None:
    if allowed is None:
        return None
    known = allowed if isinstance(allowed, set | frozenset) else set(allowed)
    return lambda edge: edge.dependent in known and edge.provider in known


def _both(first: Usable | None, second: Usable) -> Usable:
    return second if first is None else lambda edge: first(edge) and second(edge)


def _fresh(graph: Graph) -> Usable:
    now = time()
    limits = {kind: now - days * 86_400 for kind, days in graph.sure_days.items()}
    return lambda edge: edge.confirmed >= limits.get(edge.kind, 0.0)


def failure_of(graph: Graph, failed: Collection[int], *, allowed: Collection[int] | None = None) -> Reach:
    """What is affected when ``failed`` go down together, beyond what is affected already."""
    deadline = monotonic() + BUDGET_SECONDS
    usable = _within(allowed)
    base = baseline(graph) if allowed is None else spread(graph, graph.away & set(allowed), {}, usable, deadline)[0]
    below = {key: state for key, state in base.items() if key not in failed}
    risen, late = spread(graph, failed, below, usable, deadline)
    sure = risen
    if graph.may_be_stale(time()):  # else the same would be walked again
        sure, too_late = spread(graph, failed, below, _both(usable, _fresh(graph)), deadline)
        late = late or too_late
    reach = Reach(severity={key: state for key, state in risen.items() if key not in failed}, partial=late)
    reach.certain = {key for key in reach.severity if sure.get(key, 0) >= reach.severity[key]}
    reach.depth = {
        key: depth for key, depth in _distances(graph, failed, reach.severity, usable).items() if key not in failed
    }
    return reach


def standing_with(graph: Graph, failed: Collection[int]) -> dict[int, int]:
    """How everything affected stands when ``failed`` are down together, they too and what is affected already."""
    below = {key: state for key, state in baseline(graph).items() if key not in failed}
    return {**below, **spread(graph, failed, below, None, monotonic() + BUDGET_SECONDS)[0]}


def falling_too(graph: Graph, failed: Collection[int], standing: dict[int, int]) -> set[int]:
    """What goes down when ``failed`` do while it stands as ``standing`` says; they themselves included."""
    risen, _late = spread(graph, failed, standing, None, monotonic() + BUDGET_SECONDS)
    return {key for key, state in risen.items() if state == DOWN}


def below_any(graph: Graph, items: Iterable[int]) -> set[int]:
    """``items`` and everything that any of them rests on."""
    return _reached(items, lambda key: (edge.provider for edge in graph.needs.get(key, ())))


def above_any(graph: Graph, items: Iterable[int]) -> set[int]:
    """``items`` and everything that rests on any of them."""
    return _reached(items, lambda key: (edge.dependent for edge in graph.carries.get(key, ())))


def _reached(items: Iterable[int], beside: Callable[[int], Iterable[int]]) -> set[int]:
    found = set(items)
    waiting = deque(found)
    while waiting:
        new = set(beside(waiting.popleft())) - found
        found |= new
        waiting.extend(new)
    return found


def _distances(graph: Graph, start: Collection[int], within: Collection[int], usable: Usable | None) -> dict[int, int]:
    """Steps from ``start`` up to each of ``within``."""
    depth = dict.fromkeys(start, 0)
    waiting = deque(depth)
    while waiting:
        item = waiting.popleft()
        step = depth[item] + 1
        for edge in graph.carries.get(item, ()):
            other = edge[_DEPENDENT]
            if other in depth or other not in within or (usable and not usable(edge)):
                continue
            depth[other] = step
            waiting.append(other)
    return depth


def foundations_of(
    graph: Graph, items: Collection[int], *, allowed: Collection[int] | None = None, limit: int = 0
) -> Reach:
    """What ``items`` rest on, down to the ground; severity is the present state. ``limit``: at most so many."""
    usable = _within(allowed)
    depth = dict.fromkeys(items, 0)
    waiting = deque(depth)
    partial = False
    while waiting and not partial:
        item = waiting.popleft()
        for edge in graph.needs.get(item, ()):
            if edge.provider in depth or (usable and not usable(edge)):
                continue
            depth[edge.provider] = depth[item] + 1
            waiting.append(edge.provider)
        partial = bool(limit) and len(depth) > limit
    base = baseline(graph) if allowed is None else dict.fromkeys(graph.away & set(allowed), DOWN)
    found = {key: step for key, step in depth.items() if key not in items}
    return Reach({key: base.get(key, 0) for key in found}, found, set(found), partial)


@dataclass(frozen=True)
class Collision:
    """An item that fails through several causes together though none of them alone would do it."""

    item: int
    severity: int


def collisions(graph: Graph, failed: Collection[int]) -> list[Collision]:
    """What goes down only because ``failed`` fail together or something is down already (2 of 3 needed, one away)."""
    together = failure_of(graph, failed).severity
    alone: dict[int, int] = {}
    deadline = monotonic() + BUDGET_SECONDS
    for item in failed:
        risen, _late = spread(graph, [item], {}, None, deadline)
        for key, state in risen.items():
            alone[key] = max(alone.get(key, 0), state)
    return [Collision(key, state) for key, state in together.items() if state > alone.get(key, 0)]


def single_points(graph: Graph, service: int, *, allowed: Collection[int] | None = None) -> tuple[list[int], bool]:
    """Items whose failure alone takes ``service`` down, the nearest first, and whether all could be tried."""
    below = foundations_of(graph, [service], allowed=allowed, limit=LARGEST_SERVICE)
    inside = {service, *below.depth}
    usable = _within(inside)
    base = {key: state for key, state in baseline(graph).items() if key in inside} if allowed is None else {}
    deadline = monotonic() + BUDGET_SECONDS
    found, late = [], below.partial
    if base.get(service) == DOWN:
        return [], late
    for item in sorted(below.depth, key=lambda key: (below.depth[key], key)):
        if base.get(item) == DOWN:
            continue
        risen, too_late = spread(graph, [item], {k: v for k, v in base.items() if k != item}, usable, deadline)
        late = late or too_late
        if risen.get(service) == DOWN:
            found.append(item)
        if monotonic() > deadline:
            return found, True
    return found, late


def path_between(graph: Graph, start: int, goal: int, *, allowed: Collection[int] | None = None) -> list[Edge] | None:
    """The shortest way between two items over any relations, in either direction; None when there is none."""
    usable = _within(allowed)
    came: dict[int, Edge | None] = {start: None}
    waiting = deque([start])
    while waiting and goal not in came:
        item = waiting.popleft()
        for table in (graph.needs, graph.carries, graph.loose):
            for edge in table.get(item, ()):
                other = edge.provider if edge.dependent == item else edge.dependent
                if other not in came and (usable is None or usable(edge)):
                    came[other] = edge
                    waiting.append(other)
    if goal not in came:
        return None
    steps: list[Edge] = []
    at = goal
    while (step := came[at]) is not None:
        steps.append(step)
        at = step.provider if step.dependent == at else step.dependent
    return steps[::-1]
