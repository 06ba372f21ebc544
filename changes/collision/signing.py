"""Signing for hard collisions: exactly those that were read; what comes later is refused anew (CHG-05, CHG-02)."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from accounts.codes import in_both, in_language
from accounts.models import User
from changes.collision.collisions import Collision, Grade, collisions_of
from changes.collision.redundancy import Estate
from changes.models import Change, CollisionOverride
from changes.schedule.freezes import key_of as freeze_key
from changes.schedule.windows import is_outside
from tickets.services import log_event

#: So many collisions, and so many free windows, are told in a refusal; the page shows all of them.
SHOWN = 3


def key_of(one: Collision) -> str:
    """The same as long as both are what they were: rule, other change, incident or freeze, and what they share.

    It names none of them: whoever decides reads it, also who may not read the other change. It is made of keys, not of
    words: what is signed for in one language counts in the other, and after somebody or something got another name.
    """
    shared = one.items or one.systems or {row.pk for row in one.what}
    essence: tuple[Any, ...] = (one.about.number if one.about else "", sorted(shared))
    if one.freeze is not None:
        code, begins, ends = freeze_key(one.freeze)
        essence = (code, begins.timestamp(), ends.timestamp())
    return f"{one.reason}:{hashlib.sha256(repr(essence).encode()).hexdigest()[:16]}"


def sentence_of(one: Collision) -> str:
    """A collision in words, with whom to talk to about it; a person who is in two places is named once."""
    about = one.about.number if one.about else ""
    owner = f"({one.owner.display_name})" if one.owner and one.owner not in one.what else ""
    parts = (str(one.reason.label), about, owner, ", ".join(one.names))
    return " ".join(part for part in parts if part)


def unsigned(change: Change, found: Iterable[Collision]) -> list[Collision]:
    """Those of ``found`` that are hard and that nobody has signed for: in the window that was signed, not beside it.

    Whoever began an emergency signed for the time that it really takes. One query.
    """
    hard = [one for one in found if one.grade is Grade.HARD]
    if not hard:
        return []
    span = (change.planned_start, change.planned_end)
    window = {"planned_start": change.planned_start, "planned_end": change.planned_end}
    rows = list(CollisionOverride.objects.filter(change=change, **window))
    begun = [row for row in rows if change.actual_start is not None and row.at >= change.actual_start]

    def is_signed(one: Collision) -> bool:
        beside = is_outside(one.starts_at, span) or is_outside(one.ends_at, span)
        return any(row.covers(key_of(one)) for row in (begun if beside else rows))

    return [one for one in hard if not is_signed(one)]


def blocking(change: Change, now: datetime, known: Estate | None = None) -> list[Collision]:
    """Hard collisions at ``now`` that nobody has signed for."""
    return unsigned(change, collisions_of(change, now, known))


def blocking_once_begun(change: Change, user: User, now: datetime) -> list[Collision]:
    """As ``blocking``, as if ``user`` began it at ``now``: in the time and by whom it would be done."""
    begun = copy.copy(change)
    begun.actions["start"].take(begun, user=user, now=now, text="")
    return blocking(begun, now)


def sign(*, change: Change, collisions: Collection[Collision], user: User, reason: str, now: datetime) -> None:
    """Store who signed for which collisions, why, and for which window; the timeline names them."""
    kept: list[dict[str, Any]] = [
        {"key": key_of(one), "reason": str(one.reason), **in_both(lambda one=one: sentence_of(one))}  # type: ignore[misc]
        for one in collisions
    ]
    CollisionOverride.objects.create(
        change=change,
        person=user,
        reason=reason,
        at=now,
        planned_start=change.planned_start,
        planned_end=change.planned_end,
        collisions=kept,
    )
    what = {name: "; ".join(one[name] for one in kept) for name in ("zh", "en")}
    log_event(ticket=change, event="collisions_signed", user=user, now=now, what={"id": "", **what})


def signature_of(row: CollisionOverride) -> str:
    """Who signed, for what and why, in the active language; what for was not kept by earlier releases."""
    what = "; ".join(in_language(one["zh"], one["en"]) for one in row.collisions or ())
    return " · ".join(part for part in (row.person.display_name, what, row.reason) if part)
