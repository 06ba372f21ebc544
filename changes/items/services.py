"""Effects of what puts items on a change: they run in the action's transaction."""

from __future__ import annotations

from typing import Any

from changes.models import Change
from tickets.models import AffectedItem

BATCH = 2000


def add_found(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """Put all that were found on the change; one insert for each two thousand."""
    keys = list(cleaned["found"].values_list("pk", flat=True))
    rows = [AffectedItem(ticket_id=ticket.pk, item_id=key) for key in keys]
    AffectedItem.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)


def remove_found(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """Take all that were found off the change: one statement."""
    AffectedItem.objects.filter(ticket=ticket.pk, item__in=cleaned["found"].values("pk")).delete()
