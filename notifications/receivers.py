"""What people are told when something happens to a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from notifications.reactions import tell
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
    """Store the notices of the action, in its transaction. Imports tell nobody."""
    if entry.via != TimelineEntry.Via.IMPORT:
        tell(ticket=ticket, entry=entry, action=action, user=user, now=now)
