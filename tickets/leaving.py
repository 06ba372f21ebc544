"""Handing on what somebody holds who was switched off, so that no ticket waits for a person who does not come back."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from tickets.actions import perform
from tickets.lifecycle import Phase
from tickets.models import Ticket


def hand_on_tickets(*, user: User, now: datetime | None = None) -> list[Ticket]:
    """Give every live ticket of ``user`` to its group's queue; what is being worked on to the group's lead.

    Each is a step in its own log. Returns the tickets; idempotent: they have another assignee afterwards.
    """
    return [_hand_on(ticket, user, now) for ticket in held_by_assignee(user)]


def held_by_assignee(user: User) -> list[Ticket]:
    """Every live ticket of ``user`` that can be handed on."""
    held = Ticket.objects.live().filter(assignee=user).select_related("group__lead").order_by("pk")
    return [ticket for ticket in held if "hand_on" in ticket.kind_info.actions]


def _hand_on(ticket: Ticket, user: User, now: datetime | None) -> Ticket:
    lead = ticket.group.lead if ticket.group else None
    begun = ticket.responded_at is not None or ticket.phase == Phase.WAITING
    heir = lead if begun and lead and lead.is_active and lead.pk != user.pk else None
    data = {"assignee": heir.username if heir else ""}
    return perform(ticket.specific, "hand_on", user=None, data=data, now=now).ticket
