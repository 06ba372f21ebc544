"""Differences as people read them: values in words, who said it, while working on which ticket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.deciding.doubts import Doubt, doubts_about
from cmdb.deciding.things import seen_values
from cmdb.defining.preview import Preview
from cmdb.definitions import Definitions
from cmdb.inputs import NAMES, Reader
from cmdb.life import RETIRED
from cmdb.models import ConfigurationItem, Difference
from cmdb.pages import pages_of_tickets
from cmdb.transfer.discovery import Comparison, alike, compared
from cmdb.transfer.matching import near, spoken_for
from cmdb.values import is_empty
from cmdb.versioning.history import Names
from cmdb.versioning.moments import present

#: So many values of a thing are told in a line.
TOLD = 4


@dataclass
class Line:
    """A difference in words. ``by``: the person who saw it; ``ticket``: while working on it, ``url`` if it is seen."""

    row: Difference
    label: str
    was: str
    seen: str
    by: str
    ticket: str
    ticket_url: str

    @property
    def source(self) -> str:
        """Who says it: a person, an audit, or a source with the name it has for the thing."""
        if self.row.sighting.source == "people":
            return _("proposed by %(name)s") % {"name": self.by}
        if audit := self.row.sighting.data.get("audit"):
            return _("audit %(audit)s, %(name)s") % {"audit": audit, "name": self.by}
        return str(self.row.sighting)


def lines_of(rows: Iterable[Difference], user: User) -> list[Line]:
    """``rows`` (with sighting and item) for ``user``. Queries do not grow with the rows."""
    rows = list(rows)
    known = Definitions()
    names = Names(known)
    people = _people(rows)
    tickets = {_said(row, "ticket") for row in rows} - {""}
    urls = pages_of_tickets(tickets, user)
    found = []
    for row in rows:
        ticket, by = _said(row, "ticket"), _said(row, "by")
        was, seen = _values(row, names, known)
        label = known.label(row.field) if row.field else ""
        found.append(Line(row, label, was, seen, people.get(by, by), ticket, urls.get(ticket, "")))
    return found


def _said(row: Difference, name: str) -> str:
    """What a sighting of a person or an audit says of itself; what a source saw is a value, and says nothing."""
    return str(row.sighting.data.get(name) or "") if row.sighting.source in ("people", "audit") else ""


def _people(rows: Sequence[Difference]) -> dict[str, str]:
    names = {_said(row, "by") for row in rows} - {""}
    found = User.objects.filter(username__in=names) if names else ()
    return {person.username: person.display_name for person in found}


def _values(row: Difference, names: Names, known: Definitions) -> tuple[str, str]:
    if row.what == Difference.What.VALUE and row.item:
        kind = row.item.ci_class_id
        return names.shown(row.field, row.recorded_value, kind), names.shown(row.field, row.seen_value, kind)
    told = [f"{label}: {value}" for _name, label, value in seen_values(row, known)]
    return "", " · ".join(told[:TOLD]) + (" …" if len(told) > TOLD else "")


@dataclass(frozen=True)
class Cell:
    """What is recorded of a seen value. ``same``: it says so; ``comes``: taken at once, waits, or kept beside."""

    value: str
    same: bool
    comes: str


@dataclass
class Choice:
    """An item that a thing may be. ``speaks``: labels of what is the same; ``cells``: what is recorded, by name;
    ``preview``: what of it would be overwritten at once.
    """

    item: ConfigurationItem
    speaks: list[str]
    cells: dict[str, Cell]
    doubts: list[Doubt]
    preview: Preview


def choices_of(row: Difference, known: Definitions) -> list[Choice]:
    """The items that a thing may be, with what speaks for each, and what would become of the values."""
    values = row.seen_value if isinstance(row.seen_value, dict) else {}
    reader, names = Reader(definitions=known), Names(known)
    return [_choice(row, item, values, reader, names) for item in near(values, row.candidates)]


def _choice(
    row: Difference, item: ConfigurationItem, values: Mapping[str, Any], reader: Reader, names: Names
) -> Choice:
    known = reader.definitions
    found = compared(row.sighting.source, values, item, present(), reader)
    cells = {}
    for name in values:
        column = NAMES.get(name, name)
        said = found.was.get(column)
        same = not is_empty(said) and alike(found.facts.get(column, values[name]), said)
        comes = "" if item.status_id == RETIRED else _comes(found, column)
        cells[name] = Cell(names.shown(column, said, item.ci_class_id), same, comes)
    differs = {name: found.facts[name] for name in sorted(found.taken | found.waits)}
    speaks = [known.label(name) for name in spoken_for(item, values)]
    doubts = [] if item.status_id == RETIRED else doubts_about(item, differs, known)
    return Choice(item, speaks, cells, doubts, _overwritten(found, item, names))


def _comes(found: Comparison, column: str) -> str:
    """What would become of the value."""
    if column in found.taken:
        return "taken"
    return "waits" if column in found.waits else "kept" if column in found.lost else ""


def overwritten(row: Difference, item: ConfigurationItem, known: Definitions) -> Preview:
    """What is recorded of ``item`` and would be another at once, if the thing were it: each in words."""
    values = row.seen_value if isinstance(row.seen_value, dict) else {}
    found = compared(row.sighting.source, values, item, present(), Reader(definitions=known))
    return _overwritten(found, item, Names(known))


def _overwritten(found: Comparison, item: ConfigurationItem, names: Names) -> Preview:
    lost = sorted(name for name in found.taken if not is_empty(found.was.get(name)))
    told = [
        f"{names.definitions.label(name)}: {names.shown(name, found.was[name], item.ci_class_id)}"
        f" → {names.shown(name, found.facts[name], item.ci_class_id)}"
        for name in ([] if item.status_id == RETIRED else lost)
    ]
    return Preview(told, {"item": item.identifier})
