"""What a ticket and the changes that come of it do to one another. Effects of the ticket's actions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from changes.models import Change
from cmdb.models import ConfigurationItem
from tickets.actions import perform
from tickets.models import Ticket, TimelineEntry
from tickets.services import log_event


def order_from_ticket(
    *, ticket: Ticket, entry: TimelineEntry, user: User, now: datetime, cleaned: dict[str, Any], **context: Any
) -> None:
    """Order the chosen standard change for the ticket's requester and items. Raises ActionConflict for collisions."""
    items = cleaned.get("items") or ConfigurationItem.objects.visible_to(user).filter(tickets=ticket.pk)
    data = {
        "template": cleaned["template"].code,
        "summary": cleaned.get("summary") or "",
        "planned_start": cleaned["planned_start"].isoformat(),
        "planned_end": cleaned["planned_end"].isoformat(),
        "items": [item.identifier for item in items],
        "business_system": ticket.business_system.code if ticket.business_system else "",
        "requester": ticket.requester.username if ticket.requester else "",
        "raised_from": ticket.number,
    }
    perform(Change(), "order", user=user, data=data, via=entry.via, now=now)


def take_verdict(
    *, ticket: Ticket, entry: TimelineEntry, user: User, now: datetime, cleaned: dict[str, Any], **context: Any
) -> None:
    """Let the change know whether it helped; its timeline says who found so (INC-20)."""
    change = cleaned["change"]
    said = {"helped": "on" if cleaned["helped"] else "", "text": cleaned.get("text") or ""}
    change = perform(change, "hear_verdict", user=None, data=said, via=entry.via, now=now).ticket
    event = "change_helped" if cleaned["helped"] else "change_helped_not"
    log_event(ticket=change, event=event, user=user, now=now, number=ticket.number)
