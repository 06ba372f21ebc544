"""When something can be done with a problem, apart from its state. A guard returns the reason against, or None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from accounts.models import User

#: The level that the problem supervisor reviews too (PRB-06), and that is reviewed in a meeting (PRB-07).
HIGH = "high"


def has_workaround(problem: Any, user: User | None) -> Any:
    """There is a workaround."""
    return None if problem.workaround else _("There is no workaround yet.")


def has_cause_or_workaround(problem: Any, user: User | None) -> Any:
    """The cause is confirmed, or there is a workaround."""
    return None if problem.root_cause or problem.workaround else _("Neither cause nor workaround is on record yet.")


def is_not_mine(problem: Any, user: User | None) -> Any:
    """Somebody else proposed the solution."""
    mine = user is not None and problem.proposed_by_id == user.pk
    return _("You proposed this solution: somebody else approves it.") if mine else None


def is_supervised(problem: Any, user: User | None) -> Any:
    """The problem supervisor has reviewed it, or its level does not ask for that."""
    if problem.level_id != HIGH or problem.supervised_at is not None:
        return None
    return _("The problem supervisor has not reviewed it yet.")


def is_by_another_than_supervisor(problem: Any, user: User | None) -> Any:
    """Whoever reviewed it as supervisor does not approve it too."""
    same = user is not None and problem.supervised_by_id == user.pk
    return _("You reviewed it as supervisor: somebody else approves it.") if same else None


def awaits_supervisor(problem: Any, user: User | None) -> Any:
    """Its level asks for the supervisor, who has not reviewed it yet."""
    if problem.level_id != HIGH:
        return _("Only problems of high level are reviewed by the supervisor.")
    return _("The supervisor has reviewed it already.") if problem.supervised_at else None


def has_owner(problem: Any, user: User | None) -> Any:
    """It has an owner."""
    return None if problem.assignee_id else _("Nobody is the owner yet.")


def is_published(problem: Any, user: User | None) -> Any:
    """Its known error is published."""
    return None if problem.published_at else _("No known error is published.")
