"""What fails with what: redundancy, nesting, cycles, what is down already; equal to a naive walk (CMDB-02)."""

from __future__ import annotations

from time import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.network import impact
from cmdb.network.graph import Graph
from cmdb.network.walking import DEGRADED, DOWN
from tests.cmdb.graphs import graph_of

pytestmark = pytest.mark.req("CMDB-02")


def state(graph: Graph, item: int, *failed: int) -> int:
    """How badly ``item`` is hit when ``failed`` go down."""
    return impact.failure_of(graph, set(failed)).severity.get(item, 0)


def test_one_of_two_degrades_and_both_take_it_down() -> None:
    graph = graph_of([(1, 2, "pair", 1), (1, 3, "pair", 1)])

    assert state(graph, 1, 2) == DEGRADED
    assert state(graph, 1, 2, 3) == DOWN


def test_n_of_m_nested_twice() -> None:
    """The service needs one of two applications; each application needs two of three hosts."""
    graph = graph_of(
        [
            *((1, app, "apps", 1) for app in (2, 3)),
            *((2, host, "hosts", 2) for host in (4, 5, 6)),
            *((3, host, "hosts", 2) for host in (6, 7, 8)),
        ]
    )

    assert (state(graph, 2, 4), state(graph, 1, 4)) == (DEGRADED, DEGRADED)
    assert (state(graph, 2, 4, 5), state(graph, 1, 4, 5)) == (DOWN, DEGRADED)
    assert state(graph, 1, 4, 5, 7, 8) == DOWN
    assert state(graph, 1, 6, 4) == DEGRADED
    assert state(graph, 1, 6, 4, 7) == DOWN


def test_a_node_in_maintenance_counts_and_the_collision_is_reported() -> None:
    """2 of 3 are needed, one is away: the next one takes it down though each alone is harmless."""
    graph = graph_of([(1, node, "nodes", 2) for node in (2, 3, 4)], away={4})

    assert impact.by_key(graph, impact.baseline(graph)) == {1: DEGRADED, 4: DOWN}
    assert state(graph, 1, 2) == DOWN
    assert [(c.item, c.severity) for c in impact.collisions(graph, {2})] == [(1, DOWN)]
    assert impact.single_points(graph, 1) == ([2, 3], False)


def test_single_points_of_a_service_are_those_without_a_second() -> None:
    graph = graph_of([(1, 2, "pair", 1), (1, 3, "pair", 1), (2, 4, "", 1), (3, 4, "", 1), (4, 5, "", 1)])

    assert impact.single_points(graph, 1) == ([4, 5], False)


def test_cycles_end_and_paths_go_either_way() -> None:
    graph = graph_of([(1, 2, "", 1), (2, 3, "", 1), (3, 1, "", 1), (3, 3, "", 1), (4, 3, "", 1)])

    assert impact.failure_of(graph, {1}).severity == {2: DOWN, 3: DOWN, 4: DOWN}
    assert [edge.relation for edge in impact.path_between(graph, 1, 4) or []] == [2, 4]
    assert impact.path_between(graph, 1, 99) is None


@pytest.mark.req("ORG-03")
def test_what_may_not_be_known_is_not_walked() -> None:
    graph = graph_of([(1, 2, "", 1), (2, 3, "", 1)])

    assert impact.failure_of(graph, {3}, allowed={1, 3}).severity == {}
    assert impact.path_between(graph, 1, 3, allowed={1, 3}) is None
    assert impact.foundations_of(graph, [1], allowed={1, 3}).depth == {}


def test_what_follows_from_a_relation_that_nobody_confirmed_lately_is_not_certain() -> None:
    """2 rests on 3 by a relation of yesterday, 1 on 2 by one of last year; the type is sure for thirty days."""
    confirmed = {number: time() - age * 86_400 for number, age in enumerate((365, 1))}
    graph = graph_of([(1, 2, "", 1), (2, 3, "", 1)], confirmed=confirmed, sure_days=30)

    found = impact.failure_of(graph, {3})
    assert (found.severity, found.certain) == ({2: DOWN, 1: DOWN}, {2})


NAMES = range(10)
NODES = st.sampled_from(NAMES)
EDGES = st.lists(st.tuples(NODES, NODES, st.sampled_from(["", "", "g", "h"]), st.integers(1, 3)), max_size=30)


KNOWN = st.one_of(st.none(), st.sets(NODES, min_size=4))


def inside(edges: list[Any], known: set[int] | None) -> list[Any]:
    """The edges between what is known."""
    return [edge for edge in edges if known is None or {edge[0], edge[1]} <= known]


