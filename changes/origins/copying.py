"""What a copy of a change says, for another time: on the page, by programs and of recurring changes alike."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from changes.models import TYPED, Change
from tickets.forms import json_value

#: A copy is made for another time, and nobody outside has asked for it.
NOT_COPIED = ("planned_start", "planned_end", "third_party")


def said_by(source: Change, user: User) -> dict[str, Any]:
    """What a form says that repeats ``source``: as far as ``user`` may refer to it, and it is still in use."""
    names = (*(name for name in TYPED if name not in NOT_COPIED), "group")
    found = {name: getattr(source, name) for name in names}
    plain = {name: json_value(value) for name, value in found.items() if getattr(value, "active", True)}
    said = {name: value["id"] if isinstance(value, dict) else value for name, value in plain.items()}
    if not source.is_standard:
        said["change_type"] = source.change_type_id
    items: Any = source.items
    said["items"] = list(items.visible_to(user).order_by("identifier").values_list("identifier", flat=True))
    return {name: value for name, value in said.items() if value is not None}


def needs_window(source: Change) -> bool:
    """Whether its plan has times, which are nothing without a window."""
    return source.planned_start is not None and source.steps.filter(planned_from__isnull=False).exists()
