"""Who may do what with recurring changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import User
    from changes.recurring.models import Recurrence


def may_read(user: User) -> bool:
    """Staff who read internal notes."""
    return user.may(Permission.INTERNAL)


def may_make(user: User) -> bool:
    """Whoever may raise a change."""
    return may_read(user) and user.may(Permission.REGISTER)


def may_steer(made: Recurrence, user: User) -> bool:
    """Its owner, and change managers."""
    return made.owner_id == user.pk or user.may(Permission.CHANGE_MANAGE)
