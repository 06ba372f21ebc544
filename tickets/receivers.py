"""What else follows from an action, for every kind of ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.leaving import Held
from accounts.models import User
from accounts.signals import held_by, switched_off
from tickets.leaving import hand_on_tickets, held_by_assignee
from tickets.models import Ticket, TimelineEntry
from tickets.services import watch_mentioned
from tickets.signals import action_performed


@receiver(action_performed)
def follow_mentioned(sender: Any, ticket: Ticket, entry: TimelineEntry, **context: Any) -> None:
    """Whoever is mentioned follows the ticket from now on."""
    watch_mentioned(ticket=ticket, entry=entry)


@receiver(held_by)
def held_tickets(sender: Any, user: User, **context: Any) -> list[Held]:
    """Live tickets that somebody has."""
    return [_held(ticket) for ticket in held_by_assignee(user)]


@receiver(switched_off)
def hand_on(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """No ticket waits for somebody who does not come back."""
    return [_held(one, str(one.assignee or one.group or "")) for one in hand_on_tickets(user=user, now=now)]


def _held(ticket: Ticket, to: str = "") -> Held:
    return Held("ticket", ticket.kind_info.label, f"{ticket.number} {ticket.summary}", to)
