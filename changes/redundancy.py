"""What the CMDB says about changes that run at the same time: the one place where changes ask it."""

from __future__ import annotations

from collections.abc import Collection

from accounts.models import User
from cmdb.answers import allowed_for
from cmdb.graph import graph_at
from cmdb.impact import DOWN, failure_of, foundations_of
from cmdb.impact import collisions as failing_together
from cmdb.models import ConfigurationItem

#: No more neighbours than this are looked at.
MOST_ITEMS = 5000


def down_together(first: Collection[int], second: Collection[int]) -> list[str]:
    """What goes down only when the items (keys) of both are down at once: both nodes of a redundant pair."""
    if not first or not second:
        return []
    with graph_at() as graph:
        both = _down(failure_of(graph, {*first, *second}).severity)
        alone = _down(failure_of(graph, set(first)).severity) | _down(failure_of(graph, set(second)).severity)
    return names_of(both - alone - {*first, *second})


def down_with_what_is_away(items: Collection[int]) -> list[str]:
    """What goes down with ``items`` only because another node is down or in maintenance already."""
    if not items:
        return []
    with graph_at() as graph:
        found = [one for item in items for one in failing_together(graph, {item})]
    return names_of({one.item for one in found if one.severity == DOWN})


def dependent(first: Collection[int], second: Collection[int]) -> list[str]:
    """Items of either that fail with items of the other: identifiers."""
    if not first or not second:
        return []
    with graph_at() as graph:
        there = set(failure_of(graph, set(first)).severity) & set(second)
        back = set(failure_of(graph, set(second)).severity) & set(first)
    return names_of(there | back)


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


def names_of(keys: Collection[int]) -> list[str]:
    """Identifiers of items, in order. One query, none for none."""
    if not keys:
        return []
    found = ConfigurationItem.objects.filter(pk__in=list(keys)[:50]).order_by("identifier")
    return list(found.values_list("identifier", flat=True))
