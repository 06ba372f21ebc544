"""The tree of classes and the attributes that each class has, read in two queries and asked from memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from cmdb.defining.formulas import Formula
from cmdb.models import (
    Attribute,
    AttributeVersion,
    BusinessSystem,
    BusinessSystemVersion,
    CIClass,
    CIClassVersion,
    DefinitionVersion,
    RelationType,
    RelationTypeVersion,
)
from cmdb.sources.ranking import Rankings
from cmdb.versioning.moments import Moment


@dataclass(frozen=True)
class Node:
    """A class in the tree, with how deep it stands."""

    ci_class: CIClass
    depth: int


class Definitions:
    """Every class, attribute and type of relations as they are now, or as they were defined at a moment
    (``Moment.defined_at``). Make one per request or import; it is never stale then.
    """

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at
        self.classes = {row.code: row for row in as_defined(CIClass.objects.all(), CIClassVersion, at)}
        self.attributes = as_defined(Attribute.objects.select_related("ci_class"), AttributeVersion, at)
        self._of: dict[str, dict[str, Attribute]] = {}
        self._formulas: dict[str, dict[str, Formula]] = {}

    @cached_property
    def relation_types(self) -> dict[str, RelationType]:
        """Every type of relations by code, in their order."""
        return {row.code: row for row in as_defined(RelationType.objects.all(), RelationTypeVersion, self.at)}

    @cached_property
    def systems(self) -> dict[str, BusinessSystem]:
        """Every business system by code, in their order."""
        return {row.code: row for row in as_defined(BusinessSystem.objects.all(), BusinessSystemVersion, self.at)}

    @cached_property
    def rankings(self) -> Rankings:
        """Which source wins; asked of the database when something is first written."""
        return Rankings(self.above)

    def above(self, code: str) -> list[str]:
        """The class and those above it, from itself on. Ends where somebody made a loop."""
        found: list[str] = []
        at: str | None = code
        while at and at not in found and at in self.classes:
            found.append(at)
            at = self.classes[at].parent_id
        return found

    def control_of(self, code: str, name: str) -> bool | None:
        """Whether ``name``, an attribute or a type of relations, is controlled for items of the class, as it or the
        nearest above says that says anything; None where none does.
        """
        found = (self._control.get((above, name)) for above in self.above(code)) if self._control else ()
        return next((one for one in found if one is not None), None)

    @cached_property
    def _control(self) -> dict[tuple[str, str], bool]:
        """What classes say themselves, by class and name."""
        rows = self.classes.values()
        controlled = {(row.code, name): True for row in rows for name in row.controls}
        return controlled | {(row.code, name): False for row in rows for name in row.observes}

    def controls(self, kind: RelationType, *classes: str) -> bool:
        """Whether relations of a type between items of ``classes`` are controlled: as soon as one end says so."""
        said = {self.control_of(code, kind.code) for code in classes}
        return True in said or (kind.controlled and False not in said)

    def below(self, code: str) -> set[str]:
        """The class and all below it."""
        return {other for other in self.classes if code in self.above(other)}

    def tree(self) -> list[Node]:
        """All classes in the order of the tree; one in a loop stands at the top."""
        children: dict[str | None, list[CIClass]] = {}
        for row in self.classes.values():
            looped = row.parent_id and row.code in self.above(row.parent_id)
            children.setdefault(None if looped else row.parent_id, []).append(row)
        found: list[Node] = []
        open_ = [Node(row, 0) for row in reversed(children.get(None, []))]
        while open_:
            node = open_.pop()
            found.append(node)
            open_ += [Node(row, node.depth + 1) for row in reversed(children.get(node.ci_class.code, []))]
        return found

    def of(self, code: str, *, retired: bool = False) -> dict[str, Attribute]:
        """The attributes of a class by code, inherited ones first in their order."""
        if code not in self._of:
            chain = [None, *reversed(self.above(code))]
            places = {key: number for number, key in enumerate(chain)}
            own = [row for row in self.attributes if row.ci_class_id in places]
            own.sort(key=lambda row: (row.position, places[row.ci_class_id], row.pk))
            self._of[code] = {row.code: row for row in own}
        found = self._of[code]
        return found if retired else {name: row for name, row in found.items() if row.active}

    def computed(self, code: str) -> dict[str, Formula]:
        """The formulas of the class's computed attributes, by code."""
        if code not in self._formulas:
            self._formulas[code] = {name: Formula(row.formula) for name, row in self.of(code).items() if row.formula}
        return self._formulas[code]

    def work_out(self, code: str, attributes: dict[str, Any], names: Collection[str] | None = None) -> list[str]:
        """Bring the computed ones (of ``names``) among ``attributes`` up to date; return those that differ now."""
        changed = []
        for name, formula in self.computed(code).items():
            if names is not None and name not in names:
                continue
            value = formula.value(attributes)
            if value != attributes.get(name):
                changed.append(name)
                attributes.pop(name, None)
                if value is not None:
                    attributes[name] = value
        return changed

    def everywhere(self) -> dict[str, Attribute]:
        """One attribute per code, of any class: what lists can be filtered by."""
        return {row.code: row for row in reversed(self.attributes) if row.active}

    def exported(self, known_at: datetime | None) -> list[str]:
        """The codes of the attributes that were known at a moment, of any class, in the order of a file's columns.

        One that was defined after the moment that is asked about, and before it was known, has its column: what was
        recorded of then since is in it.
        """
        known = (row for row in self.attributes if known_at is None or not is_defined_after(row, known_at))
        return sorted({row.code for row in known if row.active})

    def label(self, name: str) -> str:
        """What people call a field, a column or an attribute of any class."""
        if name in column_labels():
            return column_labels()[name]
        found = next((row for row in self.attributes if row.code == name), None)
        return found.name if found else name


