"""Two states of a set of items and of the relations between them, side by side (CMDB-04)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from accounts.models import User
from cmdb.definitions import Definitions, as_called
from cmdb.models import ConfigurationItem, ItemVersion, RelationVersion
from cmdb.network import impact
from cmdb.network.answers import allowed_for
from cmdb.network.reading import graph_at
from cmdb.versioning.history import Field, Names
from cmdb.versioning.moments import Moment

#: More lines are not shown; the counts are of all.
SHOWN = 200
MOST_BENEATH = 20_000


@dataclass
class Change:
    """An item that is in one state and not in the other, or differs."""

    item: Any
    fields: list[Field] = field(default_factory=list)


@dataclass(frozen=True)
class ClassCount:
    """How many items of a class there were, and are. ``called``: at the first moment, where that was another name."""

    code: str
    name: str
    called: str
    first: int
    second: int

    @property
    def change(self) -> int:
        """More, or less."""
        return self.second - self.first


@dataclass
class Differences:
    """What the second state has more, less, and otherwise than the first."""

    came: list[Change] = field(default_factory=list)
    went: list[Change] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    same: int = 0
    related: list[tuple[bool, str, str, str]] = field(default_factory=list)
    classes: list[ClassCount] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether something differs."""
        return bool(self.came or self.went or self.changed or self.related)


def versions_at(keys: Collection[int], moment: Moment, user: User, known: Definitions) -> dict[int, ItemVersion]:
    """Items as they were, and called as then, from their versions, now too; only what ``user`` sees."""
    rows = ItemVersion.objects.at(moment.so_at, moment.known_at).visible_to(user).filter(item__in=list(keys))
    return {row.item_id: row for row in as_called(rows.select_related("ci_class", "status"), moment, known)}


def between(
    first: Collection[int], second: Collection[int], moments: tuple[Moment, Moment], user: User
) -> Differences:
    """In what the items ``first`` at the first moment differ from ``second`` at the second."""
    sides = [Names(Definitions(moment.defined_at)) for moment in moments]
    old, new = (
        versions_at(keys, moment, user, names.definitions)
        for keys, moment, names in zip((first, second), moments, sides, strict=True)
    )
    found = Differences(
        came=[Change(new[key]) for key in new.keys() - old.keys()],
        went=[Change(old[key]) for key in old.keys() - new.keys()],
    )
    for key in new.keys() & old.keys():
        fields = sides[1].differences(old[key], new[key], sides[0]) if old[key].pk != new[key].pk else []
        if fields:
            found.changed.append(Change(new[key], fields))
        else:
            found.same += 1
    for rows in (found.came, found.went, found.changed):
        rows.sort(key=lambda change: change.item.identifier)
    found.related = _relations({*old, *new}, moments, [names.definitions for names in sides])
    found.classes = _counted(old.values(), new.values(), [names.definitions for names in sides])
    return found


def _counted(old: Iterable[ItemVersion], new: Iterable[ItemVersion], known: Sequence[Definitions]) -> list[ClassCount]:
    """Every class that has items at one moment or the other, those that changed most first."""
    first, second = (Counter(row.ci_class_id for row in rows) for rows in (old, new))
    rows = []
    for code in {*first, *second}:
        called, name = (side.classes[code].name for side in known)
        rows.append(ClassCount(code, name, called if called != name else "", first[code], second[code]))
    return sorted(rows, key=lambda row: (-abs(row.change), row.name))


def _relations(
    keys: Collection[int], moments: tuple[Moment, Moment], known: Sequence[Definitions]
) -> list[tuple[bool, str, str, str]]:
    """Relations between the items that hold at one moment only, as it was called then: (came, first, relation,
    second).
    """
    inside = Q(source__in=list(keys)) & Q(target__in=list(keys))
    sets = []
    for moment in moments:
        rows = RelationVersion.objects.at(moment.so_at, moment.known_at).filter(inside)
        sets.append(set(rows.values_list("source_id", "relation_type_id", "target_id", "group", "needed")))
    names = dict(ConfigurationItem.objects.filter(pk__in=list(keys)).values_list("pk", "identifier"))
    lines = [
        (
            came,
            names[source],
            known[came].relation_types[kind].name + (f" [{group} {needed}]" if group else ""),
            names[target],
        )
        for came, rows in ((True, sets[1] - sets[0]), (False, sets[0] - sets[1]))
        for source, kind, target, group, needed in rows
    ]
    return sorted(lines, key=lambda line: (line[1], line[3], line[2], line[0]))


def beneath(key: int, moment: Moment, user: User) -> set[int]:
    """The item and everything it rests on at the moment."""
    allowed = allowed_for(user, moment)
    below = impact.foundations_of(graph_at(moment), [key], allowed=allowed, limit=MOST_BENEATH)
    return {key, *below.depth}