@settings(max_examples=100)
@given(edges=EDGES, failed=st.sets(NODES, min_size=1, max_size=3), away=st.sets(NODES, max_size=2), known=KNOWN)
def test_equal_to_a_naive_walk(edges: list[Any], failed: set[int], away: set[int], known: set[int] | None) -> None:
    found = impact.failure_of(graph_of(edges, away), failed, allowed=known)

    seen = inside(edges, known)
    down, fails = (those if known is None else those & known for those in (away, failed))
    before, after = naive(seen, down), naive(seen, down | fails)
    expected = {n: s for n, s in after.items() if s > before.get(n, 0) and n not in fails}
    assert found.severity == expected
    assert found.depth == steps_in([edge[:2] for edge in seen], fails, expected)


@settings(max_examples=100)
@given(
    edges=EDGES,
    failed=st.sets(NODES, min_size=1, max_size=3),
    away=st.sets(NODES, max_size=2),
    stale=st.sets(st.integers(0, 29), max_size=8),
)
def test_certain_is_what_follows_from_fresh_relations(
    edges: list[Any], failed: set[int], away: set[int], stale: set[int]
) -> None:
    confirmed = {number: time() - (60 if number in stale else 10) * 86_400 for number in range(len(edges))}
    graph = graph_of(edges, away, confirmed=confirmed, sure_days=30)
    below = {n: s for n, s in naive(edges, away).items() if n not in failed}
    fresh = [edge for number, edge in enumerate(edges) if number not in stale]

    found = impact.failure_of(graph, failed)

    sure = one_after_another(fresh, failed, below)
    assert found.certain == {n for n, state in found.severity.items() if sure.get(n, 0) >= state}


@settings(max_examples=100)
@given(
    edges=EDGES,
    failed=st.sets(NODES, min_size=1, max_size=3),
    away=st.sets(NODES, max_size=2),
    limit=st.integers(1, 6),
)
def test_the_nearest_are_the_first_of_all(edges: list[Any], failed: set[int], away: set[int], limit: int) -> None:
    whole = impact.failure_of(graph_of(edges, away), failed)

    order = sorted(whole.depth, key=lambda key: (whole.depth[key], -whole.severity[key], key))
    assert whole.nearest(limit) == order[:limit]
    first = whole.first(limit)
    assert first.severity == {key: whole.severity[key] for key in order[:limit]}
    assert first.certain == whole.certain & set(order[:limit])


@settings(max_examples=100)
@given(edges=EDGES, start=NODES, known=KNOWN, limit=st.integers(1, 5))
def test_what_rests_on_what_is_found_both_ways(
    edges: list[Any], start: int, known: set[int] | None, limit: int
) -> None:
    graph = graph_of(edges)
    seen = inside(edges, known)
    starts = {start} if known is None else {start} & known
    down = steps_in([(provider, dependent) for dependent, provider, *_group in seen], starts, NAMES)

    assert impact.foundations_of(graph, [start], allowed=known).depth == down
    few = impact.foundations_of(graph, [start], allowed=known, limit=limit)
    assert few.depth.items() <= down.items()
    assert few.partial == (1 + len(down) > limit if down else False)
    assert sorted(few.depth.values()) == sorted(down.values())[: len(few)]
    if known is None:
        up = steps_in([edge[:2] for edge in edges], starts, NAMES)
        assert (impact.above_any(graph, {start}), impact.below_any(graph, {start})) == ({start, *up}, {start, *down})
        ends = {edge[0] for edge in edges if edge[1] in {start, *up}}
        assert impact.hanging_on(graph, {start}, up=True) == ends


