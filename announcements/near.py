"""Interruptions that a ticket may have to do with: of its business system, or of the systems of its items (INC-16)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from announcements.models import Announcement
from tickets.actions import Available
from tickets.models import Ticket

SHOWN = 5


def interruptions_near(ticket: Ticket, user: User, now: datetime) -> list[Announcement]:
    """Published interruptions that are not over, of its systems, the next first. Two queries at most."""
    of_items = ticket.items.filter(business_system__isnull=False).values_list("business_system", flat=True)
    systems = {ticket.business_system_id, *of_items} - {None}
    if not systems:
        return []
    visible = Announcement.objects.visible_to(user).filter(ended_at=None, shown_until__gt=now)
    found = visible.exclude(kind=Announcement.Kind.INFORMATION).filter(systems__in=systems)
    over = found.filter(ends_at__lte=now).values("pk")
    return list(found.exclude(pk__in=over).distinct().order_by("starts_at", "-id")[:SHOWN])


def panel_of(ticket: Ticket, available: Iterable[Available], user: User, now: datetime) -> dict[str, Any] | None:
    """The panel beside the ticket; None when nothing is planned and nothing is down."""
    found = interruptions_near(ticket, user, now) if user.may(Permission.INTERNAL) else []
    return {"rows": found} if found else None
