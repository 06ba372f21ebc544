"""What is done to a change tells those affected. Imports tell nobody."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from changes.informing.services import inform
from changes.informing.stages import FOLLOWS
from changes.models import Change
from tickets.lifecycle import Action
from tickets.models import TimelineEntry
from tickets.signals import action_performed


@receiver(action_performed, sender=Change)
def tell_affected(
    sender: Any, ticket: Any, entry: TimelineEntry, action: Action, user: User | None, now: datetime, **context: Any
) -> None:
    """In the transaction of the action."""
    stage = FOLLOWS.get(action.name)
    if stage is not None and entry.via != TimelineEntry.Via.IMPORT:
        inform(change=ticket.specific, stage=stage, user=user, now=now)
