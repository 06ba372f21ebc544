"""Who may write announcements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.models import Tier
from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import User


def may_announce(user: User) -> bool:
    """Roles with the permission to publish, and the lead of the service desk."""
    return user.may(Permission.ANNOUNCE) or (
        user.may(Permission.DISPATCH) and user.led_groups.filter(tier=Tier.DESK).exists()
    )


def anybody_who_announces(announcement: Any, user: User) -> bool:
    """Whoever may publish writes, changes and ends every announcement."""
    return may_announce(user)
