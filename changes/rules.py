"""Who may do what with changes. First lines appear in the permission table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.permissions import Permission
from approvals.services import same_person
from tickets.rules import may_dispatch, may_raise_change, may_work_on

if TYPE_CHECKING:
    from accounts.models import User
    from tickets.models import Ticket


def may_manage(ticket: Ticket, user: User) -> bool:
    """Change managers."""
    return user.may(Permission.CHANGE_MANAGE)


def may_override(ticket: Ticket, user: User) -> bool:
    """Change managers who neither asked for it nor may carry it out (group, implementer, persons of its steps)."""
    if not may_manage(ticket, user) or ticket.group_id in user.group_ids:
        return False
    change: Any = ticket.specific
    own = {ticket.requester_id, ticket.registered_by_id, ticket.assignee_id}
    if ticket.pk is not None:
        own |= set(change.steps.values_list("person_id", flat=True))
    return not own & same_person(user)


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


def may_report(ticket: Ticket, user: User) -> bool:
    """The assignee, members of the assigned group, and whoever a step names, that step."""
    return may_carry_out(ticket, user) or bool(own_steps(ticket, user))


def own_steps(ticket: Ticket, user: User) -> set[int]:
    """Keys of the steps that name the person, under whichever account."""
    if ticket.pk is None or not user.may(Permission.INTERNAL):
        return set()
    change: Any = ticket.specific
    return set(change.steps.filter(person__in=same_person(user)).values_list("pk", flat=True))
