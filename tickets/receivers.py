"""What else follows from an action, for every kind of ticket."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from tickets.models import Ticket, TimelineEntry
from tickets.services import watch_mentioned
from tickets.signals import action_performed


@receiver(action_performed)
def follow_mentioned(sender: Any, ticket: Ticket, entry: TimelineEntry, **context: Any) -> None:
    """Whoever is mentioned follows the ticket from now on."""
    watch_mentioned(ticket=ticket, entry=entry)
