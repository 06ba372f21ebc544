"""What the CMDB says about changes that run at the same time: the one place where changes ask it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from accounts.models import User
from cmdb.models import ConfigurationItem
from cmdb.network.answers import allowed_for
from cmdb.network.graph import Graph, graph_at
from cmdb.network.impact import DOWN, failure_of, foundations_of
from cmdb.network.impact import collisions as failing_together

#: No more neighbours than this are looked at.
MOST_ITEMS = 5000


class Estate:
    """What the CMDB says for one question: one graph, and what fails with each set of items looked up once.

    Identifiers are read in one query at the end (``names_of``).
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._failing: dict[frozenset[int], dict[int, int]] = {}
        self._away: dict[int, frozenset[int]] = {}

    def failing(self, items: frozenset[int]) -> dict[int, int]:
        """What is affected when ``items`` go down, and how badly."""
        if items not in self._failing:
            self._failing[items] = failure_of(self.graph, items).severity if items else {}
        return self._failing[items]

    def down_together(self, first: frozenset[int], second: frozenset[int]) -> frozenset[int]:
        """What goes down only when the items of both are down at once: both nodes of a redundant pair.

        Whatever needs both is touched by each: where nothing is, nothing has to be tried.
        """
        one, other = self.failing(first), self.failing(second)
        if not one.keys() & other.keys():
            return frozenset()
        both = _down(failure_of(self.graph, first | second).severity)
        return frozenset(both - _down(one) - _down(other) - first - second)

    def dependent(self, first: frozenset[int], second: frozenset[int]) -> frozenset[int]:
        """Items of either that fail with items of the other."""
        return frozenset(self.failing(first).keys() & second | self.failing(second).keys() & first)

    def down_with_what_is_away(self, items: frozenset[int]) -> frozenset[int]:
        """What goes down with ``items`` only because another node is down or in maintenance already."""
        if not self.graph.away:
            return frozenset()
        for item in items - self._away.keys():
            found = failing_together(self.graph, {item})
            self._away[item] = frozenset(one.item for one in found if one.severity == DOWN)
        return frozenset().union(*(self._away[item] for item in items))


@contextmanager
def estate() -> Iterator[Estate]:
    """The estate as it is now; kept for one question, for others wait for the graph meanwhile."""
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


def _down(severity: dict[int, int]) -> set[int]:
    return {key for key, state in severity.items() if state == DOWN}


def names_of(keys: Collection[int]) -> dict[int, str]:
    """Identifiers of items, by key. One query, none for none."""
    if not keys:
        return {}
    return dict(ConfigurationItem.objects.filter(pk__in=list(keys)).values_list("pk", "identifier"))
