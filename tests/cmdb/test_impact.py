"""What fails with what: redundancy, nesting, cycles, what is down already; equal to a naive walk (CMDB-02)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.network import impact
from cmdb.network.graph import Edge, Graph
from cmdb.network.impact import DEGRADED, DOWN

pytestmark = pytest.mark.req("CMDB-02")


def graph_of(edges: list[tuple[int, int, str, int]], away: set[int] | None = None) -> Graph:
    """A graph of (dependent, provider, group, needed)."""
    graph = Graph()
    graph.away = away or set()
    for number, (dependent, provider, group, needed) in enumerate(edges):
        edge = Edge(number, dependent, provider, group, needed, 0.0, "depends_on", True)
        graph.needs.setdefault(dependent, []).append(edge)
        graph.carries.setdefault(provider, []).append(edge)
    return graph


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

    assert impact.baseline(graph)[1] == DEGRADED
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


NODES = st.integers(0, 9)
EDGES = st.lists(st.tuples(NODES, NODES, st.sampled_from(["", "", "g", "h"]), st.integers(1, 3)), max_size=30)


@settings(max_examples=300, deadline=None)
@given(edges=EDGES, failed=st.sets(NODES, min_size=1, max_size=3), away=st.sets(NODES, max_size=2))
def test_equal_to_a_naive_walk(edges: list[Any], failed: set[int], away: set[int]) -> None:
    graph = graph_of(edges, away)

    before, after = naive(edges, away), naive(edges, away | failed)
    expected = {n: s for n, s in after.items() if s > before.get(n, 0) and n not in failed}
    found = impact.failure_of(graph, failed)
    assert found.severity == expected
    assert found.depth.keys() == expected.keys()


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
