"""What changes ask of the CMDB, quickly for thousands of items: the same answers as trying everything (CHG-05)."""

from __future__ import annotations

import random

import pytest

from changes.collision.redundancy import Estate
from cmdb.network.graph import Graph
from cmdb.network.impact import collisions, failure_of
from cmdb.network.walking import DOWN
from tests.cmdb.graphs import graph_of

pytestmark = pytest.mark.req("CHG-05", "CMDB-02")
ITEMS = 40


def grown(chance: random.Random) -> Graph:
    """Items that rest on some before them, many of them in redundant groups; a few are away."""
    edges: list[tuple[int, int, str, int]] = []
    for item in range(4, ITEMS):
        below = chance.sample(range(item), chance.randint(1, 3))
        group, needed = ("nodes", chance.randint(1, len(below))) if chance.random() < 0.6 else ("", 1)
        edges += [(item, one, group, needed) for one in below]
    return graph_of(edges, chance.sample(range(ITEMS), 3))


def down(graph: Graph, items: frozenset[int]) -> set[int]:
    """What goes down with ``items``, beyond what is down already."""
    return {key for key, state in failure_of(graph, items).severity.items() if state == DOWN}


@pytest.mark.parametrize("seed", range(60))
def test_the_quick_answers_are_those_of_trying_everything(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same graphs every time
    graph = grown(chance)
    estate = Estate(graph)
    first, second = (frozenset(chance.sample(range(ITEMS), chance.randint(1, 6))) for _number in range(2))
    assert estate.failing(first) == failure_of(graph, first).severity
    both = down(graph, first | second) - down(graph, first) - down(graph, second) - first - second
    assert estate.down_together(first, second) == both == estate.down_together(second, first)
    each = (collisions(graph, {item}) for item in first)
    assert estate.down_with_what_is_away(first) == {
        one.item for found in each for one in found if one.severity == DOWN
    }