def as_defined(rows: Iterable[Any], versions: type[DefinitionVersion], at: datetime | None) -> list[Any]:
    """``rows`` of the model as they were defined at a moment; now without it.

    What was defined only later is as it was first; ``first_defined`` says when.
    """
    found = list(rows)
    if at is None:
        return found
    link = next(field.name for field in versions._meta.fields if field.is_relation and field.name != "by")
    said: dict[Any, Any] = {}
    for key, since, definition in versions._default_manager.order_by("at", "pk").values_list(link, "at", "definition"):
        first = said.get(key, {}).get("first_defined", since)
        if key not in said or since <= at:
            said[key] = {**definition, "first_defined": first}
    for row in found:
        for name, value in said.get(row.pk, {}).items():
            setattr(row, name, value)
    return found


def is_defined_after(row: Any, moment: datetime) -> bool:
    """Whether ``row``, as it was defined once, came only after ``moment``."""
    first: datetime | None = getattr(row, "first_defined", None)
    return first is not None and first > moment


#: What rows of items and relations point at, and where its definitions are.
_POINTED_AT = {"ci_class": "classes", "relation_type": "relation_types", "business_system": "systems"}


def as_called(rows: Iterable[Any], moment: Moment, known: Definitions | None = None) -> list[Any]:
    """``rows`` of items and relations at a moment; their classes, types and business systems are called as they were
    then. ``known``: the definitions of the moment, where they are read already.
    """
    found = list(rows)
    if moment.is_now or not found:
        return found
    known = known or Definitions(moment.defined_at)
    pointers = {end: table for end, table in _POINTED_AT.items() if hasattr(found[0], f"{end}_id")}
    for row in found:
        for end, table in pointers.items():
            if key := getattr(row, f"{end}_id"):
                setattr(row, end, getattr(known, table)[key])
    return found


def column_labels() -> dict[str, str]:
    """What people call the columns of an item."""
    return {
        "name": _("Name"),
        "ci_class_id": _("Class"),
        "status_id": _("Status"),
        "business_system_id": _("Business system"),
        "organisation_id": _("Organisation"),
        "default_group_id": _("Group"),
    }
