"""What approvals do when something happens to a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from approvals.decisions.falling import check_content
from approvals.services import ask_anew
from cmdb.merging.services import identity_changed
from tickets.models import AffectedItem, Ticket, TimelineEntry
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


#: The rows by which a ticket names its items.
ITEMS = "tickets.AffectedItem.item"


@receiver(identity_changed)
def compare_after_merging(
    sender: Any, moved: list[Any], dropped: list[Any], by: User | None, now: datetime, **context: Any
) -> None:
    """An approval of what is done to one item does not hold for the other: it falls with the difference, and is asked
    anew. Merging is a correction of the record; whether the work still fits is for those who approve it.
    """
    rows = AffectedItem.objects.filter(pk__in=[key for label, key in moved if label == ITEMS])
    keys = set(rows.values_list("ticket_id", flat=True))
    keys |= {int(values["ticket_id"]) for label, values in dropped if label == ITEMS}
    for ticket in Ticket.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"):
        check_content(ticket=ticket, user=by, now=now)
