"""A graph that is brought up to date is the one that is made anew (CMDB-02)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.network import impact
from cmdb.network.graph import EMPTY, Edge, Graph, Types
from tests.cmdb.graphs import Row, relations_of

pytestmark = pytest.mark.req("CMDB-02")

TYPES = Types(backward=frozenset({"contains"}), loose=frozenset({"backs_up"}))
NODES = st.integers(0, 9)
LINKS = st.tuples(
    st.sampled_from(["depends_on", "contains", "backs_up"]),
    NODES,
    NODES,
    st.sampled_from(["", "", "g", "h"]),
    st.integers(0, 3),
)
#: Relations by their key, those that end (None), and items that are away or in use again.
STEPS = st.lists(
    st.tuples(
        st.dictionaries(st.integers(0, 12), st.one_of(st.none(), LINKS), max_size=8),
        st.dictionaries(NODES, st.booleans(), max_size=3),
    ),
    min_size=1,
    max_size=4,
)


def row(key: int, link: Any) -> Row:
    """A relation as the database has it."""
    return (key, *link, 1_700_000_000 + key)


def edge(key: int, link: Any) -> Edge:
    """The same as the graph tells it."""
    kind, source, target, group, needed = link
    forward = kind != "contains"
    ends = (source, target) if forward else (target, source)
    return Edge(key, *ends, group, needed, 1_700_000_000 + key, kind, forward)


@pytest.mark.slow
@settings(max_examples=50)
@given(steps=STEPS)
def test_what_changed_is_taken_in(steps: list[Any]) -> None:
    graph, stands, away = EMPTY, dict[int, Any](), dict[int, bool]()
    for changed, moved in steps:
        stands.update(changed)
        away.update(moved)
        new = [row(key, link) for key, link in changed.items() if link]
        graph = graph.altered(np.array(list(changed)), relations_of(new), TYPES, moved)

    held = {key: link for key, link in stands.items() if link}
    anew = EMPTY.altered(np.empty(0), relations_of([row(*pair) for pair in held.items()]), TYPES, away)
    edges = [edge(*pair) for pair in held.items()]
    for key in range(10):
        for said in (graph, anew):
            assert told(said, key) == expected(edges, key)
            assert said.is_away(key) == away.get(key, False)
        assert impact.failure_of(graph, {key}).severity == impact.failure_of(anew, {key}).severity
    assert impact.by_key(graph, impact.baseline(graph)) == impact.by_key(anew, impact.baseline(anew))


def told(graph: Graph, key: int) -> list[Any]:
    """What the graph says of an item."""
    tables = [set(graph.needs(key)), set(graph.carries(key)), set(graph.loose(key))]
    return [*tables, set(graph.beside(key))]


def expected(edges: list[Edge], key: int) -> list[Any]:
    """The same from plain edges."""
    bearing = [edge for edge in edges if edge.kind != "backs_up"]
    loose = {edge for edge in edges if edge.kind == "backs_up" and key in edge[1:3]}
    needs, carries = ({edge for edge in bearing if edge[end] == key} for end in (1, 2))
    ends = {end for edge in needs | carries | loose for end in edge[1:3]}
    return [needs, carries, loose, ends - {key}]
