"""What the CMDB says about changes that run at the same time: the one place where changes ask it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from accounts.models import User
from cmdb.models import ConfigurationItem
from cmdb.network.answers import allowed_for
from cmdb.network.graph import Graph, Numbers
from cmdb.network.impact import (
    above_any,
    baseline,
    below_any,
    beside_any,
    by_key,
    falling_too,
    foundations_of,
    standing_with,
)
from cmdb.network.impact import collisions as failing_together
from cmdb.network.reading import graph_at
from cmdb.network.walking import DEGRADED, DOWN

#: No more neighbours than this are looked at.
MOST_ITEMS = 5000
#: So many answers of the size of the whole estate are kept: a byte for each item in each.
STANDING = 200


class Estate:
    """What the CMDB says for one question: one graph, and what fails with each set of items looked up once.

    A question compares one change of thousands of items with many small ones: what stands with the many is kept, and
    only what the few add to it is walked. Identifiers are read in one query at the end (``names_of``).
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._standing: dict[frozenset[int], Numbers] = {}
        self._failing: dict[frozenset[int], dict[int, int]] = {}
        self._touched: dict[frozenset[int], dict[int, int]] = {}
        self._together: dict[tuple[frozenset[int], frozenset[int]], frozenset[int]] = {}
        self._down: dict[frozenset[int], frozenset[int]] = {}
        self._dependent: dict[tuple[frozenset[int], frozenset[int]], frozenset[int]] = {}
        self._away: dict[int, frozenset[int]] = {}
        self._with_away: dict[frozenset[int], frozenset[int]] = {}
        self._crowds: dict[tuple[frozenset[int], frozenset[int]], frozenset[int]] = {}

    def failing(self, items: frozenset[int]) -> dict[int, int]:
        """What is affected when ``items`` go down, beyond what is affected already, and how badly."""
        if items not in self._failing:
            standing = standing_with(self.graph, items)
            more = by_key(self.graph, standing * (standing > baseline(self.graph)))
            self._failing[items] = {key: state for key, state in more.items() if key not in items}
        return self._failing[items]

    def touched(self, items: frozenset[int]) -> dict[int, int]:
        """As ``failing``, with what rests on ``items`` and has lost redundancy already by what is away."""
        if items not in self._touched:
            weak = self._weak & above_any(self.graph, items) if items and self._weak else set()
            self._touched[items] = {**dict.fromkeys(weak - items, DEGRADED), **self.failing(items)}
        return self._touched[items]

    @cached_property
    def _weak(self) -> set[int]:
        """What has lost redundancy already."""
        return set(self.graph.keys[baseline(self.graph) == DEGRADED].tolist())

    def _standing_with(self, items: frozenset[int]) -> Numbers:
        if items not in self._standing:
            if len(self._standing) >= STANDING:
                self._standing.clear()
            self._standing[items] = standing_with(self.graph, items)
        return self._standing[items]

    def down_together(self, first: frozenset[int], second: frozenset[int]) -> frozenset[int]:
        """What goes down only when the items of both are down at once: both nodes of a redundant pair.

        Whatever needs both is touched by each and goes down with neither: where nothing is, nothing has to be tried.
        """
        key = (first, second)
        if key not in self._together:
            one, other = self.touched(first), self.touched(second)
            touched = {item for item in one.keys() & other.keys() if DOWN not in (one[item], other[item])}
            self._together[key] = self._falling(first, second) if touched - first - second else frozenset()
        return self._together[key]

    def degraded_with(self, first: frozenset[int], second: frozenset[int]) -> frozenset[int]:
        """What loses redundancy by the items of either and goes down with neither."""
        one, other = self.touched(first), self.touched(second)
        return frozenset(key for key in one.keys() & other.keys() if one[key] == other[key] == DEGRADED)

    def down_in_a_crowd(
        self, own: frozenset[int], others: Sequence[frozenset[int]], down: frozenset[int]
    ) -> frozenset[int]:
        """What goes down with ``own``, all of ``others`` and what is ``down`` already, but not without ``own``.

        Neither what ``own`` takes down with one of them alone: the three nodes of a group, each in another change.
        """
        if len(others) + bool(down) < 2:
            return frozenset()
        rest = down.union(*others)
        key = (own, rest)
        if key not in self._crowds:
            falls = self._down_of(own | rest) - self._down_of(rest) - self._down_of(own | down) - own - rest
            self._crowds[key] = falls
        pairs = (self.down_together(own, other) for other in others)
        return self._crowds[key].difference(*pairs)

    def _down_of(self, items: frozenset[int]) -> frozenset[int]:
        return frozenset(self.graph.keys[self._standing_with(items) == DOWN].tolist())

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
        if not items or not self._weak:
            return frozenset()
        if items not in self._with_away:
            hit = self.failing(items).keys() & self._weak
            tried = items & below_any(self.graph, hit) if hit else frozenset()
            for item in tried - self._away.keys():
                found = failing_together(self.graph, {item})
                self._away[item] = frozenset(one.item for one in found if one.severity == DOWN)
            self._with_away[items] = frozenset().union(*(self._away[item] for item in tried))
        return self._with_away[items]


@contextmanager
def estate(known: Estate | None = None) -> Iterator[Estate]:
    """The estate as it is now, ``known`` if it was opened for the same question.

    What one question has found out is kept until it is answered: a refusal asks what collides, then for free windows.
    """
    if known is not None:
        yield known
        return
    yield Estate(graph_at())


def around(items: Collection[int], user: User) -> dict[int, int]:
    """Steps from ``items`` to all that they rest on, and to what rests on them directly; they themselves: 0."""
    if not items:
        return {}
    allowed = allowed_for(user)
    graph = graph_at()
    below = foundations_of(graph, items, allowed=allowed, limit=MOST_ITEMS).depth
    above = beside_any(graph, items, up=True)
    if allowed is not None:
        above &= allowed
    return {**dict.fromkeys(above, 1), **below, **dict.fromkeys(items, 0)}


def names_of(keys: Collection[int]) -> dict[int, str]:
    """Identifiers of items, by key. One query, none for none."""
    if not keys:
        return {}
    return dict(ConfigurationItem.objects.filter(pk__in=list(keys)).values_list("pk", "identifier"))
