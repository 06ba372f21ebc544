"""What people are told when something happens to a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from notifications.reactions import tell
from notifications.services import forget_step
from tickets.actions import TAKEN_BACK
from tickets.lifecycle import Action
from tickets.models import Ticket, TimelineEntry
from tickets.signals import action_performed


@receiver(action_performed)
def tell_people(
    sender: Any,
    ticket: Ticket,
    entry: TimelineEntry,
    action: Action,
    user: User | None,
    now: datetime,
    **context: Any,
) -> None:
    """Store the notices of the action, in its transaction. Imports tell nobody.

    Nor do the first tasks of an emergency when they are opened: whoever gets them is told of the emergency itself,
    and five more urgent notices at that moment would bury it.
    """
    if entry.action == TAKEN_BACK:
        forget_step(ticket=ticket, entry_id=entry.data["entry"])
    opens_quietly = action.creates and not getattr(ticket, "holds_parent", True)
    if entry.via != TimelineEntry.Via.IMPORT and not opens_quietly:
        tell(ticket=ticket, entry=entry, action=action, user=user, now=now)
