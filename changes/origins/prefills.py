"""What an address may fill into the form of a new change: what it was raised from, or what is copied."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from changes.models import Change
from changes.origins.copying import said_by
from changes.rules import may_raise
from cmdb.models import ConfigurationItem
from cmdb.pages import register_offers
from tickets.lifecycle import Kind
from tickets.models import Ticket
from tickets.workspace.prefills import register_source


def from_ticket(user: User, kind: Kind, number: str) -> dict[str, Any]:
    """What the ticket that asks for a change already says."""
    ticket = Ticket.objects.visible_to(user).filter(number=number[:20]).first()
    if ticket is None:
        return {}
    system = ticket.business_system.code if ticket.business_system else None
    requester = ticket.requester.username if ticket.requester else None
    return {
        "raised_from": ticket.number,
        "summary": ticket.summary,
        "reason": f"{ticket.number} {ticket.summary}",
        "business_system": system,
        "requester": requester,
    }


def copied(user: User, kind: Kind, number: str) -> dict[str, Any]:
    """The plan of another change, for another time."""
    change = Change.objects.visible_to(user).filter(number=number[:20]).first()
    if change is None:
        return {}
    return {**said_by(change, user), "copy_of": change.number}


def of_item(item: ConfigurationItem, user: User) -> list[dict[str, Any]]:
    """What an item's page offers to those who raise changes."""
    if not may_raise(Change(), user):
        return []
    about = urlencode({"item": item.identifier})
    return [
        {"label": _("Standard change"), "url": f"{reverse('changes:catalogue')}?{about}", "icon": "bolt"},
        {
            "label": _("Raise a change"),
            "url": f"{reverse('tickets:register', args=['changes'])}?{about}",
            "icon": "replace",
        },
    ]


register_offers(of_item)
register_source("from", from_ticket, kind="change")
register_source("copy", copied, kind="change")
