"""The ways in which an action on a ticket can be refused: those of every record, and one that shows the ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from records.errors import ActionConflict, ActionError, ActionForbidden, ActionInvalid, ActionNotFound

if TYPE_CHECKING:
    from tickets.models import Ticket

__all__ = ["ActionConflict", "ActionError", "ActionForbidden", "ActionInvalid", "ActionNotFound", "TicketChanged"]


class TicketChanged(ActionError):
    """Somebody changed the ticket since the person read it; ``ticket`` is as it stands now."""

    def __init__(self, message: Any, ticket: Ticket) -> None:
        super().__init__(message)
        self.ticket = ticket
