"""Who may do what with tasks. First lines appear in the permission table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.permissions import Permission
from tickets.rules import may_dispatch, may_work_on

if TYPE_CHECKING:
    from accounts.models import User
    from tickets.models import Ticket


def may_split(ticket: Ticket, user: User) -> bool:
    """The service desk, the assignee, members of the assigned group."""
    return may_dispatch(ticket, user) or may_work_on(ticket, user)


def may_steer(ticket: Ticket, user: User) -> bool:
    """Whoever works on the task, opened it, or dispatches."""
    return may_work_on(ticket, user) or may_dispatch(ticket, user) or opened_it(ticket, user)


def opened_it(ticket: Ticket, user: User) -> bool:
    """Whoever opened the task."""
    return ticket.registered_by_id == user.pk and user.may(Permission.WORK)
