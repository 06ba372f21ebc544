"""Keeping what a source said and that was not written: it lost, or another had said it before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cmdb.authority import Stamp
from cmdb.models import Claim, ItemVersion, RelationVersion
from cmdb.sources.ranking import holder_of
from cmdb.values import is_empty, unlike
from cmdb.versioning.moments import Moment, present
from cmdb.versioning.versions import BATCH

#: What becomes of a value that somebody says.
WRITE, CONFIRM, CLAIM, AGREE, NOTHING = "write", "confirm", "claim", "agree", "nothing"


@dataclass
class Statements:
    """What one write says beside what it writes; ``lost``: (key of the item, field) that a stronger source holds."""

    stamp: Stamp
    claims: dict[tuple[int, str], Any] = field(default_factory=dict)
    lost: set[tuple[int, str]] = field(default_factory=set)
    #: Since when the value that stands is held, by item and field; a claim older than that says nothing of it.
    held_since: dict[tuple[int, str], str] = field(default_factory=dict)

    def note(self, key: int, facts: Mapping[str, Any], verdicts: Mapping[str, str], held: Mapping[str, Any]) -> None:
        """Remember what is not written of ``facts``."""
        for name, verdict in verdicts.items():
            if verdict in (CLAIM, AGREE):
                self.claims[key, name] = facts[name]
                self.held_since[key, name] = holder_of(held, name, given=True)[1]
            if verdict == CLAIM:
                self.lost.add((key, name))

    def keep(self, now: datetime, *, about: str = "item_id") -> None:
        """Store the claims; what the source said last, and nobody anything since, is not said again."""
        if not self.claims:
            return
        latest = _latest({key for key, _name in self.claims}, about)
        rows = [
            Claim(
                **{about: key},
                field=name,
                source=self.stamp.source,
                value=value,
                since=self.stamp.since or now,
                until=self.stamp.until,
                at=now,
                by=self.stamp.by,
            )
            for (key, name), value in self.claims.items()
            if not self._said(latest.get((key, name)), value, self.held_since.get((key, name), ""))
        ]
        Claim.objects.bulk_create(rows, batch_size=BATCH)

    def _said(self, last: Claim | None, value: Any, held_since: str) -> bool:
        if last is None or self.stamp.since or last.source != self.stamp.source or last.until:
            return False
        return last.value == value and bool(held_since) and last.at >= datetime.fromisoformat(held_since)


def _latest(keys: Iterable[int], about: str) -> dict[tuple[int, str], Claim]:
    found: dict[tuple[int, str], Claim] = {}
    wanted = sorted(keys)
    for start in range(0, len(wanted), BATCH):
        rows = Claim.objects.standing().filter(**{f"{about}__in": wanted[start : start + BATCH]})
        for row in rows.order_by(about, "field", "-at", "-pk").distinct(about, "field"):
            found[getattr(row, about), row.field] = row
    return found


def sources_at(keys: Iterable[int], now: datetime, *, relations: bool = False) -> dict[int, dict[str, Any]]:
    """The sources of what is believed of things at ``now``, by key."""
    model: Any = RelationVersion if relations else ItemVersion
    column = "relation_id" if relations else "item_id"
    found: dict[int, dict[str, Any]] = {}
    wanted = sorted(keys)
    for start in range(0, len(wanted), BATCH):
        rows = model.objects.filter(
            **{f"{column}__in": wanted[start : start + BATCH]}, recorded__upper_inf=True, valid__contains=now
        )
        found.update(rows.values_list(column, "sources"))
    return found


def others_said(item: int, moment: Moment) -> list[dict[str, Any]]:
    """What other sources said of an item at the moment than was believed then: the last word of each."""
    so_at = asked_about(moment)
    version = ItemVersion.objects.at(so_at, moment.known_at).filter(item=item).first()
    if version is None:
        return []
    rows = Claim.objects.about(so_at, moment.known_at).filter(item=item)
    rows = rows.order_by("field", "source", "-at", "-pk").distinct("field", "source")
    facts, found = version.facts, []
    for row in rows:
        believed = facts.get(row.field)
        holder, at = holder_of(version.sources, row.field, given=not is_empty(believed))
        if not spoke_since(row, holder, at) and unlike(row.value, believed):
            found.append({"claim": row, "holder": holder})
    return found


def asked_about(moment: Moment) -> datetime:
    """When it was so, of which the moment asks; now by the clock of the database."""
    return present() if moment.is_now else moment.so_at


def spoke_since(claim: Claim, holder: str, at: str) -> bool:
    """Whether who holds what is believed is who claims otherwise, and said it later."""
    return holder == claim.source and bool(at) and datetime.fromisoformat(at) >= claim.at
