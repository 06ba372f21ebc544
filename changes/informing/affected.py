"""Whom a change affects: systems through the CMDB, the customers that use them, each with its own part (ORG-03)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from accounts.models import Organisation, User
from changes.models import Change
from cmdb.models import BusinessSystem
from cmdb.network.answers import systems_down_with
from cmdb.uses import customers_using


@dataclass(frozen=True)
class Part:
    """Customers that use the same of the affected systems: they read of these and of no others."""

    systems: tuple[BusinessSystem, ...]
    organisations: tuple[Organisation, ...]
    people: int


def systems_of(change: Change) -> list[BusinessSystem]:
    """The system that the change names, and those that go down with its items; in order of their codes."""
    items = list(change.affected_items.values_list("item_id", flat=True))
    codes = {*systems_down_with(items), *([change.business_system_id] if change.business_system_id else [])}
    return list(BusinessSystem.objects.filter(pk__in=codes).order_by("pk")) if codes else []


def tells_customers(change: Change) -> bool:
    """Whether customers are told at all: of a standard change whose template names no effect they notice nothing."""
    return bool(change.effect.strip()) or not change.is_standard


def parts_of(change: Change) -> list[Part]:
    """Who is told of what; nothing when nobody outside is affected."""
    systems = systems_of(change) if tells_customers(change) else []
    by_systems: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for organisation, codes in customers_using([system.pk for system in systems]).items():
        by_systems[tuple(sorted(codes))].append(organisation)
    known = {system.pk: system for system in systems}
    keys = [key for found in by_systems.values() for key in found]
    rows = {row.pk: row for row in Organisation.objects.filter(pk__in=keys)}
    return [
        Part(
            tuple(known[code] for code in codes),
            tuple(sorted((rows[key] for key in keys), key=lambda row: row.code)),
            User.objects.active().filter(organisation__in=keys).count(),
        )
        for codes, keys in sorted(by_systems.items())
    ]
