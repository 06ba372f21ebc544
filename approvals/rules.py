"""Who may do what with approvals, apart from deciding (``deciding``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import User
    from approvals.models import Delegation


def may_delegate_for_others(user: User) -> bool:
    """Administrators may record who stands in for somebody; nobody decides as somebody else."""
    return user.may(Permission.ADMIN)


def may_end_delegation(delegation: Delegation, user: User) -> bool:
    """The person whose decisions are delegated, and administrators."""
    return delegation.person_id == user.pk or may_delegate_for_others(user)
