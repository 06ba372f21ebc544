"""What happened to an item and its relations, as lines: who, when, what it was before, on what ground (CMDB-04)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Organisation, SupportGroup, User
from cmdb.authority import Authority
from cmdb.definitions import Definitions
from cmdb.models import BusinessSystem, CIStatus, ConfigurationItem, IdentityChange, ItemVersion, RelationVersion
from cmdb.models.items import COLUMNS
from cmdb.values import shown
from cmdb.versioning.moments import NOW, Moment

LONGEST = 200


@dataclass(frozen=True)
class Field:
    """A field of two states side by side."""

    name: str
    label: str
    before: str
    after: str


@dataclass
class Line:
    """One recorded edit: ``since`` is from when it was so."""

    at: datetime
    since: datetime | None
    by: User | None
    source: str
    authority: str
    reference: str
    reason: str
    fields: list[Field] = field(default_factory=list)
    text: str = ""
    until: datetime | None = None

    @property
    def ground(self) -> str:
        """What it rests on, in words."""
        return str(Authority(self.authority).label) if self.authority else ""

    @property
    def unauthorised(self) -> bool:
        """Whether nothing allowed it."""
        return self.authority == Authority.UNAUTHORISED

    @property
    def late(self) -> bool:
        """Whether it was written later than it was so."""
        return self.since is not None and self.since < self.at


class Names:
    """What codes and keys in facts are called. Loaded once per page."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.tables: dict[str, dict[Any, str]] = {
            "ci_class_id": {key: row.name for key, row in definitions.classes.items()},
            "status_id": {row.pk: row.name for row in CIStatus.objects.all()},
            "business_system_id": {row.pk: row.name for row in BusinessSystem.objects.all()},
            "organisation_id": {row.pk: row.name for row in Organisation.objects.all()},
            "default_group_id": {row.pk: row.name for row in SupportGroup.objects.all()},
        }

    def shown(self, name: str, value: Any, class_code: str) -> str:
        """A value of a column or an attribute as people read it."""
        if name in COLUMNS:
            return self.tables[name].get(value, str(value)) if name in self.tables and value else str(value or "")
        return shown(self.definitions.of(class_code, retired=True).get(name), value)

    def differences(self, before: ItemVersion | None, after: ItemVersion) -> list[Field]:
        """The fields in which two states of an item differ, in the order of the class."""
        old, new = before.facts if before else {}, after.facts
        order = [*COLUMNS, *self.definitions.of(after.ci_class_id, retired=True)]
        names = sorted({*old, *new}, key=lambda name: (order.index(name) if name in order else len(order), name))
        old_class = before.ci_class_id if before else after.ci_class_id
        return [
            Field(
                name,
                self.definitions.label(name),
                self.shown(name, old.get(name), old_class),
                self.shown(name, new.get(name), after.ci_class_id),
            )
            for name in names
            if (old.get(name) or None) != (new.get(name) or None)
        ]


def history_of(
    item: ConfigurationItem,
    names: Names,
    *,
    visible: Collection[int] | None = None,
    versions: QuerySet[ItemVersion] | None = None,
    moment: Moment = NOW,
) -> list[Line]:
    """Every recorded edit of the item and its relations, the newest first; at most 200.

    Of ``moment`` only what was known then, and what was so by then. ``visible``: keys of the items whose relations may
    be named; None: all. ``versions``: those that may be read; None: all.
    """
    rows = item.versions.all() if versions is None else versions.filter(item=item)
    lines = list(_item_lines(list(rows.select_related("by").order_by("pk")), names))
    lines += [*_relation_lines(item, visible), *_identity_lines(item, visible)]
    known, so_at = moment.known_at, moment.as_of
    lines = [
        line
        for line in lines
        if (known is None or line.at <= known) and (so_at is None or (line.since or line.at) <= so_at)
    ]
    lines.sort(key=lambda line: line.at, reverse=True)
    return lines[:LONGEST]


