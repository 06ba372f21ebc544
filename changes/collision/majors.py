"""Open major incidents as something that changes collide with (CHG-05): their items and their business system."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tickets.lifecycle import Phase, kinds
from tickets.models import AffectedItem, Ticket

#: Of this rank and above an incident is a major one (MAJ-01).
LAST_RANK = 2


@dataclass(frozen=True)
class Major:
    """An open major incident with the keys of its items and systems."""

    ticket: Ticket
    items: frozenset[int]
    systems: frozenset[str]


def open_majors() -> list[Major]:
    """Those that are not solved, duplicates left out. Two queries, one when there is none."""
    codes = [kind.code for kind in kinds() if kind.can_be_major]
    found = Ticket.objects.filter(kind__in=codes, phase__in=(Phase.OPEN, Phase.WAITING), priority_rank__lte=LAST_RANK)
    tickets = list(found.filter(duplicate_of=None).select_related("assignee", "business_system").order_by("pk"))
    items, systems = items_and_systems(tickets) if tickets else ({}, {})
    return [Major(ticket, items[ticket.pk], systems[ticket.pk]) for ticket in tickets]


def items_and_systems(tickets: Collection[Ticket]) -> tuple[dict[int, frozenset[int]], dict[int, frozenset[str]]]:
    """By key of the ticket its items, and its systems: the one that it names and those of its items. One query."""
    items: dict[int, set[int]] = {ticket.pk: set() for ticket in tickets}
    systems = {ticket.pk: {ticket.business_system_id} for ticket in tickets}
    found = AffectedItem.objects.filter(ticket__in=[*items])
    for ticket, item, system in found.values_list("ticket_id", "item_id", "item__business_system_id"):
        items[ticket].add(item)
        systems[ticket].add(system)
    named = {key: frozenset(str(system) for system in rows if system) for key, rows in systems.items()}
    return {key: frozenset(rows) for key, rows in items.items()}, named
