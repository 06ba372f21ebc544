"""Changing one property of a ticket in place: which declared action does it, and its form of that one field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from tickets.actions import Available
from tickets.forms import ActionForm
from tickets.lifecycle import Action
from tickets.models import Ticket


@dataclass(frozen=True)
class Editor:
    """How a property is edited. ``inline``: beside its value; else the action asks more, in its own form."""

    field: str
    url: str
    inline: bool


def editors_of(ticket: Ticket, available: Iterable[Available]) -> dict[str, Editor]:
    """Editors by property, from what may be done now. The first action that declares a property edits it."""
    found: dict[str, Editor] = {}
    for item in available:
        for field in item.action.edits if item.enabled else ():
            found.setdefault(field, _editor(ticket, item.action, field))
    return found


def _editor(ticket: Ticket, action: Action, field: str) -> Editor:
    url = reverse("tickets:action", args=[ticket.number, action.name])
    inline = action.form_class.keeps_missing and field in action.form_class.base_fields
    return Editor(field, f"{url}?field={field}" if inline else url, inline)


def asks_only(form: ActionForm, field: str) -> bool:
    """Whether ``form`` can ask for ``field`` alone: what it misses keeps the ticket's value."""
    return form.keeps_missing and field in form.fields
