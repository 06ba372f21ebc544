"""What changed lately below something: over all it rests on, the nearest first, with what allowed it (INC-16).

Asked are the rows as they were written, still believed or not: what somebody repaired afterwards was a change all the
same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When
from django.db.models.functions import Least

from accounts.models import User
from cmdb.authority import Authority
from cmdb.models import Affects, ItemVersion, RelationVersion
from cmdb.network import impact
from cmdb.network.answers import allowed_for
from cmdb.network.graph import Graph
from cmdb.network.reading import graph_at
from cmdb.pages import item_url, seen_items
from cmdb.versioning.moments import NOW

MOST_ITEMS, SHOWN = 5000, 8
#: So many of the nearest rows are read; one edit may have written several.
READ = 200


@dataclass(frozen=True)
class Recent:
    """One change: of which item, how many steps below, when, by whom, on what ground."""

    item: Any
    url: str
    depth: int
    at: datetime
    by: User | None
    authority: str
    reference: str
    what: str

    @property
    def ground(self) -> str:
        """What allowed it, in words."""
        return str(Authority(self.authority).label)

    @property
    def unauthorised(self) -> bool:
        """Whether nothing allowed it."""
        return self.authority == Authority.UNAUTHORISED


def changes_below(
    items: Collection[int], since: datetime, until: datetime, user: User, *, shown: int = SHOWN
) -> list[Recent]:
    """What became so, or was written, between two moments of ``items`` and all they rest on; by distance, then time.

    They rest on what they rest on now, and on what they rested on then. First entries are no changes. At most
    ``shown``; five queries, one more for each step at which something was taken away since.
    """
    if not items:
        return []
    depth = _depth_of(items, since, until, allowed_for(user))
    found = [*_item_changes(depth, since, until), *_relation_changes(depth, since, until)]
    found.sort(key=lambda change: (depth[change[0]], -change[1].known.timestamp()))
    seen = seen_items({key for key, _version, _what in found[: 4 * shown]}, user, NOW)
    return [
        Recent(
            item=seen[key],
            url=item_url(key),
            depth=depth[key],
            at=version.known,
            by=version.by,
            authority=version.authority,
            reference=version.reference,
            what=what,
        )
        for key, version, what in found[: 4 * shown]
        if key in seen
    ][:shown]


def _depth_of(items: Collection[int], since: datetime, until: datetime, allowed: set[int] | None) -> dict[int, int]:
    """How many steps below ``items`` each item lies: by the graph of today, and by the relations that ended since.

    The graph of then would have to be built for every ticket anew; what ended since is little, and read by its rows.
    """
    depth: dict[int, int] = {}
    graph = graph_at()
    new = _sink(graph, dict.fromkeys(items, 0), depth, allowed)
    while new and len(depth) <= MOST_ITEMS:
        rested_on = _rested_on(new, depth, since, until)
        new = _sink(graph, rested_on, depth, allowed)
    return depth


def _sink(graph: Graph, starts: Mapping[int, int], depth: dict[int, int], allowed: set[int] | None) -> set[int]:
    """Note in ``depth`` what ``starts``, with their depths, rest on; return what was not known, or not so near."""
    nearer: set[int] = set()
    for start, steps in sorted(starts.items(), key=lambda pair: pair[1]):
        if allowed is not None and start not in allowed:
            continue
        below = impact.foundations_of(graph, [start], allowed=allowed, limit=MOST_ITEMS)
        for key, more in {start: 0, **below.depth}.items():
            if steps + more < depth.get(key, steps + more + 1):
                depth[key] = steps + more
                nearer.add(key)
    return nearer


def _rested_on(keys: Collection[int], depth: Mapping[int, int], since: datetime, until: datetime) -> dict[int, int]:
    """What ``keys`` rested on between two moments by relations that have ended, with its depth. One query."""
    first, second = Q(relation_type__affects=Affects.SOURCE), Q(relation_type__affects=Affects.TARGET)
    ended = RelationVersion.objects.believed().filter(
        first & Q(source__in=keys) | second & Q(target__in=keys),
        valid__upper_inf=False,
        valid__overlap=(since, until),
        relation__active=False,
    )
    found: dict[int, int] = {}
    for source, target, affects in ended.values_list("source", "target", "relation_type__affects"):
        dependent, provider = (source, target) if affects == Affects.SOURCE else (target, source)
        found[provider] = min(depth[dependent] + 1, found.get(provider, MOST_ITEMS))
    return found


def _steps(depth: Mapping[int, int], column: str) -> Case:
    """The depth of the item in ``column``, so that the database ranks before it cuts."""
    levels: dict[int, list[int]] = {}
    for key, steps in depth.items():
        levels.setdefault(steps, []).append(key)
    whens = [When(**{f"{column}__in": keys}, then=Value(steps)) for steps, keys in levels.items()]
    return Case(*whens, default=Value(MOST_ITEMS), output_field=IntegerField())


def _between(since: datetime, until: datetime) -> Q:
    """What was written, or became so, between two moments."""
    return Q(recorded__startswith__range=(since, until)) | Q(valid__startswith__range=(since, until))


def _item_changes(depth: dict[int, int], since: datetime, until: datetime) -> list[tuple[int, Any, str]]:
    rows = ItemVersion.objects.filter(_between(since, until), item__in=list(depth), carried=False)
    ranked = rows.exclude(authority=Authority.FIRST).order_by(
        _steps(depth, "item"), "-recorded__startswith", "valid__startswith"
    )
    edits: dict[Any, ItemVersion] = {}
    for row in ranked.select_related("by")[:READ]:
        edits.setdefault((row.item_id, row.known), row)
    return [(row.item_id, row, _fields(row)) for row in edits.values()]


def _fields(version: ItemVersion) -> str:
    """The fields that this version brought, by their codes."""
    newest = max((stamp[1] for stamp in version.sources.values()), default="")
    return ", ".join(sorted(name for name, stamp in version.sources.items() if name and stamp[1] == newest))


def _relation_changes(depth: dict[int, int], since: datetime, until: datetime) -> list[tuple[int, Any, str]]:
    """Relations that began, ended or changed; of the end that is nearer. What is only carried on says an end."""
    ends = Q(source__in=list(depth)) | Q(target__in=list(depth))
    ended = Q(carried=True, valid__upper_inf=False)
    moved = _between(since, until) | ended & Q(valid__endswith__range=(since, until))
    rows = RelationVersion.objects.filter(moved, ends, ended | Q(carried=False)).exclude(authority=Authority.FIRST)
    nearest = Least(_steps(depth, "source"), _steps(depth, "target"))
    ranked = rows.order_by(nearest, "-recorded__startswith", "carried", "valid__startswith")
    edits: dict[Any, RelationVersion] = {}
    for row in ranked.select_related("by", "relation_type", "source", "target")[:READ]:
        edits.setdefault((row.relation_id, row.known), row)
    found = []
    for row in edits.values():
        near = min((end for end in (row.source_id, row.target_id) if end in depth), key=lambda end: depth[end])
        found.append((near, row, f"{row.source.identifier} {row.relation_type.name} {row.target.identifier}"))
    return found
