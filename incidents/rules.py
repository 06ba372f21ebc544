"""Who may do what with incidents. First lines appear in the permission table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Organisation
from accounts.permissions import Permission
from tickets.rules import (
    is_assignee,
    is_for_requester,
    is_supplier,
    may_dispatch,
    may_handle,
    may_start,
    may_work_on,
    works_in_group,
)

if TYPE_CHECKING:
    from accounts.models import User
    from tickets.models import Ticket


def leads_group(ticket: Ticket, user: User) -> bool:
    """The lead of the assigned group."""
    return ticket.group is not None and ticket.group.lead_id == user.pk


def may_assign(ticket: Ticket, user: User) -> bool:
    """The service desk, incident managers, the lead of the assigned group."""
    return may_dispatch(ticket, user) or leads_group(ticket, user)


def may_hand_over(ticket: Ticket, user: User) -> bool:
    """The assignee, members and lead of the assigned group, the service desk."""
    return may_assign(ticket, user) or may_work_on(ticket, user)


def may_answer_escalation(ticket: Ticket, user: User) -> bool:
    """The assignee, members and lead of the assigned group, the service desk, incident managers."""
    return may_hand_over(ticket, user) or user.may(Permission.PRIORITY)


def may_decide_priority(ticket: Ticket, user: User) -> bool:
    """The lead of the assigned group and incident managers (INC-04)."""
    return leads_group(ticket, user) or user.may(Permission.PRIORITY)


def was_dispatched(ticket: Ticket) -> bool:
    """Whether a group has or had it: from then on another priority needs a reason and approval (INC-04)."""
    return ticket.state != "registered" or ticket.assigned_at is not None


def may_propose_priority(ticket: Ticket, user: User) -> bool:
    """The service desk and members of the assigned group, who cannot decide themselves (INC-04)."""
    return may_handle(ticket, user) and not may_decide_priority(ticket, user)


def may_record_vendor(ticket: Ticket, user: User) -> bool:
    """The assignee, members of the assigned group, people of the supplier that was called in."""
    return may_work_on(ticket, user) or is_supplier(ticket, user)


def may_close(ticket: Ticket, user: User) -> bool:
    """Whoever opened it for themselves; the service desk for requesters; who decides priorities in any group (INC-08).

    What was registered for somebody is theirs, whoever typed it.
    """
    own = ticket.registered_by_id == user.pk and ticket.requester_id in (None, user.pk)
    if user.may(Permission.PRIORITY) or (own and user.is_agent):
        return True
    return user.may(Permission.CLOSE) and not opened_by_other_staff(ticket)


def opened_by_other_staff(ticket: Ticket) -> bool:
    """Whether somebody of the provider opened it for the provider itself."""
    opener = ticket.registered_by
    return (
        opener is not None
        and opener.pk == ticket.requester_id
        and opener.organisation.kind == Organisation.Kind.PROVIDER
    )


def may_confirm(ticket: Ticket, user: User) -> bool:
    """The requester (INC-08)."""
    return is_for_requester(ticket, user)


def may_dispute(ticket: Ticket, user: User) -> bool:
    """The requester, whoever registered it, the service desk (INC-12)."""
    return is_for_requester(ticket, user) or may_close(ticket, user)


def may_withdraw(ticket: Ticket, user: User) -> bool:
    """The requester."""
    return is_for_requester(ticket, user)


__all__ = [
    "is_assignee",
    "leads_group",
    "may_answer_escalation",
    "may_assign",
    "may_close",
    "may_confirm",
    "may_decide_priority",
    "may_dispatch",
    "may_dispute",
    "may_hand_over",
    "may_handle",
    "may_propose_priority",
    "may_start",
    "may_withdraw",
    "may_work_on",
    "works_in_group",
]
