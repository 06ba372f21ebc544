"""What happened to an item and its relations, as lines: who, when, what it was before, on what ground (CMDB-04)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, overload

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Organisation, SupportGroup, User
from cmdb.authority import Authority
from cmdb.definitions import Definitions, as_called
from cmdb.models import CIStatus, ConfigurationItem, IdentityChange, ItemVersion, RelationVersion
from cmdb.models.items import COLUMNS
from cmdb.values import shown, unlike
from cmdb.versioning.moments import NOW, Moment

#: So many lines are told at once.
AT_ONCE = 200


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
            "business_system_id": {key: row.name for key, row in definitions.systems.items()},
            "organisation_id": {row.pk: row.name for row in Organisation.objects.all()},
            "default_group_id": {row.pk: row.name for row in SupportGroup.objects.all()},
        }

    def shown(self, name: str, value: Any, class_code: str) -> str:
        """A value of a column or an attribute as people read it."""
        if name in COLUMNS:
            return self.tables[name].get(value, str(value)) if name in self.tables and value else str(value or "")
        return shown(self.definitions.of(class_code, retired=True).get(name), value)

    def differences(self, before: ItemVersion | None, after: ItemVersion, called: Names | None = None) -> list[Field]:
        """The fields in which two states of an item differ, in the order of the class.

        ``called``: what all was called at the state before, where that is another moment.
        """
        old, new = before.facts if before else {}, after.facts
        order = [*COLUMNS, *self.definitions.of(after.ci_class_id, retired=True)]
        names = sorted({*old, *new}, key=lambda name: (order.index(name) if name in order else len(order), name))
        old_class = before.ci_class_id if before else after.ci_class_id
        return [
            Field(
                name,
                self.definitions.label(name),
                (called or self).shown(name, old.get(name), old_class),
                self.shown(name, new.get(name), after.ci_class_id),
            )
            for name in names
            if unlike(old.get(name), new.get(name))
        ]


class History(Sequence[Line]):
    """What happened to an item, the newest first: a list that reads no more than what is taken of it.

    ``own``: lines about itself. Of ``relations`` a hub has tens of thousands, each told as a line by ``tell``.
    """

    def __init__(
        self, own: Iterable[Line], relations: QuerySet[RelationVersion], tell: Callable[[RelationVersion], Line]
    ) -> None:
        self.own, self.relations, self.tell = list(own), relations, tell

    def told_as(self, change: Callable[[Line], Line]) -> History:
        """With each line changed; those of its own that tell nothing then are left out. A relation always does."""
        own = (line for line in map(change, self.own) if line.fields or line.text)
        return History(own, self.relations, lambda version: change(self.tell(version)))

    def __len__(self) -> int:
        return len(self.own) + self.relations.count()

    @overload
    def __getitem__(self, key: int) -> Line: ...
    @overload
    def __getitem__(self, key: slice) -> list[Line]: ...
    def __getitem__(self, key: int | slice) -> Line | list[Line]:
        """Counted from the newest; from the oldest all of it is read."""
        most = key.stop if isinstance(key, slice) else key + 1
        newest = self.relations[:most] if most is not None and most > 0 else self.relations
        lines = [*self.own, *map(self.tell, newest)]
        lines.sort(key=lambda line: line.at, reverse=True)
        return lines[key]

    def __iter__(self) -> Iterator[Line]:
        return iter(self[:])


def history_of(
    item: ConfigurationItem,
    names: Names,
    *,
    visible: Collection[int] | None = None,
    versions: QuerySet[ItemVersion] | None = None,
    moment: Moment = NOW,
) -> History:
    """Every recorded edit of the item and its relations, the newest first.

    Of ``moment`` only what was known then, and what was so by then. ``visible``: keys of the items whose relations may
    be named; None: all. ``versions``: those that may be read; None: all.
    """
    rows = item.versions.all() if versions is None else versions.filter(item=item)
    lines = [
        *_item_lines(list(rows.select_related("by").order_by("pk")), names),
        *_identity_lines(item, visible),
    ]
    known, so_at = moment.known_at, moment.as_of
    own = (
        line
        for line in lines
        if (known is None or line.at <= known) and (so_at is None or (line.since or line.at) <= so_at)
    )

    def tell(version: RelationVersion) -> Line:
        return _relation_line(item, *as_called([version], moment, names.definitions))

    return History(own, _relations_told(item, visible, moment), tell)


def lines_under(reference: str, items: QuerySet[ConfigurationItem], names: Names) -> dict[int, list[Line]]:
    """Every edit of ``items`` themselves with ``reference``, by key of the item, the oldest first. One query."""
    written = ItemVersion.objects.filter(reference=reference, item__in=items.order_by().values("pk")).values("item")
    versions: defaultdict[int, list[ItemVersion]] = defaultdict(list)
    for row in ItemVersion.objects.filter(item__in=written).select_related("by").order_by("pk"):
        versions[row.item_id].append(row)
    return {
        key: [line for line in _item_lines(rows, names) if line.reference == reference]
        for key, rows in versions.items()
    }


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


def _relations_told(
    item: ConfigurationItem, visible: Collection[int] | None, moment: Moment
) -> QuerySet[RelationVersion]:
    """What tells that a relation began, changed or ended, the newest first; see ``history_of``."""
    outward, inward = Q(source=item), Q(target=item)
    if visible is not None:
        outward, inward = outward & Q(target__in=visible), inward & Q(source__in=visible)
    told = Q(carried=False) | Q(valid__upper_inf=False)
    found = RelationVersion.objects.filter(outward | inward).filter(told)
    if moment.known_at is not None:
        found = found.filter(recorded__startswith__lte=moment.known_at)
    if moment.as_of is not None:
        began = Q(carried=False, valid__startswith__lte=moment.as_of)
        found = found.filter(began | Q(carried=True, valid__endswith__lte=moment.as_of))
    found = found.select_related("relation_type", "source", "target", "by")
    return found.order_by("-recorded__startswith", "pk")


def _relation_line(item: ConfigurationItem, version: RelationVersion) -> Line:
    outward, ended = version.source_id == item.pk, version.carried
    other = version.target if outward else version.source
    relation = version.relation_type.name if outward else version.relation_type.inverse
    words = _("no longer: %(relation)s %(item)s") if ended else _("now related: %(relation)s %(item)s")
    return Line(
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


def compared(item: ConfigurationItem, first: Moment, second: Moment) -> list[Field]:
    """In what the item differs between two moments, each in the words of then."""
    sides = [Names(Definitions(moment.defined_at)) for moment in (first, second)]
    found = [item.versions.at(moment.so_at, moment.known_at).first() for moment in (first, second)]
    if found[1] is None:
        return sides[0].differences(None, found[0]) if found[0] else []
    return sides[1].differences(found[0], found[1], sides[0])
