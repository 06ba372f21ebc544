"""Who looks after notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import User


def may_operate(user: User) -> bool:
    """Administrators and those who manage incidents: they see what was not delivered, and send it again."""
    return user.may(Permission.ADMIN) or user.may(Permission.PRIORITY)


def may_read_receipts(user: User) -> bool:
    """Staff who see every ticket and its internal notes."""
    return user.may(Permission.VIEW) and user.may(Permission.INTERNAL)


def may_write_templates(user: User) -> bool:
    """Administrators."""
    return user.may(Permission.ADMIN)
