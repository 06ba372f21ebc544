"""What else follows from an action, for every kind of ticket."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.signals import switched_off
from tickets.leaving import hand_on_tickets
from tickets.models import Ticket, TimelineEntry
from tickets.services import watch_mentioned
from tickets.signals import action_performed


@receiver(action_performed)
def follow_mentioned(sender: Any, ticket: Ticket, entry: TimelineEntry, **context: Any) -> None:
    """Whoever is mentioned follows the ticket from now on."""
    watch_mentioned(ticket=ticket, entry=entry)


@receiver(switched_off)
def hand_on(sender: Any, user: User, **context: Any) -> str:
    """No ticket waits for somebody who does not come back; says which were handed on."""
    return ", ".join(ticket.number for ticket in hand_on_tickets(user=user))
