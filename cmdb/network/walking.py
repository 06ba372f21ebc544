"""Walks over the graph, a level at a time: all steps that can be made at once are made at once."""

from __future__ import annotations

from time import monotonic

import numpy as np

from cmdb.network.graph import Edges, Graph, Mask, Numbers

DEGRADED, DOWN = 1, 2


def spread(graph: Graph, states: Numbers, failed: Numbers, deadline: float) -> bool:
    """Let ``failed`` go down in ``states`` with all that follows; return whether time ran out. States only get worse.

    ``states`` may be of several worlds, one after another: ``failed`` are places in it, and each world has its own.
    """
    edges, size = graph.bearing, len(graph)
    groups = len(edges.dependent)
    seen = np.empty(max(groups * (len(states) // max(size, 1)), len(states)), np.int32)
    states[failed] = DOWN
    level = failed
    while len(level):
        if monotonic() > deadline:
            return True
        world, item = np.divmod(level, size)
        picked, of = ranges(edges.fed_start, item)
        world, group = np.divmod(distinct(world[of] * groups + edges.fed[picked], seen), groups)
        dependent = world * size + edges.dependent[group]
        open_ = states[dependent] < DOWN
        world, group, dependent = world[open_], group[open_], dependent[open_]
        if not len(group):
            break
        members, of = ranges(edges.group_start, group)
        down = states[world[of] * size + edges.rows.provider[members]] == DOWN
        up = np.bincount(of[~down], minlength=len(group))
        falls = up < edges.enough[group]
        worse = falls | (states[dependent] < DEGRADED)
        states[dependent[worse & ~falls]] = DEGRADED
        states[dependent[falls]] = DOWN
        level = distinct(dependent[worse], seen)
    return False


def walk(
    graph: Graph, start: Numbers, *, up: bool, inside: Mask | None = None, limit: int = 0
) -> tuple[Numbers, Numbers]:
    """What rests on ``start`` (``up``), or what it rests on: places, the nearest first, and steps. ``start`` too.

    ``inside``: nothing else is gone to. ``limit``: after so many it is broken off.
    """
    edges = graph.bearing
    open_ = np.ones(len(graph), bool) if inside is None else inside.copy()
    open_[start] = False
    seen = np.empty(len(graph), np.int32)
    levels, count = [start], len(start)
    while len(levels[-1]) and not (limit and count > limit):
        others = ends_of(edges, levels[-1], up=up)
        others = distinct(others[open_[others]], seen)
        open_[others] = False
        levels.append(others)
        count += len(others)
    found = np.concatenate(levels)
    steps = np.repeat(np.arange(len(levels)), [len(level) for level in levels])
    return (found[: limit + 1], steps[: limit + 1]) if limit else (found, steps)


def ends_of(edges: Edges, places: Numbers, *, up: bool) -> Numbers:
    """What rests on ``places`` directly, or what they rest on; what does so twice comes twice."""
    if up:
        return edges.dependent[edges.fed[ranges(edges.fed_start, places)[0]]]
    return edges.rows.provider[ranges(edges.needs_start, places)[0]]


def ranges(starts: Numbers, places: Numbers) -> tuple[Numbers, Numbers]:
    """For each of ``places``, all numbers from its start up to before the next one's; and of which place each is."""
    first = starts[places]
    counts = starts[places + 1] - first
    of = np.repeat(np.arange(len(places)), counts)
    return np.arange(len(of)) + (first - np.cumsum(counts) + counts)[of], of


def distinct(numbers: Numbers, seen: Numbers) -> Numbers:
    """Each of ``numbers`` once, without sorting. ``seen``: room to note where each stands."""
    order = np.arange(len(numbers), dtype=np.int32)
    seen[numbers] = order
    return numbers[seen[numbers] == order]
