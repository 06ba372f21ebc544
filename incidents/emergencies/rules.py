"""Who may do what in an emergency procedure, and when. First lines appear in the permission table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from accounts.permissions import Permission
from incidents.rules import leads_group, may_handle

if TYPE_CHECKING:
    from accounts.models import User


#: ``Incident.complexity`` of what is difficult.
DIFFICULT = 3


def may_command(ticket: Any, user: User) -> bool:
    """Incident managers, whoever commands."""
    return user.may(Permission.PRIORITY) or (ticket.commander_id is not None and ticket.commander_id == user.pk)


def may_coordinate(ticket: Any, user: User) -> bool:
    """Incident managers, whoever commands, the lead of the assigned group."""
    return may_command(ticket, user) or leads_group(ticket, user)


def may_log(ticket: Any, user: User) -> bool:
    """Whoever coordinates, the service desk, members of the assigned group."""
    return may_coordinate(ticket, user) or may_handle(ticket, user)


def is_called(ticket: Any, user: User) -> bool:
    """Whoever was called in."""
    return any(call.person_id == user.pk for call in ticket.calls)


def has_emergency(ticket: Any, user: User | None) -> Any:
    """The emergency procedure runs."""
    return None if ticket.in_emergency else _("No emergency procedure runs.")


def is_late_or_difficult(ticket: Any, user: User | None) -> Any:
    """It is an emergency, late or difficult; an incident manager judges that (MAJ-02)."""
    late = ticket.escalated_at is not None or ticket.responded_in_time is False or ticket.dispatched_in_time is False
    difficult = ticket.complexity == DIFFICULT
    if ticket.in_emergency or late or difficult or (user is not None and user.may(Permission.PRIORITY)):
        return None
    return _("It is neither late nor difficult: an incident manager decides.")


def is_calling(ticket: Any, user: User | None) -> Any:
    """The emergency procedure runs, or people were called in without one, or after it."""
    over = ticket.emergency_over_at
    called = ticket.called_in_at is not None and (over is None or any(call.called_at > over for call in ticket.calls))
    return None if ticket.in_emergency or called else _("Nobody is called in any more.")


def has_had_emergency(ticket: Any, user: User | None) -> Any:
    """The emergency procedure runs, or ran before."""
    return None if ticket.emergency_since else _("No emergency procedure runs.")


def does_not_command(ticket: Any, user: User | None) -> Any:
    """Somebody else commands."""
    return _("You command already.") if user and ticket.commander_id == user.pk else None


def has_open_calls(ticket: Any, user: User | None) -> Any:
    """Somebody was called in."""
    return None if ticket.calls else _("Nobody was called in yet.")


def has_not_promised(ticket: Any, user: User | None) -> Any:
    """The person did not say so yet."""
    call = newest_call(ticket, user)
    return None if call is None or call.answer in ("", "cannot") else _("You have answered already.")


def has_not_joined(ticket: Any, user: User | None) -> Any:
    """The person did not join yet."""
    call = newest_call(ticket, user)
    return _("You have joined already.") if call and call.answer == "joined" else None


def newest_call(ticket: Any, user: User | None) -> Any:
    """The latest call of the person on the ticket; None when there is none."""
    own = [call for call in ticket.calls if user and call.person_id == user.pk]
    return own[-1] if own else None
