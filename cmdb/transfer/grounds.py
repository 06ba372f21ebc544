"""Imports under change control: which rows need a ground, and which of them have one (CMDB-06).

What is new, not in use or observed is free. What is controlled of an item in use is written only by an approved change
that names the item, or as a correction of the configuration manager; each other row is refused with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from cmdb.authority import IN_USE, NotAllowed, Stamp, authority_for
from cmdb.definitions import Definitions
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

    def refusal(self, used: Sequence[str], identifiers: Sequence[str], now: datetime) -> str:
        """Why something controlled of the items of ``identifiers``, of which ``used`` are in use, may not be written;
        empty: it may.
        """
        try:
            authority_for(self.stamp(), used=used, controlled=["row"], identifiers=identifiers, now=now)
        except NotAllowed as error:
            return str(error)
        return ""


def written_names(draft: Draft, known: Definitions, source: str, held: Mapping[int, Mapping[str, Any]]) -> set[str]:
    """Which fields of a recorded item the draft changes; ``held``: the sources of what is recorded.

    What a stronger source holds is only claimed, which changes nothing.
    """
    item = draft.item
    if item is None:
        return set()
    sources, code = held.get(item.pk, {}), item.ci_class_id
    holders = {name: holder_of(sources, name, given=True)[0] for name in differing(item, draft.facts)}
    return {name for name, holder in holders.items() if not known.rankings.outranks(code, name, holder, source)}


def needs_ground(draft: Draft, known: Definitions, source: str, held: Mapping[int, Mapping[str, Any]]) -> bool:
    """Whether the draft changes something controlled of an item in use."""
    item = draft.item
    if item is None or item.status_id not in IN_USE:
        return False
    return any(is_controlled(known, item.ci_class_id, name) for name in written_names(draft, known, source, held))
