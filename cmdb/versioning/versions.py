"""The two times of a version: splitting what is believed by a new fact, without ever losing what was believed before.

Valid time says when it was so, recorded time when we knew. A row believed now has an open end of its recorded time; it
is never changed, only closed, and new rows take its place. Two edits of one transaction are one version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Lower

BATCH = 2000
_STEP = timedelta(microseconds=1)


@dataclass(frozen=True)
class Edit:
    """What becomes true of one thing from ``since`` (None: now) to ``until`` (None: for ever).

    ``alter`` changes a copy of the version in place and says whether anything differs; None ends it, and ``sign``
    then notes on what remains who ended it.
    """

    alter: Callable[[Any], bool] | None
    since: datetime | None = None
    until: datetime | None = None
    sign: Callable[[Any], None] | None = None


@dataclass
class Outcome:
    """What a rewriting did: ``now`` is the recorded moment, ``current`` the row that holds now, by key."""

    now: datetime
    written: int = 0
    current: dict[int, Any] = field(default_factory=dict)
    changed: dict[int, list[tuple[Any, Any]]] = field(default_factory=dict)

    def differs(self, name: str) -> bool:
        """Whether ``name`` of something was ever otherwise than was believed, at whatever moment."""
        pairs = (pair for pairs in self.changed.values() for pair in pairs)
        return any(new is not None and getattr(new, name) != getattr(old, name) for old, new in pairs)


def rewrite(model: type[models.Model], key: str, edits: Mapping[int, Edit], now: datetime) -> Outcome:
    """Apply ``edits`` by key (the column ``key``) to what is believed. The caller holds the locks of the things."""
    outcome = Outcome(now)
    for keys in _batches(list(edits)):
        found = list(model._default_manager.filter(**{f"{key}__in": keys}, recorded__upper_inf=True))
        newest = max((row.recorded.lower for row in found), default=now)  # type: ignore[attr-defined]
        outcome.now = max(outcome.now, newest + _STEP) if newest > outcome.now else outcome.now
        _rewrite_batch(model, key, edits, found, outcome)
    return outcome


def _rewrite_batch(
    model: type[models.Model], key: str, edits: Mapping[int, Edit], found: Iterable[Any], outcome: Outcome
) -> None:
    gone: list[Any] = []
    new: list[Any] = []
    for row in found:
        owner = getattr(row, key)
        pieces = list(_pieces(row, edits[owner], outcome.now))
        if not pieces:
            continue
        gone.append(row)
        new += pieces
        outcome.changed.setdefault(owner, []).append((row, next((p for p in pieces if not p.carried), None)))
        for piece in pieces:
            if _holds(piece, outcome.now):
                outcome.current[owner] = piece
        if not any(_holds(piece, outcome.now) for piece in pieces) and _holds(row, outcome.now):
            outcome.current[owner] = None
    close(model, gone, outcome.now)
    kept = [piece for piece in new if piece.valid is not None]
    model._default_manager.bulk_create(kept, batch_size=BATCH)
    outcome.written += len(kept)


def _pieces(row: Any, edit: Edit, now: datetime) -> Iterator[Any]:
    """What takes the place of ``row``; nothing when the edit says nothing new about it."""
    low, high = row.valid.lower, row.valid.upper
    since, until = edit.since or now, edit.until
    start = max(low, since) if low else since
    end = min(x for x in (high, until) if x) if high or until else None
    if end is not None and start >= end:
        return
    middle = copy_of(row, now)
    if edit.alter is None:
        middle.valid = None
    elif edit.alter(middle):
        middle.valid, middle.carried = (start, end), False
    else:
        return
    if low is None or low < start:
        left = _carried(row, low, start, now)
        if edit.sign is not None:
            edit.sign(left)
        yield left
    if middle.valid is not None:
        yield middle
    elif low == start and (high == end or end is None):
        yield middle  # nothing is left of the row: say so, so that it is closed
    if end is not None and (high is None or end < high):
        yield _carried(row, end, high, now)


def _carried(row: Any, low: datetime | None, high: datetime | None, now: datetime) -> Any:
    copy = copy_of(row, now)
    copy.valid, copy.carried = (low, high), True
    return copy


def copy_of(row: Any, now: datetime) -> Any:
    """The same said again, recorded from ``now`` on; dictionaries are its own."""
    fields = [f for f in row._meta.concrete_fields if not f.primary_key]
    values = {f.attname: getattr(row, f.attname) for f in fields}
    own = {name: dict(value) if isinstance(value, dict) else value for name, value in values.items()}
    return type(row)(**{**own, "recorded": (now, None)})


def _holds(row: Any, moment: datetime) -> bool:
    """Whether ``row`` says how it is at ``moment``; the end does not count."""
    if row.valid is None:
        return False
    low, high = (row.valid.lower, row.valid.upper) if hasattr(row.valid, "lower") else row.valid
    return (low is None or low <= moment) and (high is None or moment < high)


def close(model: type[models.Model], rows: Iterable[Any], now: datetime) -> None:
    """End the belief in ``rows`` at ``now``; what this very transaction wrote was never believed and goes."""
    rows = list(rows)
    own = [row.pk for row in rows if row.recorded.lower >= now]
    other = [row.pk for row in rows if row.recorded.lower < now]
    for keys in _batches(own):
        model._default_manager.filter(pk__in=keys).delete()
    ended = Func(Lower("recorded"), Value(now, models.DateTimeField()), function="tstzrange")
    for keys in _batches(other):
        model._default_manager.filter(pk__in=keys).update(recorded=ended)


def _batches(keys: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]
