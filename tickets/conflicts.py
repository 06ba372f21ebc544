"""What changed since a person read a ticket, beside what they typed (TKT-07)."""

from __future__ import annotations

from typing import Any

from tickets.forms import ActionForm
from tickets.models import Ticket
from tickets.timeline import label_of, shown


def conflict_lines(ticket: Ticket, version: int, form: ActionForm) -> list[dict[str, Any]]:
    """Lines of ``components/conflict.html``: every field that changed after ``version``."""
    entries = ticket.timeline.filter(version__gt=version).select_related("actor").order_by("at", "id")
    lines: dict[str, dict[str, Any]] = {}
    for entry in entries:
        states = {"field": "state", "new": str(ticket.kind_info.state_label(entry.state_to))}
        moved = [states] if entry.state_from != entry.state_to and entry.state_to else []
        for change in [*moved, *entry.changes]:
            lines[change["field"]] = {
                "label": label_of(ticket.kind_info, change["field"]),
                "yours": _typed(form, change["field"]),
                "current": shown(change["new"]),
                "changed_by": entry.actor.display_name if entry.actor else "",
                "changed_at": entry.at,
            }
    return list(lines.values())


def _typed(form: ActionForm, name: str) -> Any:
    """What the person typed into the field of this name, as they would read it."""
    if name not in form.fields:
        return ""
    value = form.data.get(name, "")
    choices = getattr(form.fields[name], "choices", None)
    return dict((str(key), label) for key, label in choices).get(value, value) if choices else value