@settings(max_examples=100)
@given(edges=EDGES, service=NODES, away=st.sets(NODES, max_size=2), known=KNOWN, room=st.sampled_from([1, 60, 9999]))
def test_single_points_are_those_that_fail_it_when_tried_one_by_one(
    edges: list[Any], service: int, away: set[int], known: set[int] | None, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(impact, "ROOM", room)
    found, partial = impact.single_points(graph_of(edges, away), service, allowed=known)

    seen = inside(edges, known)
    if known is not None and service not in known:
        seen = []
    depth = steps_in([(provider, dependent) for dependent, provider, *_group in seen], {service}, NAMES)
    part = inside(seen, {service, *depth})
    standing = naive(edges, away) if known is None else {}
    base = {n: s for n, s in standing.items() if n in {service, *depth}}
    tried = sorted((n for n in depth if base.get(n) != DOWN), key=lambda n: (depth[n], n))
    expected = [
        n
        for n in tried
        if base.get(service) != DOWN
        and one_after_another(part, {n}, {k: v for k, v in base.items() if k != n}).get(service) == DOWN
    ]
    assert (found, partial) == (expected, False)


@settings(max_examples=100)
@given(edges=EDGES, start=NODES, goal=NODES, known=KNOWN)
def test_a_path_is_a_shortest_one(edges: list[Any], start: int, goal: int, known: set[int] | None) -> None:
    path = impact.path_between(graph_of(edges), start, goal, allowed=known)

    pairs = [edge[:2] for edge in inside(edges, known)]
    steps = steps_in([*pairs, *((b, a) for a, b in pairs)], {start}, NAMES).get(goal)
    if start == goal:
        assert path == []
    elif steps is None:
        assert path is None
    else:
        assert path is not None
        assert len(path) == steps
        at = start
        for edge in path:
            assert at in edge[1:3]
            at = edge.provider if edge.dependent == at else edge.dependent
        assert at == goal


def test_a_long_way_round_counts_for_the_nearest() -> None:
    """1 rests on one of two: on 0 itself, and on 9, which falls with 0 over many steps."""
    chain = [(n + 1, n, "", 1) for n in range(3, 9)]
    graph = graph_of([(1, 0, "pair", 1), (1, 9, "pair", 1), (3, 0, "", 1), *chain, (2, 0, "", 1)])

    found = impact.failure_of(graph, {0}).first(2)
    assert (found.severity[1], found.depth[1]) == (DOWN, 1)


def test_what_is_nearer_round_what_stands_goes_before_what_is_behind_it() -> None:
    """2 is two steps away over 1, which is affected already and rises no more; over 3, 4, 5 it is four."""
    edges = [(1, 0, "g", 1), (1, 9, "g", 1), (2, 1, "", 1), (3, 0, "", 1), (4, 3, "", 1), (5, 4, "", 1), (2, 5, "", 1)]
    graph = graph_of([*edges, (1, 8, "", 1), (6, 4, "", 1)], away={8})

    assert impact.failure_of(graph, {0}).nearest(3) == [3, 4, 5]


def steps_in(pairs: list[Any], start: set[int], within: Any) -> dict[int, int]:
    """Steps to each of ``within`` that (to, from) lead to from ``start``, over such alone."""
    depth, level = dict.fromkeys(start, 0), set(start)
    while level:
        level = {to for to, of in pairs if of in level and to in within and to not in depth}
        depth.update(dict.fromkeys(level, max(depth.values()) + 1))
    return {key: steps for key, steps in depth.items() if key not in start}


def one_after_another(edges: list[Any], failed: set[int], base: dict[int, int]) -> dict[int, int]:
    """What gets worse than ``base``: of each thing that did, everything that needs it is looked at."""
    risen = dict.fromkeys(failed, DOWN)
    waiting = list(failed)
    while waiting:
        item = waiting.pop(0)
        for dependent, _provider, group, _needed in [edge for edge in edges if edge[1] == item]:
            own = [edge for edge in edges if edge[0] == dependent and edge[2] == group]
            states = [risen.get(edge[1], base.get(edge[1], 0)) for edge in own]
            now = risen[item]
            if group:
                lost = sum(state < DOWN for state in states) < min(len(own), max(edge[3] for edge in own))
                now = DOWN if lost else DEGRADED
            if now > risen.get(dependent, base.get(dependent, 0)):
                risen[dependent] = now
                waiting.append(dependent)
    return risen


def naive(edges: list[Any], down: set[int]) -> dict[int, int]:
    """Look at every item again until nothing gets worse."""
    states = dict.fromkeys(down, DOWN)
    while True:
        new = dict(states)
        for item in {edge[0] for edge in edges} - down:
            own = [edge for edge in edges if edge[0] == item]
            worst = max([states.get(p, 0) for _i, p, group, _n in own if not group], default=0)
            for name in {edge[2] for edge in own if edge[2]}:
                members = [edge for edge in own if edge[2] == name]
                up = sum(states.get(edge[1], 0) < DOWN for edge in members)
                touched = any(states.get(edge[1], 0) for edge in members)
                worst = max(worst, DOWN if up < min(len(members), max(edge[3] for edge in members)) else int(touched))
            new[item] = max(new.get(item, 0), worst)
        if new == states:
            return {item: value for item, value in states.items() if value}
        states = new
