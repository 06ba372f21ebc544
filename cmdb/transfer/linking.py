"""Relations of a file: reading its lines, what stands against one, making links of them (CMDB-05)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from sys import intern
from typing import NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from cmdb.authority import IN_USE
from cmdb.models import ConfigurationItem, Relation, RelationType
from cmdb.relating import Link
from cmdb.relation_rules import Rules, one_too_many
from cmdb.transfer.columns import NAMELESS
from cmdb.transfer.grounds import Ground
from cmdb.transfer.mappings import Reading
from cmdb.transfer.outcome import ImportRefused
from cmdb.writing import Draft

RELATION_COLUMNS = ("source", "relation", "target", "group", "needed")
BATCH = 5000

Rows = Iterable[tuple[int, dict[str, str]]]
#: What makes it the same relation in a file: identifier, type, identifier.
Key = tuple[str, str, str]


class Line(NamedTuple):
    """A line of a file of relations: its number, and its cells as texts.

    Each text is kept once, however many lines name it: three hundred thousand lines stay in memory together.
    """

    number: int
    key: Key
    group: str
    needed: str

    @property
    def ends(self) -> tuple[str, str]:
        """Who depends, and on whom."""
        return self.key[0], self.key[2]

    @property
    def said(self) -> tuple[str, int]:
        """Its group on the depending side, and how many of it are enough; only where that is a number."""
        return self.group[:40], int(self.needed or 1)


def read_relations(rows: Rows, mapping: Reading) -> list[Line]:
    """The lines by field. Raises ImportRefused for headings that nobody decided about."""
    found: list[Line] = []
    names: dict[str, str | None] = {}
    for number, cells in rows:
        if not names:
            names = _headings(cells, mapping)
        said = {name: mapped(mapping, name, cells[heading]) for heading, name in names.items() if name}
        source, relation, target, group, needed = (intern(said.get(name, "").strip()) for name in RELATION_COLUMNS)
        found.append(Line(number, (source, relation, target), group, needed))
    return found


def _headings(cells: Iterable[str], mapping: Reading) -> dict[str, str | None]:
    """What each heading is; None is left out."""
    names = {heading: mapping.columns.get(heading or NAMELESS, heading.strip().lower()) for heading in cells}
    lost = [
        heading or NAMELESS for heading, name in names.items() if name is not None and name not in RELATION_COLUMNS
    ]
    if lost:
        text = _("Nobody said what these columns are: %(names)s.") % {"names": ", ".join(lost)}
        raise ImportRefused(text, lost_relations=lost)
    missing = [name for name in RELATION_COLUMNS[:3] if name not in names.values()]
    if missing:
        raise ImportRefused(_("Relations need a column %(name)s.") % {"name": missing[0]})
    return names


def mapped(mapping: Reading, name: str, value: str) -> str:
    """What a value of the file is called here."""
    return mapping.values.get(name, {}).get(value.strip(), value)


def stored_items(identifiers: Iterable[str], *, held: bool = False) -> Iterator[ConfigurationItem]:
    """The items of these identifiers that are recorded; a query for some thousands. ``held``: those not in use, locked
    until the transaction ends.
    """
    wanted = sorted({text.strip() for text in identifiers if text.strip()})
    for start in range(0, len(wanted), BATCH):
        found = ConfigurationItem.objects.filter(identifier__in=wanted[start : start + BATCH])
        if held:
            found = found.exclude(status__in=IN_USE).order_by("pk").select_for_update(no_key=True)
        yield from found


@dataclass(slots=True)
class End:
    """As much of an item as says which relations it may have."""

    pk: int | None
    identifier: str
    ci_class_id: str
    status_id: str


class Ends:
    """The items that relations of a file lie between: as they were before it, and as it makes them.

    Those that are not in use are held until the import is over, so that nobody puts one into use meanwhile.
    """

    def __init__(self, identifiers: Iterable[str], drafts: Iterable[Draft], refused: Collection[str]) -> None:
        names = list(identifiers)
        self.refused = refused
        for _row in stored_items(names, held=True):
            pass
        self.before = {row.identifier: row for row in map(_end, stored_items(names))}
        self.after = dict(self.before)
        for draft in drafts:
            row = self.before.get(draft.identifier) or End(None, draft.identifier, "", "")
            given = {column: draft.facts[column] for column in ("ci_class_id", "status_id") if draft.facts.get(column)}
            self.after[draft.identifier] = replace(row, **given)

    def in_use(self, names: Iterable[str]) -> list[str]:
        """Those of ``names`` that carry services already: a relation of theirs alters what is in use."""
        return [name for name in names if name in self.before and self.before[name].status_id in IN_USE]


def _end(item: ConfigurationItem) -> End:
    return End(item.pk, intern(item.identifier), intern(item.ci_class_id), intern(item.status_id))


class Lines:
    """What stands against each line of a file of relations; those that were right so far are remembered."""

    def __init__(self, rules: Rules, ends: Ends, ground: Ground, now: datetime) -> None:
        self.rules, self.ends, self.ground, self.now = rules, ends, ground, now
        self._read: set[Key] = set()
        self._holds: dict[Key, tuple[str, int]] = {}
        self._counts: Counter[tuple[str, str, str, int]] = Counter()
        self._read_what_holds()
        #: By number of the line what it is written on: "first" (new items, or such as are not in use) or "guarded"
        #: (the ground of the import); none where it alters nothing.
        self.stands_on: dict[int, str] = {}

    def _read_what_holds(self) -> None:
        """What holds now between stored items, one of which the file names; in one query."""
        keys = [row.pk for row in self.ends.before.values()]
        rows = Relation.objects.filter(Q(source__in=keys) | Q(target__in=keys), active=True)
        columns = ("source__identifier", "relation_type_id", "target__identifier", "group", "needed")
        alike: dict[tuple[str, int], tuple[str, int]] = {}
        for source, relation, target, *said in rows.values_list(*columns).iterator(20_000):
            key = (intern(source), intern(relation), intern(target))
            self._holds[key] = alike.setdefault((said[0], said[1]), (said[0], said[1]))
            self._counts.update(self._places(key))

    def _places(self, key: Key) -> Iterator[tuple[str, str, str, int]]:
        """Where a relation counts: (end, item, type, how many there may be)."""
        kind = self.rules.types[key[1]]
        for end, item, most in (("source", key[0], kind.max_targets), ("target", key[2], kind.max_sources)):
            if most:
                yield end, item, kind.pk, most

    def refusal(self, line: Line) -> str:
        """Why the line cannot be a relation; empty when it can."""
        key = line.key
        reason = self._cannot_be(key, line.needed)
        if reason:
            return reason
        if key in self._read:
            return _("The relation occurs twice in the file.")
        if self._holds.get(key) != line.said:
            reason = self._too_many(key) or self._ungrounded(line)
        if not reason:
            self._read.add(key)
            if key not in self._holds:
                self._counts.update(self._places(key))
        return reason

    def _cannot_be(self, key: Key, needed: str) -> str:
        ends, kind = (key[0], key[2]), key[1]
        if unknown := [name for name in ends if name not in self.ends.after]:
            if unknown[0] in self.ends.refused:
                return row_refused(unknown[0])
            return _("There is no configuration item “%(value)s”.") % {"value": unknown[0][:60]}
        if kind not in self.rules.types:
            return _("“%(value)s” is not known.") % {"value": kind[:60]}
        if needed and not (needed.isascii() and needed.isdigit() and 0 < int(needed) <= 1000):
            return _("“%(value)s” is not a number.") % {"value": needed[:60]}
        source, target = (self.ends.after[name] for name in ends)
        if retired := [item.identifier for item in (source, target) if item.status_id == "retired"]:
            return _("%(item)s is retired.") % {"item": retired[0]}
        return self.rules.refusal(kind, source, target)

    def _too_many(self, key: Key) -> str:
        """Whether an item would have more relations of the type than it may."""
        if key in self._holds:
            return ""
        source, kind, target = key
        for place in self._places(key):
            end, item, _kind, most = place
            if self._counts[place] >= most:
                return one_too_many(item, self.rules.types[kind], target if end == "source" else source)
        return ""

    def _ungrounded(self, line: Line) -> str:
        """Whether it alters what is in use without a ground, by the guard of every door."""
        classes = [self.ends.after[name].ci_class_id for name in line.ends]
        kind = self.rules.types[line.key[1]]
        used = self.ends.in_use(line.ends)
        if not self.rules.known.controls(kind, *classes) or not used:
            self.stands_on[line.number] = "first"
            return ""
        self.stands_on[line.number] = "guarded"
        return self.ground.refusal(used, line.ends, self.now)


def row_refused(identifier: str) -> str:
    """Why a row that names another of the same file is refused with it."""
    return _("The row of “%(value)s” in this file is refused.") % {"value": identifier[:60]}


def links_of(lines: Sequence[Line], types: Mapping[str, RelationType]) -> Iterator[list[Link]]:
    """The lines as relations between stored items, in their order; some thousands at once."""
    for start in range(0, len(lines), BATCH):
        part = lines[start : start + BATCH]
        items = {row.identifier: row for row in stored_items(name for line in part for name in line.ends)}
        yield [Link(items[line.key[0]], types[line.key[1]], items[line.key[2]], *line.said) for line in part]
