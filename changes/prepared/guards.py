"""When prepared edits are written, and what must be settled before a change is closed. They read a few rows each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from changes.states import Result

if TYPE_CHECKING:
    from accounts.models import User


def stands(change: Any, user: User | None) -> Any:
    """It was not backed out: what was prepared for it is not so."""
    return _("It was backed out: what it prepared is not written any more.") if was_backed_out(change) else None


def was_backed_out(change: Any) -> bool:
    """Whether it was undone, reviewed or not."""
    return bool(change.result == Result.BACKED_OUT)


def has_edits_to_write(change: Any, user: User | None) -> Any:
    """Some are prepared and not written yet."""
    return None if change.edits.filter(applied_at=None).exists() else _("No prepared edits wait to be written.")


def has_difference(change: Any, user: User | None) -> Any:
    """Something differs that nobody has explained."""
    return None if _open(change) else _("Nothing differs that is not explained.")


def is_settled(change: Any, user: User | None) -> Any:
    """Whatever differs between what was planned and what was written is explained."""
    if not _open(change):
        return None
    return _("The configuration database differs from what was planned: settle the difference first.")


def _open(change: Any) -> bool:
    from changes.prepared.difference import unexplained  # reads the models, which read this

    return bool(unexplained(change))
