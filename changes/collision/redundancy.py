"""What the CMDB says about changes that run at the same time: the one place where changes ask it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from accounts.models import User
from cmdb.models import ConfigurationItem
from cmdb.network.answers import allowed_for
from cmdb.network.graph import Graph, graph_at
from cmdb.network.impact import DEGRADED, DOWN, baseline, below_any, falling_too, foundations_of, standing_with
from cmdb.network.impact import collisions as failing_together

#: No more neighbours than this are looked at.
MOST_ITEMS = 5000


class Estate:
    """What the CMDB says for one question: one graph, and what fails with each set of items looked up once.

    A question compares one change of thousands of items with many small ones: what stands with the many is kept, and
    only what the few add to it is walked. Identifiers are read in one query at the end (``names_of``).
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._standing: dict[frozenset[int], dict[int, int]] = {}
        self._failing: dict[frozenset[int], dict[int, int]] = {}
        self._together: dict[tuple[frozenset[int], frozenset[int]], frozenset[int]] = {}
        self._down: dict[frozenset[int], frozenset[int]] = {}
        self._dependent: dict[tuple[frozenset[int], frozenset[int]], frozenset[int]] = {}
        self._away: dict[int, frozenset[int]] = {}
        self._with_away: dict[frozenset[int], frozenset[int]] = {}

    def failing(self, items: frozenset[int]) -> dict[int, int]:
        """What is affected when ``items`` go down, beyond what is affected already, and how badly."""
        if items not in self._failing:
            already = baseline(self.graph) if items else {}
            self._failing[items] = {
                key: state
                for key, state in self._standing_with(items).items()
                if key not in items and state > already.get(key, 0)
            }
        return self._failing[items]

    def _standing_with(self, items: frozenset[int]) -> dict[int, int]:
        if items not in self._standing:
            self._standing[items] = standing_with(self.graph, items) if items else {}
        return self._standing[items]

    def down_together(self, first: frozenset[int], second: frozenset[int]) -> frozenset[int]:
        """What goes down only when the items of both are down at once: both nodes of a redundant pair.

        Whatever needs both is touched by each and goes down with neither: where nothing is, nothing has to be tried.
        """
        key = (first, second)
        if key not in self._together:
            one, other = self.failing(first), self.failing(second)
            touched = {item for item in one.keys() & other.keys() if DOWN not in (one[item], other[item])}
            self._together[key] = self._falling(first, second) if touched - first - second else frozenset()
        return self._together[key]

    def _falling(self, first: frozenset[int], second: frozenset[int]) -> frozenset[int]:
        few, many = sorted((first, second), key=len)
        both = falling_too(self.graph, few, self._standing_with(many))
        return frozenset(both - self._down_with(few) - self._down_with(many) - first - second)

    def _down_with(self, items: frozenset[int]) -> frozenset[int]:
        if items not in self._down:
            self._down[items] = frozenset(key for key, state in self.failing(items).items() if state == DOWN)
        return self._down[items]

    def dependent(self, first: frozenset[int], second: frozenset[int]) -> frozenset[int]:
        """Items of either that fail with items of the other."""
        key = (first, second)
        if key not in self._dependent:
            found = self.failing(first).keys() & second | self.failing(second).keys() & first
            self._dependent[key] = frozenset(found)
        return self._dependent[key]

    def down_with_what_is_away(self, items: frozenset[int]) -> frozenset[int]:
        """What goes down with ``items`` only because another node is down or in maintenance already.

        Such a thing is degraded already: only items below one have to be tried, each for itself.
        """
        if not self.graph.away or not items:
            return frozenset()
        if items not in self._with_away:
            already = baseline(self.graph)
            hit = {key for key in self.failing(items) if already.get(key) == DEGRADED}
            tried = items & below_any(self.graph, hit) if hit else frozenset()
            for item in tried - self._away.keys():
                found = failing_together(self.graph, {item})
                self._away[item] = frozenset(one.item for one in found if one.severity == DOWN)
            self._with_away[items] = frozenset().union(*(self._away[item] for item in tried))
        return self._with_away[items]


@contextmanager
def estate(known: Estate | None = None) -> Iterator[Estate]:
    """The estate as it is now, ``known`` if it was opened for the same question; others wait for the graph meanwhile.

    What one question has found out is kept until it is answered: a refusal asks what collides, then for free windows.
    """
    if known is not None:
        yield known
        return
    with graph_at() as graph:
        yield Estate(graph)


def around(items: Collection[int], user: User) -> dict[int, int]:
    """Steps from ``items`` to all that they rest on, and to what rests on them directly; they themselves: 0."""
    if not items:
        return {}
    allowed = allowed_for(user)
    with graph_at() as graph:
        below = foundations_of(graph, list(items), allowed=allowed, limit=MOST_ITEMS).depth
        above = {edge.dependent for item in items for edge in graph.carries.get(item, ())}
    if allowed is not None:
        above &= allowed
    return {**dict.fromkeys(above, 1), **below, **dict.fromkeys(items, 0)}


def names_of(keys: Collection[int]) -> dict[int, str]:
    """Identifiers of items, by key. One query, none for none."""
    if not keys:
        return {}
    return dict(ConfigurationItem.objects.filter(pk__in=list(keys)).values_list("pk", "identifier"))
