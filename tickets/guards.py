"""When actions are possible, apart from the state. A guard returns the reason against, or None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from accounts.models import User
    from tickets.models import Ticket


def is_live(ticket: Ticket, user: User | None) -> Any:
    """The ticket is neither resolved nor closed."""
    return None if ticket.is_live else _("This ticket is already resolved or closed.")


def is_with_another(ticket: Ticket, user: User | None) -> Any:
    """Somebody else works on it: nobody urges themselves."""
    return _("You work on it yourself.") if user is not None and ticket.assignee_id == user.pk else None


def has_finished_children(ticket: Ticket, user: User | None) -> Any:
    """All tasks are finished."""
    if not ticket.children_open:
        return None
    return _("%(open)d of %(total)d tasks are not finished yet.") % {
        "open": ticket.children_open,
        "total": ticket.children_total,
    }


def has_assignee(ticket: Ticket, user: User | None) -> Any:
    """Somebody is assigned."""
    return None if ticket.assignee_id else _("Nobody is assigned yet.")


def is_unclaimed(ticket: Ticket, user: User | None) -> Any:
    """Nobody has claimed it."""
    if ticket.assignee is None:
        return None
    return _("%(person)s has claimed this ticket.") % {"person": ticket.assignee.display_name}
