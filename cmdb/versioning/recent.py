"""What changed lately below something: over all it rests on, the nearest first, with what allowed it (INC-16)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from cmdb.authority import Authority
from cmdb.models import ItemVersion, RelationVersion
from cmdb.network import impact
from cmdb.network.answers import allowed_for
from cmdb.network.graph import graph_at
from cmdb.pages import item_url, seen_items
from cmdb.versioning.moments import NOW

MOST_ITEMS, SHOWN = 5000, 8


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

    First entries are no changes. At most ``shown``; four queries.
    """
    if not items:
        return []
    allowed = allowed_for(user)
    with graph_at() as graph:
        below = impact.foundations_of(graph, list(items), allowed=allowed, limit=MOST_ITEMS)
    depth = {**below.depth, **dict.fromkeys(items, 0)}
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


def _item_changes(depth: dict[int, int], since: datetime, until: datetime) -> list[tuple[int, Any, str]]:
    rows = ItemVersion.objects.filter(
        Q(recorded__startswith__range=(since, until)) | Q(valid__startswith__range=(since, until)),
        item__in=list(depth),
        carried=False,
        recorded__upper_inf=True,
    ).exclude(authority=Authority.FIRST)
    return [(row.item_id, row, _fields(row)) for row in rows.select_related("by")[:200]]


def _fields(version: ItemVersion) -> str:
    """The fields that this version brought, by their codes."""
    newest = max((stamp[1] for stamp in version.sources.values()), default="")
    return ", ".join(sorted(name for name, stamp in version.sources.items() if name and stamp[1] == newest))


def _relation_changes(depth: dict[int, int], since: datetime, until: datetime) -> list[tuple[int, Any, str]]:
    """Relations that began or ended; of the end that lies deeper."""
    moved = Q(recorded__startswith__range=(since, until))
    ends = Q(source__in=list(depth)) | Q(target__in=list(depth))
    rows = RelationVersion.objects.filter(moved, ends, recorded__upper_inf=True).exclude(authority=Authority.FIRST)
    found = []
    for row in rows.select_related("by", "relation_type", "source", "target")[:200]:
        near = min((end for end in (row.source_id, row.target_id) if end in depth), key=lambda end: depth[end])
        words = f"{row.source.identifier} {row.relation_type.name} {row.target.identifier}"
        if not row.carried or row.valid.upper is not None:
            found.append((near, row, words))
    return found
