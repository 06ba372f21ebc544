"""Who may do what with changes. First lines appear in the permission table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.permissions import Permission
from tickets.rules import may_dispatch, may_raise_change, may_work_on

if TYPE_CHECKING:
    from accounts.models import User
    from tickets.models import Ticket


def may_manage(ticket: Ticket, user: User) -> bool:
    """Change managers."""
    return user.may(Permission.CHANGE_MANAGE)


def may_override(ticket: Ticket, user: User) -> bool:
    """Change managers who neither asked for it nor implement it."""
    own = (ticket.requester_id, ticket.registered_by_id, ticket.assignee_id)
    return may_manage(ticket, user) and user.pk not in own


def may_raise(ticket: Ticket, user: User) -> bool:
    """Staff who may register tickets."""
    return may_raise_change(ticket, user)


def may_plan(ticket: Ticket, user: User) -> bool:
    """The requester, whoever registered it, implementers, change managers."""
    own = user.pk in (ticket.requester_id, ticket.registered_by_id) and user.may(Permission.INTERNAL)
    return own or may_implement(ticket, user)


def may_implement(ticket: Ticket, user: User) -> bool:
    """The assignee, members of the assigned group, change managers."""
    return may_work_on(ticket, user) or may_dispatch(ticket, user)


def may_order_update(ticket: Ticket, user: User) -> bool:
    """Configuration managers, change managers."""
    return user.may(Permission.CMDB_MANAGE) or may_manage(ticket, user)


def may_return_order(ticket: Ticket, user: User) -> bool:
    """Whom the order names, configuration managers."""
    ordered = getattr(ticket.specific, "operator_id", None) == user.pk
    return ordered or user.may(Permission.CMDB_MANAGE)


def may_carry_out(ticket: Ticket, user: User) -> bool:
    """The assignee, members of the assigned group."""
    return may_work_on(ticket, user)
