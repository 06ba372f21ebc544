"""Imports under change control: which rows need a ground, and which of them have one (CMDB-06).

What is new, not in use or observed is free. What is controlled of an item in use is written only by an approved change
that names the item, or as a correction of the configuration manager; each other row is refused with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from cmdb.authority import IN_USE, NotAllowed, Stamp, authority_for
from cmdb.definitions import Definitions
from cmdb.models import ConfigurationItem, Relation, RelationType
from cmdb.sources.ranking import holder_of
from cmdb.writing import Draft, differing, is_controlled


@dataclass(frozen=True)
class Ground:
    """On what ground an import changes what is controlled; empty: on none."""

    by: User | None = None
    change: str = ""
    correction: bool = False
    reason: str = ""
    source: str = "import"

    def stamp(self, batch: Any = None) -> Stamp:
        """The stamp of what needs a ground."""
        return Stamp(
            by=self.by,
            source=self.source,
            change=self.change,
            correction=self.correction,
            reason=self.reason,
            batch=batch,
        )

    def refusal(self, status: str, identifiers: list[str], now: datetime) -> str:
        """Why something controlled of an item in ``status`` may not be written; empty: it may."""
        before = {"status_id": status}
        try:
            authority_for(self.stamp(), before=before, controlled=["row"], identifiers=identifiers, now=now)
        except NotAllowed as error:
            return str(error)
        return ""


def needs_ground(draft: Draft, known: Definitions, source: str, held: Mapping[int, Mapping[str, Any]]) -> bool:
    """Whether the draft changes something controlled of an item in use; ``held``: the sources of what is recorded.

    What a stronger source holds is only claimed, which changes nothing.
    """
    item = draft.item
    if item is None or item.status_id not in IN_USE:
        return False
    sources = held.get(item.pk, {})

    def written(name: str) -> bool:
        holder = holder_of(sources, name, given=True)[0]
        return not known.rankings.outranks(item.ci_class_id, name, holder, source)

    differs = differing(item, draft.facts)
    return any(is_controlled(known, item.ci_class_id, name) and written(name) for name in differs)


class RelationsNow:
    """The relations between stored items as they are, read in one query: what an import would change of them."""

    def __init__(self, items: Mapping[str, ConfigurationItem]) -> None:
        stored = [item.pk for item in items.values() if item.pk]
        rows = Relation.objects.filter(active=True, source__in=stored)
        columns = ("source_id", "relation_type_id", "target_id", "group", "needed")
        self._known = {row[:3]: row[3:] for row in rows.values_list(*columns).iterator(20_000)}

    def needs_ground(
        self, kind: RelationType, source: ConfigurationItem, target: ConfigurationItem, said: tuple[str, int]
    ) -> bool:
        """Whether it is new or differs, is controlled, and lies between items that were there before, one in use."""
        if not kind.controlled or not (source.pk and target.pk):
            return False
        if source.status_id not in IN_USE and target.status_id not in IN_USE:
            return False
        return self._known.get((source.pk, kind.pk, target.pk)) != said
