"""Effects of orders to update items."""

from __future__ import annotations

from typing import Any

from changes.models import Change
from tickets.services import watch


def order(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """The operator follows the change, so that its clock tells them as well."""
    watch(ticket=ticket, user=cleaned["operator"])
