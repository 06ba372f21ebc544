"""What all that a change has prepared makes of each item, and what stands against writing it (CHG-08)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from changes.prepared.models import PreparedEdit
from cmdb.definitions import Definitions
from cmdb.inputs import Reader
from cmdb.models import ConfigurationItem, UniqueValue
from cmdb.writing import Clash, unique_values

Kind = PreparedEdit.Kind


@dataclass(frozen=True)
class Meant:
    """An item as it is to become, ``item`` None for one that comes; ``errors``: by name, what does not fit."""

    identifier: str
    item: ConfigurationItem | None
    facts: dict[str, Any]
    errors: dict[str, list[str]]

    def as_written(self, known: Definitions) -> ConfigurationItem:
        """A row of it that is stored nowhere: its class and attributes."""
        code = self.facts.get("ci_class_id") or (self.item.ci_class_id if self.item else "")
        attributes = {**(self.item.attributes if self.item else {}), **self.facts}
        known.work_out(code, attributes)
        key = self.item.pk if self.item else None
        return ConfigurationItem(pk=key, identifier=self.identifier, ci_class_id=code, attributes=attributes)


def meant_by(rows: Iterable[PreparedEdit], reader: Reader) -> list[Meant]:
    """One for each item of which values are prepared, the later over the earlier."""
    said: dict[str, dict[str, str]] = {}
    items: dict[str, ConfigurationItem | None] = {}
    for row in rows:
        if row.kind in (Kind.VALUE, Kind.ITEM):
            said.setdefault(row.subject, {}).update(row.given)
            items[row.subject] = row.item
    return [_meant(identifier, items[identifier], given, reader) for identifier, given in said.items()]


def _meant(identifier: str, item: ConfigurationItem | None, given: dict[str, str], reader: Reader) -> Meant:
    code = given.get("ci_class") or (str(item.ci_class_id) if item else "")
    return Meant(identifier, item, *reader.facts(given, class_code=code, complete=item is None))


def clashes_in(meant: list[Meant], known: Definitions) -> Iterator[Clash]:
    """Values that only one item may have and that two would have: one of these and another, or two of these.

    What one of these gives up is free for another. One query.
    """
    rows = unique_values([one.as_written(known) for one in meant], known)
    others = UniqueValue.objects.exclude(item__in=[one.item.pk for one in meant if one.item])
    named = others.filter(code__in={row.code for row in rows}, value__in={row.value for row in rows})
    holders = {(code, value): name for code, value, name in named.values_list("code", "value", "item__identifier")}
    for row in rows:
        name = row.item.identifier
        holder = holders.setdefault((row.code, row.value), name)
        if holder != name:
            yield Clash(row.code, str(known.label(row.code)), [holder, name])


def taken_identifiers(meant: list[Meant]) -> list[str]:
    """Identifiers of items to come that others have got since."""
    new = [one.identifier for one in meant if one.item is None]
    return (
        list(ConfigurationItem.objects.filter(identifier__in=new).values_list("identifier", flat=True)) if new else []
    )
