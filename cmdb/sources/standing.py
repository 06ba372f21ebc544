"""Relations that a stronger source holds: neither ended nor altered by a weaker one, whose word is kept (CMDB-04)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from cmdb.authority import Stamp
from cmdb.definitions import Definitions
from cmdb.models import Claim, Relation, RelationVersion, SourceRanking
from cmdb.sources.claims import Statements, asked_about, spoke_since
from cmdb.sources.ranking import RESTORING, holder_of, relation_field
from cmdb.versioning.moments import Moment
from cmdb.versioning.versions import BATCH

#: Who holds something, and since when.
Holder = tuple[str, str]


def outranked(
    rows: Sequence[Relation],
    classes: Mapping[int, str],
    stamp: Stamp,
    now: datetime,
    known: Definitions | None = None,
) -> dict[int, Holder]:
    """Those of ``rows`` that a source holds which stands above the stamp's, with that holder.

    ``classes``: the class of the item each begins at, which says which ranking counts. One query without rankings.
    """
    if not rows or stamp.source in RESTORING or not SourceRanking.objects.exclude(sources=[]).exists():
        return {}
    rankings = (known or Definitions()).rankings
    holders = {key: holder for key, (_value, holder) in held_at([row.pk for row in rows], now).items()}
    return {
        row.pk: holders[row.pk]
        for row in rows
        if row.pk in holders
        and rankings.outranks(classes[row.pk], relation_field(row.relation_type_id), holders[row.pk][0], stamp.source)
    }


def held_at(keys: Sequence[int], so_at: datetime, known_at: datetime | None = None) -> dict[int, tuple[Any, Holder]]:
    """What is believed of relations at a moment, [group, needed] or None where one has ended, and who says so.

    As known at ``known_at``, or now without it.
    """
    found: dict[int, tuple[Any, Holder]] = {}
    for start in range(0, len(keys), BATCH):
        rows = RelationVersion.objects.filter(relation__in=keys[start : start + BATCH], valid__startswith__lte=so_at)
        rows = rows.believed() if known_at is None else rows.filter(recorded__contains=known_at)
        for row in rows.order_by("relation_id", "-valid").distinct("relation_id"):
            if row.valid.upper is None or so_at < row.valid.upper:
                found[row.relation_id] = [row.group, row.needed], holder_of(row.sources, "", given=True)
            else:
                source, at = row.sources.get("end") or ("", "")
                found[row.relation_id] = None, (source, at)
    return found


def claim(values: Mapping[int, Any], holders: Mapping[int, Holder], stamp: Stamp, now: datetime) -> None:
    """Keep what the stamp's source says of relations by key: [group, needed], or None that one does not hold."""
    said = Statements(stamp)
    for key, value in values.items():
        said.claims[key, ""] = value
        said.held_since[key, ""] = holders[key][1]
    said.keep(now, about="relation_id")


def others_said_of_relations(item: int, moment: Moment) -> list[dict[str, Any]]:
    """What other sources said of an item's relations at the moment than was believed then: the last word of each."""
    so_at = asked_about(moment)
    ends = Q(relation__source=item) | Q(relation__target=item)
    rows = Claim.objects.about(so_at, moment.known_at).filter(ends)
    rows = rows.order_by("relation_id", "source", "-at", "-pk").distinct("relation_id", "source")
    claims = list(rows.select_related("relation__source", "relation__target", "relation__relation_type"))
    believed = held_at(sorted({row.relation_id for row in claims if row.relation_id}), so_at, moment.known_at)
    found = []
    for row in claims:
        value, (holder, at) = believed.get(row.relation_id or 0, (None, ("", "")))
        if not spoke_since(row, holder, at) and row.value != value:
            found.append({"claim": row, "relation": row.relation, "holder": holder})
    return found
