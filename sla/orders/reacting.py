"""What agreed times, closing by itself and escalation do when something happens to a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from sla.clocks import timers
from sla.orders import closing, escalating, waiting
from sla.promises import agreeing
from tickets.models import Ticket, TimelineEntry
from tickets.signals import action_logged


@receiver(action_logged)
def keep_plans(
    sender: Any, ticket: Ticket, entry: TimelineEntry, user: User | None, now: datetime, **context: Any
) -> None:
    """Plan, stop and forget what the portal does by itself. Ordinary actions cost nothing."""
    escalating.follow(ticket, entry, user)
    if not timers.is_quiet():
        agreeing.follow(ticket, entry, now)
        waiting.follow(ticket, entry, now)
        closing.follow(ticket, entry, now)
