"""What a column of a file may be: the fields to choose from, and the one that its heading comes close to (CMDB-05)."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from cmdb.definitions import Definitions
from cmdb.inputs import NAMES
from cmdb.models.classes import Group

#: What leaves a column out, and what a column without a heading is called.
LEFT_OUT, NAMELESS = "-", "—"
#: From so much on, of 1, a heading is close to a name.
CLOSE = 0.7


def labels_of(known: Definitions) -> dict[str, str]:
    """Columns and attributes by code and by both of their names, in small letters."""
    labels = {
        "标识": "identifier",
        "类": "ci_class",
        "名称": "name",
        "状态": "status",
        "业务系统": "business_system",
        "单位": "organisation",
    }
    for row in known.attributes:
        if row.active:
            labels |= {row.code: row.code, row.name_zh.lower(): row.code, row.name_en.lower(): row.code}
    return labels


class Fields:
    """The fields that a column may be read into: ``choices`` for people, in their groups; ``near`` guesses one."""

    def __init__(self, groups: Mapping[str, Mapping[str, str]], names: Mapping[str, str]) -> None:
        self.names = {name for group in groups.values() for name in group}
        self.choices: list[Any] = [
            ("", _("Choose")),
            (LEFT_OUT, _("Leave it out")),
            *((label, list(group.items())) for label, group in groups.items() if group),
        ]
        shown = {label: name for group in groups.values() for name, label in group.items()}
        self._known = {_plain(label): name for label, name in {**names, **shown}.items() if name in self.names}

    def near(self, heading: str) -> str:
        """The field whose name the heading comes close to; empty where none does."""
        found = get_close_matches(_plain(heading), self._known, n=1, cutoff=CLOSE)
        return self._known[found[0]] if found else ""

    def read(self, lines: Mapping[str, str | None]) -> None:
        """Raises ValidationError where a column is said to be what is no field."""
        unknown = [name for name in lines.values() if name is not None and name not in self.names]
        if unknown:
            text = _("There is no field “%(name)s” to read a column into.")
            raise ValidationError(text % {"name": unknown[0][:60]})


def _plain(text: str) -> str:
    """Letters and digits alone, in small letters: how people part words is their own."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def item_fields() -> Fields:
    """What a column of items may be."""
    known = Definitions()
    columns = {"identifier": _("Identifier"), **{name: known.label(column) for name, column in NAMES.items()}}
    title = _("Item")
    groups = {title: columns}
    for group in Group:
        rows = [row for row in known.everywhere().values() if row.group == group and not row.formula]
        groups[str(group.label)] = {row.code: row.name for row in rows}
    return Fields(groups, {**labels_of(known), **{name: name for name in columns}, "class": "ci_class"})


def relation_fields() -> Fields:
    """What a column of relations may be."""
    names = {
        "source": _("Identifier of the first item"),
        "relation": _("Type of relation"),
        "target": _("Identifier of the second item"),
        "group": _("Redundancy group"),
        "needed": _("Needed of the group"),
    }
    title = _("Relation")
    return Fields({title: names}, {name: name for name in names} | {"from": "source", "to": "target"})
