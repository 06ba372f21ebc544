"""What approvals do when something happens to a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from approvals.decisions.falling import check_content
from approvals.services import ask_anew
from tickets.models import Ticket, TimelineEntry
from tickets.signals import action_performed

#: Columns by which the deciders of a ticket are found.
FOUND_BY = frozenset({"group", "assignee", "requester", "organisation"})


def moves_deciders(entry: TimelineEntry) -> bool:
    """Whether the action may have changed who decides, or whether anything is to be decided."""
    return entry.state_from != entry.state_to or any(change["field"] in FOUND_BY for change in entry.changes)


@receiver(action_performed)
def compare_content(
    sender: Any, ticket: Ticket, entry: TimelineEntry, user: User | None, now: datetime, **context: Any
) -> None:
    """Let approvals fall whose content the action changed; imports have none."""
    if entry.via == TimelineEntry.Via.IMPORT:
        return
    fallen = check_content(ticket=ticket, user=user, now=now)
    if ticket.rounds_open and moves_deciders(entry):
        ask_anew(ticket, now)
    if not fallen:
        return
    now_stands = type(ticket).objects.get(pk=ticket.pk)
    if now_stands.version != ticket.version:  # the kind moved it on, by an action of its own
        entry.ticket = now_stands
