"""What approvals do when something happens to a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from approvals.falling import check_content
from tickets.models import Ticket, TimelineEntry
from tickets.signals import action_performed


@receiver(action_performed)
def compare_content(
    sender: Any, ticket: Ticket, entry: TimelineEntry, user: User | None, now: datetime, **context: Any
) -> None:
    """Let approvals fall whose content the action changed; imports have none."""
    if entry.via == TimelineEntry.Via.IMPORT or not check_content(ticket=ticket, user=user, now=now):
        return
    now_stands = type(ticket).objects.get(pk=ticket.pk)
    if now_stands.version != ticket.version:  # the kind moved it on, by an action of its own
        entry.ticket = now_stands