def _item_lines(versions: Sequence[ItemVersion], names: Names) -> Iterable[Line]:
    for version in versions:
        if version.carried:
            continue
        before = _before(version, versions)
        yield Line(
            at=version.known,
            since=version.since,
            until=version.valid.upper,
            by=version.by,
            source=_source(version),
            authority=version.authority,
            reference=version.reference,
            reason=version.reason,
            fields=names.differences(before, version) if before else [],
            text=_line_text(version, before, names),
        )


def _line_text(version: ItemVersion, before: ItemVersion | None, names: Names) -> str:
    if before is None:
        return _("recorded for the first time")
    return "" if names.differences(before, version) else _("confirmed")


def _before(version: ItemVersion, versions: Sequence[ItemVersion]) -> ItemVersion | None:
    """What was believed about the beginning of ``version`` when it was written."""
    moment, written = version.since, version.known
    for other in versions:
        known = other.known < written and (other.recorded.upper is None or other.recorded.upper >= written)
        held = other.since <= moment and (other.valid.upper is None or moment < other.valid.upper)
        if known and held:
            return other
    return None


def _source(version: Any) -> str:
    stamps = [stamp for stamp in version.sources.values() if stamp]
    return max(stamps, key=lambda stamp: stamp[1])[0] if stamps else ""


def _is_hidden(other: ConfigurationItem, visible: Collection[int] | None) -> bool:
    """Whether the reader may not know of ``other``; ``visible`` None: whoever reads knows all."""
    return visible is not None and other.pk not in visible


def _relation_lines(item: ConfigurationItem, visible: Collection[int] | None) -> Iterable[Line]:
    found = RelationVersion.objects.filter(Q(source=item) | Q(target=item)).select_related(
        "relation_type", "source", "target", "by"
    )
    for version in found.order_by("pk"):
        outward = version.source_id == item.pk
        other = version.target if outward else version.source
        if _is_hidden(other, visible):
            continue
        ended = version.carried and version.valid.upper is not None
        if version.carried and not ended:
            continue
        relation = version.relation_type.name if outward else version.relation_type.inverse
        words = _("no longer: %(relation)s %(item)s") if ended else _("now related: %(relation)s %(item)s")
        yield Line(
            at=version.known,
            since=version.valid.upper if ended else version.valid.lower,
            by=version.by,
            source=_source(version),
            authority=version.authority,
            reference=version.reference,
            reason=version.reason,
            text=words % {"relation": relation, "item": other.identifier},
        )


def _identity_lines(item: ConfigurationItem, visible: Collection[int] | None) -> Iterable[Line]:
    """What the item was merged with or split off, and when that was taken back."""
    found = IdentityChange.objects.filter(Q(item=item) | Q(other=item))
    for row in found.select_related("item", "other", "by", "undone_by"):
        first = row.item_id == item.pk
        other = row.other if first else row.item
        if _is_hidden(other, visible):
            continue
        told = _identity_text(row.kind, first) % {"item": other.identifier}
        if row.undone_at:
            back = _("taken back: %(what)s") % {"what": told}
            yield Line(row.undone_at, None, row.undone_by, row.kind, "", "", "", text=back)
        yield Line(row.at, None, row.by, row.kind, "", row.reference, row.reason, text=told)


def _identity_text(kind: str, first: bool) -> str:
    if kind == IdentityChange.Kind.MERGE:
        return _("merged %(item)s into this") if first else _("merged into %(item)s")
    return _("split %(item)s off this") if first else _("split off %(item)s")


def compared(item: ConfigurationItem, first: Moment, second: Moment, names: Names) -> list[Field]:
    """In what the item differs between two moments."""
    found = [item.versions.at(moment.so_at, moment.known_at).first() for moment in (first, second)]
    if found[1] is None:
        return names.differences(None, found[0]) if found[0] else []
    return names.differences(found[0], found[1])
