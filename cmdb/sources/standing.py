"""Relations that a stronger source holds: neither ended nor altered by a weaker one, whose word is kept (CMDB-04)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from cmdb.authority import Stamp
from cmdb.definitions import Definitions
from cmdb.models import Claim, Relation, RelationVersion, SourceRanking
from cmdb.sources.claims import Statements, sources_at
from cmdb.sources.ranking import RESTORING, holder_of, relation_field
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
    holders = holders_of(rows, now)
    return {
        row.pk: holders[row.pk]
        for row in rows
        if row.pk in holders
        and rankings.outranks(classes[row.pk], relation_field(row.relation_type_id), holders[row.pk][0], stamp.source)
    }


def holders_of(rows: Sequence[Relation], now: datetime) -> dict[int, Holder]:
    """Who says that each holds, or, where it has ended, who ended it."""
    found = {
        key: holder_of(said, "", given=True)
        for key, said in sources_at(_keys(rows, True), now, relations=True).items()
    }
    ended = _keys(rows, False)
    for start in range(0, len(ended), BATCH):
        part = RelationVersion.objects.filter(relation__in=ended[start : start + BATCH], recorded__upper_inf=True)
        last = part.order_by("relation_id", "-valid").distinct("relation_id")
        for key, said in last.values_list("relation_id", "sources"):
            found[key] = tuple(said.get("end") or ("", ""))
    return found


def _keys(rows: Sequence[Relation], active: bool) -> list[int]:
    return [row.pk for row in rows if row.active is active]


def claim(values: Mapping[int, Any], holders: Mapping[int, Holder], stamp: Stamp, now: datetime) -> None:
    """Keep what the stamp's source says of relations by key: [group, needed], or None that one does not hold."""
    said = Statements(stamp)
    for key, value in values.items():
        said.claims[key, ""] = value
        said.held_since[key, ""] = holders[key][1]
    said.keep(now, about="relation_id")


def others_said_of_relations(item: Any, moment: datetime | None, now: datetime) -> list[dict[str, Any]]:
    """What other sources say of an item's relations than is recorded: the last word of each about each."""
    ends = Q(relation__source=item.pk) | Q(relation__target=item.pk)
    rows = (
        Claim.objects.standing(moment)
        .filter(ends)
        .order_by("relation_id", "source", "-at", "-pk")
        .distinct("relation_id", "source")
    )
    if moment is not None:
        rows = rows.filter(at__lte=moment)
    claims = list(rows.select_related("relation__source", "relation__target", "relation__relation_type"))
    relations = {row.relation_id: row.relation for row in claims if row.relation is not None}
    holders = holders_of(list(relations.values()), now)
    found = []
    for row in claims:
        kin = relations[row.relation_id]
        held = [kin.group, kin.needed] if kin.active else None
        holder, at = holders.get(kin.pk, ("", ""))
        spoke_since = holder == row.source and at and datetime.fromisoformat(at) >= row.at
        if not spoke_since and row.value != held:
            found.append({"claim": row, "relation": kin, "holder": holder})
    return found
