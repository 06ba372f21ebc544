"""What problems do when something happens to an incident."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from problems.approving import give_up_solution
from problems.models import Problem
from problems.watching import watch_for
from tickets.models import Ticket, TimelineEntry
from tickets.signals import action_performed


@receiver(action_performed)
def watch_recurrence(sender: Any, ticket: Ticket, entry: TimelineEntry, now: datetime, **context: Any) -> None:
    """Reopen a problem that came back while it was watched."""
    watch_for(entry.ticket, entry, now)


@receiver(action_performed, sender=Problem)
def give_up(sender: Any, ticket: Problem, entry: TimelineEntry, user: Any, now: datetime, **context: Any) -> None:
    """End what was asked about its solution when that does not matter any more."""
    give_up_solution(ticket=ticket, entry=entry, user=user, now=now)
