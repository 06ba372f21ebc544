"""Refusing what stands in the way: hard collisions that nobody has signed for (CHG-05)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from changes.codes import EMERGENCY
from changes.collision.collisions import Collision, blocking
from changes.models import Change
from tickets.errors import ActionConflict

SHOWN = 3


def refuse_blocked(change: Change) -> None:
    """Raise ActionConflict with what collides hard; leaders decide about emergencies knowing of it."""
    if change.change_type_id == EMERGENCY:
        return
    found = blocking(change)
    if found:
        reasons = "; ".join(sentence_of(one) for one in found[:SHOWN])
        raise ActionConflict(_("Hard collision: %(reasons)s.") % {"reasons": reasons})


def sentence_of(one: Collision) -> str:
    """A collision in words."""
    other = one.about.number if one.about else ""
    parts = (str(one.reason.label), other, ", ".join(one.what))
    return " ".join(part for part in parts if part)
