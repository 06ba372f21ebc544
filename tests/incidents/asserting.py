"""What tests of actions look at."""

from __future__ import annotations

from typing import Any

import pytest

from incidents.models import Incident
from tests.factories import act, last_entry
from tickets.errors import ActionInvalid
from tickets.models import TimelineEntry


def refused_fields(ticket: Any, name: str, user: Any, **data: Any) -> list[str]:
    """Names of the fields that keep an action from being done; nothing has changed then."""
    before, lines = Incident.objects.filter(pk=ticket.pk).values().get(), TimelineEntry.objects.count()
    with pytest.raises(ActionInvalid) as refused:
        act(ticket, name, user, **data)
    assert Incident.objects.filter(pk=ticket.pk).values().get() == before
    assert TimelineEntry.objects.count() == lines
    return sorted(refused.value.form.errors)


def changes(ticket: Any) -> dict[str, tuple[Any, Any]]:
    """What the newest line of the timeline says was changed: ids of rows, or values."""
    found = last_entry(ticket).changes
    return {change["field"]: (_key(change["old"]), _key(change["new"])) for change in found}


def _key(value: Any) -> Any:
    return value["id"] if isinstance(value, dict) else value
