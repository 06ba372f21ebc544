"""What a change planned to write and what was written: the rest that nobody has explained (CHG-08)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import F, Q

from changes.prepared.guards import was_backed_out
from changes.prepared.models import PreparedEdit
from changes.unauthorised.queries import fields_of
from cmdb.authority import Authority
from cmdb.definitions import Definitions
from cmdb.inputs import NAMES, Reader
from cmdb.models import ItemVersion, RelationVersion

Kind = PreparedEdit.Kind


@dataclass(frozen=True)
class Differs:
    """One thing that differs: ``planned`` and not written, or written at ``at`` and not planned."""

    planned: bool
    text: str
    at: datetime | None = None
    by: str = ""


def unexplained(change: Any) -> list[Differs]:
    """What differs and was not settled since it was written. Three queries."""
    return differences(change, since=change.difference_settled_at)


def differences(change: Any, since: datetime | None = None) -> list[Differs]:
    """Edits prepared and never written; then writes of the change, or to its items while it ran, not planned.

    Of a change that was backed out nothing stays planned: whatever was written, and undone, is explained by somebody.
    ``since``: only what was written after that moment. All of it, however much: closing a change hangs on it.
    """
    edits = [] if was_backed_out(change) else list(change.edits.select_related("item", "other", "relation_type"))
    labels = Definitions()
    waiting = [Differs(True, _in_words(edit, labels)) for edit in edits if edit.applied_at is None and since is None]
    return [*waiting, *_items(change, edits, since), *_relations(change, edits, since)]


def _in_words(edit: PreparedEdit, labels: Definitions) -> str:
    """What was prepared, with the names that people read in the place of codes."""
    if edit.relation_type is not None:
        return f"{edit.subject} {edit.relation_type.name} {edit.partner}"
    values = (f"{labels.label(NAMES.get(name, name))} → {value}" for name, value in sorted(edit.given.items()))
    return f"{edit.subject}: {', '.join(values)}"


def _written(change: Any, own: Q, since: datetime | None) -> Q:
    """With the change as ground; or without any, to what it is about, while it really ran; after ``since``."""
    late = Q() if since is None else Q(written_at__gt=since)
    said = Q(reference=change.number, authority=Authority.CHANGE)
    if change.actual_start is None:
        return said & late
    ran = Q(written_at__gte=change.actual_start)
    if change.actual_end is not None:
        ran &= Q(written_at__lt=change.actual_end)
    return (said | (own & ran & Q(authority=Authority.UNAUTHORISED))) & late


def _items(change: Any, edits: list[PreparedEdit], since: datetime | None) -> list[Differs]:
    """Writes of items, without the fields that got what was prepared for them."""
    own = Q(item__in=change.affected_items.values("item"))
    rows = ItemVersion.objects.annotate(written_at=F("recorded__startswith")).filter(
        _written(change, own, since), carried=False
    )
    planned, labels, found = _Planned(edits), Definitions(), []
    for row in rows.select_related("by").order_by("written_at", "pk"):
        extra = [name for name in fields_of(row) if not planned.explains(row, name)]
        if extra:
            text = f"{row.identifier}: {', '.join(str(labels.label(name)) for name in extra)}"
            found.append(Differs(False, text, row.recorded.lower, _who(row)))
    return found


class _Planned:
    """What was prepared for items, to hold against what was written: the value counts, not the field alone."""

    def __init__(self, edits: list[PreparedEdit]) -> None:
        self.edits = [edit for edit in edits if edit.kind in (Kind.VALUE, Kind.ITEM)]
        self._classes = {edit.subject: edit.given["ci_class"] for edit in self.edits if edit.given.get("ci_class")}

    def explains(self, row: ItemVersion, name: str) -> bool:
        """Whether some edit prepared the value that ``row`` has in the field ``name``."""
        written = getattr(row, name) if name in NAMES.values() else row.attributes.get(name)
        return any(name in facts and facts[name] == written for facts in self._facts.get(row.identifier, ()))

    @cached_property
    def _facts(self) -> dict[str, list[dict[str, Any]]]:
        """By identifier what each edit says, read as the CMDB reads it; asked only once there is a write to judge."""
        reader, found = Reader(), defaultdict(list)
        for edit in self.edits:
            code = self._classes.get(edit.subject) or (str(edit.item.ci_class_id) if edit.item else "")
            facts, _errors = reader.facts(edit.given, class_code=code, complete=edit.kind == Kind.ITEM)
            found[edit.subject].append(facts)
        return found


def _relations(change: Any, edits: list[PreparedEdit], since: datetime | None) -> list[Differs]:
    """Writes of relations that were not prepared, or with another redundancy, or the other way round."""
    planned = {_prepared_relation(edit) for edit in edits if edit.kind in (Kind.RELATE, Kind.UNRELATE)}
    items = change.affected_items.values("item")
    own = Q(source__in=items) | Q(target__in=items)
    found = RelationVersion.objects.annotate(written_at=F("recorded__startswith")).filter(
        _written(change, own, since), Q(carried=False) | Q(valid__upper_inf=False)
    )
    rows = list(found.select_related("by", "source", "target", "relation_type").order_by("written_at", "pk"))
    goes_on = {(row.relation_id, row.known) for row in rows if row.valid.upper is None}
    return [
        Differs(
            False,
            f"{row.source.identifier} {row.relation_type.name} {row.target.identifier}",
            row.recorded.lower,
            _who(row),
        )
        for row in rows
        if _written_relation(row) not in planned
        and (row.valid.upper is None or (row.relation_id, row.known) not in goes_on)
    ]


def _prepared_relation(edit: PreparedEdit) -> tuple[Any, ...]:
    """Which relation, and its redundancy; None in its place: it ends."""
    ends = (edit.subject, edit.relation_type_id, edit.partner)
    group = edit.given.get("group", "")
    return (*ends, (group, int(edit.given.get("needed", 1)) if group else 1) if edit.kind == Kind.RELATE else None)


def _written_relation(row: RelationVersion) -> tuple[Any, ...]:
    """The same of what was written."""
    ends = (row.source.identifier, row.relation_type_id, row.target.identifier)
    return (*ends, (row.group, row.needed if row.group else 1) if row.valid.upper is None else None)


def _who(row: Any) -> str:
    return row.by.display_name if row.by else ""
