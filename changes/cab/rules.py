"""Who reads and who runs meetings of the change advisory board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import User

#: Whoever has this role is a member of the board.
MEMBER = "change_approver"


def may_run(user: User) -> bool:
    """Change managers call meetings, set the agenda and write the minutes."""
    return user.may(Permission.CHANGE_MANAGE)


def may_read(user: User) -> bool:
    """Staff who see all tickets: members, change managers, leaders; the agenda shows what each of them sees."""
    return user.may(Permission.VIEW)


def may_sit(user: User) -> bool:
    """Whom the sidebar shows the board: change managers, and whoever reads all tickets but works on none."""
    return may_run(user) or (may_read(user) and not user.may(Permission.WORK))
