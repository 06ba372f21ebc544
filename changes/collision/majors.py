"""Open major incidents as something that changes collide with (CHG-05): their items and their business system."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from tickets.lifecycle import Phase, kinds
from tickets.models import AffectedItem, Ticket

#: Of this rank and above an incident is a major one (MAJ-01).
LAST_RANK = 2


@dataclass(frozen=True)
class Major:
    """An open major incident with the keys of its items."""

    ticket: Ticket
    items: frozenset[int]


def open_majors() -> list[Major]:
    """Those that are not solved, duplicates left out. Two queries, one when there is none."""
    codes = [kind.code for kind in kinds() if kind.can_be_major]
    found = Ticket.objects.filter(kind__in=codes, phase__in=(Phase.OPEN, Phase.WAITING), priority_rank__lte=LAST_RANK)
    tickets = list(found.filter(duplicate_of=None).select_related("assignee", "business_system").order_by("pk"))
    items: dict[int, set[int]] = defaultdict(set)
    if tickets:
        keys = [ticket.pk for ticket in tickets]
        for ticket, item in AffectedItem.objects.filter(ticket__in=keys).values_list("ticket_id", "item_id"):
            items[ticket].add(item)
    return [Major(ticket, frozenset(items[ticket.pk])) for ticket in tickets]
