"""Keeping what a change collides with when that counts, so that its proof is of then and not of today (CHG-07)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.codes import in_both
from changes.collision.collisions import Collision
from changes.collision.models import CollisionReading
from changes.collision.signing import key_of
from changes.models import Change

#: Actions at which it is kept; decisions are no actions and say ``DECIDED``.
KEPT_AT = frozenset({"order", "submit", "ask_approval", "start"})
DECIDED = "decision"
#: No more collisions are kept of one moment; the hard ones come first.
MOST = 200


def keep(*, change: Change, found: Sequence[Collision], occasion: str, now: datetime) -> None:
    """Store ``found``, the worst first, as what ``change`` collided with at ``now``; also that it was nothing."""
    kept = [kept_of(one) for one in found[:MOST]]
    CollisionReading.objects.create(change=change, occasion=occasion, at=now, count=len(found), collisions=kept)


def kept_of(one: Collision) -> dict[str, Any]:
    """A collision as data; ``zh``, ``en``: what both share, in words."""
    return {
        "key": key_of(one),
        "grade": str(one.grade),
        "reason": str(one.reason),
        "with": one.about.number if one.about else None,
        "freeze": one.freeze.rule.code if one.freeze else None,
        "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat(),
        **in_both(lambda: ", ".join(one.names)),
    }
