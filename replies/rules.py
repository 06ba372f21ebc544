"""Who keeps which canned replies and templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import User
    from replies.models import Shared


def may_use(user: User) -> bool:
    """Staff: whoever may read internal notes."""
    return user.may(Permission.INTERNAL)


def may_keep(item: Shared, user: User) -> bool:
    """The owner of an own one; the lead of its group; administrators all but the own ones of others."""
    if item.owner_id:
        return item.owner_id == user.pk
    return user.may(Permission.ADMIN) or bool(item.team and item.team.lead_id == user.pk)
