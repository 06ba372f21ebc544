"""The portal's rows for the names and codes of an export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from accounts.models import Organisation, SupportGroup, Tier, User
from cmdb.models import BusinessSystem, BusinessSystemClass, CIClass, CIStatus, ConfigurationItem
from importing.histories import History
from importing.making import (
    customer_of,
    make_categories,
    make_groups,
    make_items,
    make_people,
    make_systems,
    provider,
)
from importing.mapping import Mapping, MappingError
from importing.mentions import Mentions, Path
from tickets.forms import json_value
from tickets.models import (
    Category,
    TicketLink,
    WaitReason,
)

LEVELS = (1, 2, 3)


class Directory:
    """Finds the rows for names, and makes those that are missing; remembers them from batch to batch."""

    def __init__(self, mapping: Mapping, customer: str = "") -> None:
        """``customer``: the code of the customer to import for; the mapping's own when empty."""
        self.mapping = mapping
        self.customer_code = customer
        self.codes = {field: mapping.kind.codes(field) for field in mapping.kind.translatable}
        self.codes["wait_reason"] = WaitReason.objects.in_bulk()
        self.people: dict[str, User] = {}
        self.groups: dict[str, SupportGroup] = {}
        self.categories: dict[Path, Category] = {}
        self.items: dict[str, ConfigurationItem] = {}
        self.systems: dict[str, BusinessSystem] = {}
        self.customer: Organisation | None = None
        self._shown: dict[tuple[str, Any], Any] = {}

    def check(self) -> None:
        """Raise MappingError when the mapping names a code that the portal does not have. Writes nothing."""
        for what, named, known in self._named():
            unknown = {str(code) for code in named if code is not None} - {str(code) for code in known}
            if unknown:
                raise MappingError(f"The mapping {self.mapping.name} names an unknown {what}: {', '.join(unknown)}.")
        if self.customer_code and not Organisation.objects.filter(code=self.customer_code).exists():
            raise MappingError(f"There is no customer with the code {self.customer_code}.")

    def make(self, histories: Iterable[History]) -> None:
        """Make sure that everything named in ``histories`` is there. Runs in the caller's transaction."""
        found = Mentions(histories)
        self.customer, staff = customer_of(self.mapping, self.customer_code), provider()
        self.people |= make_people(self.mapping, found.callers - self.people.keys(), self.customer)
        self.people |= make_people(self.mapping, found.staff - self.people.keys(), staff)
        self.groups |= make_groups(self.mapping, found.groups - self.groups.keys(), staff)
        self.systems |= make_systems(self.mapping, found.systems - self.systems.keys())
        system_of = {item: self.systems[name].pk for item, name in found.system_of.items()}
        self.items |= make_items(self.mapping, found.items - self.items.keys(), self.customer, system_of)
        for level in LEVELS:
            paths = {path[:level] for path in found.paths if len(path) >= level} - self.categories.keys()
            self.categories |= make_categories(self.mapping, paths, self.categories)

    def row(self, field: str, value: Any) -> Any:
        """What ``value`` of the ticket's column ``field`` stands for: a row, or a plain value for itself."""
        if value is None or value == ():
            return None
        if field in self.codes:
            return self.codes[field][value]
        if field in ("requester", *self.mapping.kind.staff):
            return self.people[value]
        tables: dict[str, dict[Any, Any]] = {
            "category": self.categories,
            "group": self.groups,
            "items": self.items,
            "business_system": self.systems,
        }
        return tables[field][value] if field in tables else value

    def shown(self, field: str, value: Any) -> Any:
        """``value`` as timeline entries have it (``tickets.forms.json_value``)."""
        key = (field, value)
        if key not in self._shown:
            self._shown[key] = json_value(self.row(field, value))
        return self._shown[key]

    def _named(self) -> Iterator[tuple[str, Iterable[Any], Iterable[Any]]]:
        """(what, codes that the mapping names, codes that there are)."""
        mapping = self.mapping
        for field in sorted(mapping.values):
            yield field, mapping.values[field].values(), self.codes[field]
        rules = mapping.states.values()
        yield (
            "state",
            [code for rule in rules for code in (rule.state, rule.with_group or None)],
            mapping.kind.kind.states.values,
        )
        yield "wait_reason", [rule.wait_reason for rule in rules], self.codes["wait_reason"]
        yield "meaning", [rule.meaning for rule in mapping.relations], TicketLink.Meaning.values
        yield "tier", [mapping.groups["tier"], *mapping.groups.get("tiers", {}).values()], Tier.values
        yield "class of business systems", [mapping.systems["class"]], BusinessSystemClass.objects.in_bulk()
        yield "class", [mapping.items["class"]], CIClass.objects.in_bulk()
        yield "status", [mapping.items["status"]], CIStatus.objects.in_bulk()
