"""What service levels do when something happens to a ticket: its clocks first, for they set columns of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connections
from django.dispatch import receiver

from accounts.models import User
from sla.clocks.keeping import keep_clocks
from sla.engine import rounds as engine
from sla.models import EngineState
from sla.orders.declaring import declare_priority, follow_emergency
from sla.promises.policies import one_book
from sla.services import set_columns
from tickets.models import Ticket, TimelineEntry
from tickets.signals import action_logged, action_performed


@receiver(action_logged)
def keep_time(
    sender: Any, ticket: Ticket, entry: TimelineEntry, user: User | None, now: datetime, **context: Any
) -> None:
    """Keep clocks and planned times with every action."""
    with one_book(ticket):
        set_columns(ticket, [life.clock for life in keep_clocks(ticket, entry, now, by=user)])


@receiver(action_performed)
def declare(sender: Any, entry: TimelineEntry, now: datetime, **context: Any) -> None:
    """Tell who has to know of a P1 or P2, and begin or end the emergency procedure."""
    with one_book(entry.ticket):
        declare_priority(entry.ticket, entry, now)
    follow_emergency(entry, now)


def adopt_version(sender: Any, using: str, **context: Any) -> None:
    """After migrations: engines of older versions hold themselves back."""
    if EngineState._meta.db_table in connections[using].introspection.table_names():
        engine.adopt_version()
