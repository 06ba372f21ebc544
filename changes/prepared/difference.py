"""What a change planned to write and what was written: the rest that nobody has explained (CHG-08)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q

from changes.prepared.models import PreparedEdit
from changes.unauthorised.queries import fields_of
from cmdb.authority import Authority
from cmdb.definitions import Definitions
from cmdb.inputs import NAMES
from cmdb.models import ItemVersion, RelationVersion

Kind = PreparedEdit.Kind
MOST = 200


@dataclass(frozen=True)
class Differs:
    """One thing that differs: ``planned`` and not written, or written at ``at`` and not planned."""

    planned: bool
    text: str
    at: datetime | None = None
    by: str = ""


def unexplained(change: Any) -> list[Differs]:
    """What differs and was not settled since it was written. Three queries."""
    settled = change.difference_settled_at
    found = differences(change)
    return [one for one in found if settled is None or (one.at is not None and one.at > settled)]


def differences(change: Any) -> list[Differs]:
    """Edits prepared and never written; then writes of the change, or to its items while it ran, not planned."""
    edits = list(change.edits.select_related("item", "other", "relation_type"))
    labels = Definitions()
    waiting = [Differs(True, _in_words(edit, labels)) for edit in edits if edit.applied_at is None]
    return [*waiting, *_items(change, edits), *_relations(change, edits)]


def _in_words(edit: PreparedEdit, labels: Definitions) -> str:
    """What was prepared, with the names that people read in the place of codes."""
    if edit.relation_type is not None and edit.other is not None:
        return f"{edit.subject} {edit.relation_type.name} {edit.other.identifier}"
    values = (f"{labels.label(NAMES.get(name, name))} → {value}" for name, value in sorted(edit.given.items()))
    return f"{edit.subject}: {', '.join(values)}"


def _written(change: Any, own: Q) -> Q:
    """With the change as ground; or without any, to what it is about, while it really ran."""
    said = Q(reference=change.number, authority=Authority.CHANGE)
    if change.actual_start is None:
        return said
    ran = Q(written_at__gte=change.actual_start)
    if change.actual_end is not None:
        ran &= Q(written_at__lt=change.actual_end)
    return said | (own & ran & Q(authority=Authority.UNAUTHORISED))


def _items(change: Any, edits: list[PreparedEdit]) -> list[Differs]:
    planned = {
        (edit.subject, NAMES.get(name, name)) for edit in edits if edit.kind == Kind.VALUE for name in edit.given
    }
    new = {edit.identifier for edit in edits if edit.kind == Kind.ITEM}
    own = Q(item__in=change.affected_items.values("item"))
    rows = ItemVersion.objects.annotate(written_at=F("recorded__startswith")).filter(
        _written(change, own), carried=False
    )
    labels, found = Definitions(), []
    for row in rows.select_related("by").order_by("written_at", "pk")[:MOST]:
        extra = [name for name in fields_of(row) if (row.identifier, name) not in planned]
        if extra and row.identifier not in new:
            text = f"{row.identifier}: {', '.join(str(labels.label(name)) for name in extra)}"
            found.append(Differs(False, text, row.recorded.lower, _who(row)))
    return found


def _relations(change: Any, edits: list[PreparedEdit]) -> list[Differs]:
    planned = {
        (edit.item_id, edit.relation_type_id, edit.other_id)
        for edit in edits
        if edit.kind in (Kind.RELATE, Kind.UNRELATE)
    }
    items = change.affected_items.values("item")
    own = Q(source__in=items) | Q(target__in=items)
    rows = RelationVersion.objects.annotate(written_at=F("recorded__startswith")).filter(
        _written(change, own), Q(carried=False) | Q(valid__upper_inf=False)
    )
    return [
        Differs(
            False,
            f"{row.source.identifier} {row.relation_type.name} {row.target.identifier}",
            row.recorded.lower,
            _who(row),
        )
        for row in rows.select_related("by", "source", "target", "relation_type").order_by("written_at", "pk")[:MOST]
        if (row.source_id, row.relation_type_id, row.target_id) not in planned
    ]


def _who(row: Any) -> str:
    return row.by.display_name if row.by else ""
