"""What service levels do when something happens to a ticket."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from sla.services import store_plan
from tickets.models import Ticket
from tickets.signals import action_performed


@receiver(action_performed)
def plan_times(sender: Any, ticket: Ticket, **context: Any) -> None:
    """Keep the planned times right after every action."""
    store_plan(ticket)
