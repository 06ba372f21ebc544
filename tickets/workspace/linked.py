"""How the relations of a ticket read, from either end (TKT-04)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from tickets.models import Ticket, TicketLink


def links_of(ticket: Ticket, user: User) -> list[dict[str, Any]]:
    """Relations in both directions, among tickets that ``user`` sees, and records of other systems.

    ``goes_on``: what was not solved is worked on there; ``is_main``: this one is solved with it.
    """
    visible = Ticket.objects.visible_to(user).values("pk")
    out = TicketLink.objects.filter(source=ticket, target__in=visible).select_related("target")
    back = TicketLink.objects.filter(target=ticket, source__in=visible).select_related("source")
    return [
        *(
            {
                "meaning": link.get_meaning_display(),
                "ticket": link.target,
                "link": link,
                "is_main": link.meaning == TicketLink.Meaning.DUPLICATE,
            }
            for link in out
        ),
        *(
            {
                "meaning": reverse_meaning(link.meaning),
                "ticket": link.source,
                "goes_on": link.meaning == TicketLink.Meaning.FOLLOW_UP,
            }
            for link in back
        ),
        *(
            {"meaning": reference.get_meaning_display(), "text": f"{reference.system}: {reference.reference}"}
            for reference in ticket.external_references.all()
        ),
    ]


def reverse_meaning(meaning: str) -> str:
    """How a relation reads from its other end."""
    meanings = {
        "related_to": _("related to"),
        "duplicate_of": _("has duplicate"),
        "follow_up_of": _("followed up by"),
        "caused_by": _("cause of"),
        "resolved_by": _("resolves"),
        "child_of": _("parent of"),
        "implements": _("implemented by"),
    }
    return meanings[meaning]
