"""Who keeps rosters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import SupportGroup, User


def may_read_rosters(user: User) -> bool:
    """Staff of the provider and of suppliers."""
    return user.is_agent


def may_keep_roster(group: SupportGroup, user: User) -> bool:
    """The group's lead and administrators."""
    return user.may(Permission.ADMIN) or group.lead_id == user.pk
