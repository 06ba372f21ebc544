"""Who had a ticket when its limit of solving passed: by the log, not by who has it now (RPT-01)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F, Func, JSONField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Now

from accounts.codes import in_language
from tickets.figures.moves import changing
from tickets.models import Ticket

HOLDERS = ("group", "assignee")


def _changed(field: str) -> QuerySet[Any]:
    """Lines of the log of a ticket that changed a column, each with the ``change``."""
    path = f'$[*] ? (@.field == "{field}")'
    change = Func(F("changes"), Value(path), function="jsonb_path_query_first", output_field=JSONField())
    return changing(path).filter(ticket=OuterRef("pk")).annotate(change=change)


def at_limit() -> dict[str, Any]:
    """What a query works out for ``held_by``: the last change of each holder before the limit, the first after it."""
    found: dict[str, Any] = {"read_at": Now()}
    for field in HOLDERS:
        before = _changed(field).filter(at__lte=OuterRef("planned_completion_at")).order_by("-at", "-pk")
        after = _changed(field).filter(at__gt=OuterRef("planned_completion_at")).order_by("at", "pk")
        found[f"{field}_before_limit"] = Subquery(before.values("change")[:1])
        found[f"{field}_after_limit"] = Subquery(after.values("change")[:1])
    return found


def missed(ticket: Ticket, now: datetime) -> bool:
    """Whether its limit of solving has passed, as far as is known at ``now``."""
    limit = ticket.planned_completion_at
    if limit is None or ticket.completed_in_time:
        return False
    stopped = ticket.waiting_since or now  # what waits is late only if it was before it began to wait
    return ticket.completed_in_time is False or limit <= stopped


def held_by(ticket: Ticket, now: datetime | None = None) -> dict[str, str]:
    """Names of the group and the person who had it at the limit; empty where it did not pass. See ``at_limit``."""
    at = now or getattr(ticket, "read_at", None)
    passed = at is not None and missed(ticket, at)
    return {field: _at_limit(ticket, field) for field in HOLDERS} if passed else {}


def _at_limit(ticket: Ticket, field: str) -> str:
    before, after = (getattr(ticket, f"{field}_{side}_limit") for side in ("before", "after"))
    if before is None and after is None:
        return str(getattr(ticket, field) or "")
    value = before["new"] if before else after["old"]
    return in_language(value["zh"], value["en"]) if isinstance(value, dict) else str(value or "")


def holders(ticket: Ticket) -> str:
    """Both in one text, for a column."""
    return " · ".join(name for name in held_by(ticket).values() if name)
