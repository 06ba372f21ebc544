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


def has_owner(problem: Any, user: User | None) -> Any:
    """It has an owner."""
    return None if problem.assignee_id else _("Nobody is the owner yet.")


def is_published(problem: Any, user: User | None) -> Any:
    """Its known error is published."""
    return None if problem.published_at else _("No known error is published.")
