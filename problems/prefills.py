"""What the address of a new problem may fill in: the incidents that it is raised from."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from tickets.lifecycle import Kind
from tickets.models import Ticket
from tickets.workspace.prefills import register_source

#: More are joined afterwards.
MOST = 200


def raised_from(user: User, kind: Kind, value: str) -> dict[str, Any]:
    """Incidents by their numbers, with what they have in common: system, category, items, the words of the first."""
    numbers = value.replace(",", " ").split()[:MOST]
    found = list(Ticket.objects.visible_to(user).filter(number__in=numbers, kind=kind.raised_from).order_by("pk"))
    if not found:
        return {}
    shared = {
        name: next(iter({getattr(ticket, f"{name}_id") for ticket in found}), None)
        for name in ("business_system", "category")
        if len({getattr(ticket, f"{name}_id") for ticket in found}) == 1
    }
    items = {key for ticket in found for key in ticket.items.values_list("identifier", flat=True)}
    named = {"category": found[0].category.code} if shared.get("category") and found[0].category else {}
    return {
        "incidents": [ticket.number for ticket in found],
        "summary": found[0].summary,
        "items": sorted(items),
        "business_system": shared.get("business_system") or "",
        **named,
    }


register_source("from", raised_from, kind="problem")
