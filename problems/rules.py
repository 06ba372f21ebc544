"""Who may do what with problems (PRB-03). First lines appear in the permission table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import User


def manages(problem: Any, user: User) -> bool:
    """Problem managers."""
    return user.may(Permission.PROBLEM_MANAGE)


def owns(problem: Any, user: User) -> bool:
    """The owner."""
    return problem.assignee_id == user.pk


def may_lead(problem: Any, user: User) -> bool:
    """The owner, problem managers."""
    return owns(problem, user) or manages(problem, user)


def may_investigate(problem: Any, user: User) -> bool:
    """The owner, members of the analysis team and of its group, problem managers."""
    if may_lead(problem, user):
        return True
    in_group = problem.group_id is not None and problem.group_id in user.group_ids
    return user.may(Permission.INTERNAL) and (in_group or user.pk in problem.team_ids)
