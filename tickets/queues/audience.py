"""Who may sort, filter and count by what of a ticket: whoever may read it, and nobody else (ORG-03).

The one declaration is the field of ``tickets.serializers``: it says who reads it. Columns, filters and orders follow
by their names; ``TELLS`` names the fields of those that are called otherwise. What tells about no known field is for
staff: a new filter that is forgotten here shows nothing to requesters (tests/contract/test_audience.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from accounts.models import User
from tickets.serializers import TicketDetailSerializer, reads_internal

#: What filters, orders and columns tell about that are not called like a field.
TELLS: dict[str, tuple[str, ...]] = {
    "queue": ("priority", "due_at", "complexity"),
    "due": ("due_at",),
    "overdue": ("due_at",),
    "escalated": ("escalated_at",),
    "agreed": ("agreed_at",),
    "agreed_kept": ("completed_in_time",),
    "duplicate": ("is_duplicate",),
    "reopened": ("reopen_count",),
    "urged": ("urge_count",),
    "created": ("created_at",),
    "updated": ("updated_at",),
    "planned_response": ("planned_response_at",),
    "responded": ("responded_at",),
    "planned_completion": ("planned_completion_at",),
    "resolved": ("resolved_at",),
    "closed": ("closed_at",),
    "item": ("items",),
    "tasks": ("children_total", "children_open"),
    "department": ("requester",),
    # Narrowed by who asks: words by what they may read, watching to their own.
    "q": ("number",),
    "watcher": ("number",),
}
_RANGES = ("_after", "_before", "_since")


def fields_told(name: str) -> tuple[str, ...]:
    """The fields that a filter, order or column called ``name`` tells about."""
    plain = next((name.removesuffix(end) for end in _RANGES if name.endswith(end)), name)
    return TELLS.get(plain, (plain,))


@cache
def _audiences() -> dict[str, bool]:
    """Whether requesters read a field, by its name."""
    declared = TicketDetailSerializer._declared_fields
    return {name: field.required for name, field in declared.items()}


def may_know(name: str, user: User) -> bool:
    """Whether ``user`` reads all that a filter, order or column called ``name`` tells about."""
    return reads_internal(user) or all(_audiences().get(field, False) for field in fields_told(name))


def known_to(user: User, names: Iterable[str]) -> list[str]:
    """Those of ``names`` that ``user`` may know."""
    return [name for name in names if may_know(name, user)]
