"""Who may do what, for actions that every kind shares. First lines appear in the permission table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Organisation
from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import User
    from tickets.models import Ticket


def may_see(ticket: Ticket, user: User) -> bool:
    """Whoever sees the ticket."""
    return True


def is_supplier(ticket: Ticket, user: User) -> bool:
    """People of the supplier that was called in."""
    return user.organisation.kind == Organisation.Kind.SUPPLIER and ticket.supplier_id == user.organisation_id


def may_reply(ticket: Ticket, user: User) -> bool:
    """Whoever sees the ticket, except who is only asked to decide about it, and people of a supplier (INC-14)."""
    from tickets.shared.guests import only_reads  # its model refers to the ticket, whose actions refer to this

    return user.organisation.kind != Organisation.Kind.SUPPLIER and not only_reads(ticket, user)


def may_read_internal(ticket: Ticket, user: User) -> bool:
    """Staff who may read internal notes."""
    return user.may(Permission.INTERNAL)


def may_register(ticket: Ticket, user: User) -> bool:
    """Whoever may register tickets."""
    return user.may(ticket.kind_info.registering or Permission.ADMIN)


def may_dispatch(ticket: Ticket, user: User) -> bool:
    """The service desk and incident managers."""
    return user.may(ticket.kind_info.managing or Permission.ADMIN)


def works_in_group(ticket: Ticket, user: User) -> bool:
    """Members of the assigned group."""
    return user.may(Permission.WORK) and ticket.group_id in user.group_ids


def is_assignee(ticket: Ticket, user: User) -> bool:
    """The assignee."""
    return user.may(Permission.WORK) and ticket.assignee_id == user.pk


def may_work_on(ticket: Ticket, user: User) -> bool:
    """The assignee, or members of the assigned group."""
    return user.may(Permission.WORK) and (ticket.assignee_id == user.pk or ticket.group_id in user.group_ids)


def may_handle(ticket: Ticket, user: User) -> bool:
    """The service desk, the assignee, members of the assigned group."""
    return may_dispatch(ticket, user) or may_work_on(ticket, user)


def may_start(ticket: Ticket, user: User) -> bool:
    """The assignee, members of the assigned group; the desk may start what is not assigned yet."""
    if ticket.group_id is None and ticket.assignee_id is None:
        return may_dispatch(ticket, user) and bool(user.group_ids)
    return may_work_on(ticket, user)


def may_urge(ticket: Ticket, user: User) -> bool:
    """Requesters, the desk, the first line and managers."""
    return user.may(Permission.URGE)


def is_for_requester(ticket: Ticket, user: User) -> bool:
    """The requester."""
    return ticket.requester_id == user.pk


def may_raise_change(ticket: Ticket, user: User) -> bool:
    """Staff who may register tickets."""
    return user.may(Permission.REGISTER) and user.may(Permission.INTERNAL)


def may_raise_problem(ticket: Ticket, user: User) -> bool:
    """Whoever may raise problems."""
    return user.may(Permission.PROBLEM_RAISE)
