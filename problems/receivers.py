"""What problems do when something happens to an incident."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from problems.watching import watch_for
from tickets.models import Ticket, TimelineEntry
from tickets.signals import action_performed


@receiver(action_performed)
def watch_recurrence(sender: Any, ticket: Ticket, entry: TimelineEntry, now: datetime, **context: Any) -> None:
    """Reopen a problem that came back while it was watched."""
    watch_for(entry.ticket, entry, now)
