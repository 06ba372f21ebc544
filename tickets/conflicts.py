"""What changed since a person read a ticket, beside what they typed (TKT-07)."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from tickets.forms import ActionForm
from tickets.models import Ticket
from tickets.timeline import changes_since


def conflict_lines(ticket: Ticket, user: User, version: int, form: ActionForm) -> list[dict[str, Any]]:
    """Lines of ``components/conflict.html``: every field that changed after ``version``, as it is now."""
    lines: dict[str, dict[str, Any]] = {}
    for entry in changes_since(ticket, version, user):
        for change in entry.changes:
            lines[change.field] = {
                "label": change.label,
                "yours": _typed(form, change.field),
                "current": change.new,
                "changed_by": entry.actor_name,
                "changed_at": entry.at,
            }
    return list(lines.values())


def _typed(form: ActionForm, name: str) -> Any:
    """What the person typed into the field of this name, as they would read it."""
    if name not in form.fields:
        return ""
    value = form.data.get(name, "")
    choices = getattr(form.fields[name], "choices", None)
    return {str(key): label for key, label in choices}.get(value, value) if choices else value
