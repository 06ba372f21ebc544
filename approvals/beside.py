"""Decisions that wait for a person and are no round, such as reports to approve: they stand in "to decide", too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

if TYPE_CHECKING:
    from accounts.models import User

#: So many of one sort are listed; the count is of all.
SHOWN = 15


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A sort of them. ``found``: rows that wait for somebody, each with ``get_absolute_url``, no query for who decides
    none; ``of_all``: how many wait for each person, by key.
    """

    code: str
    label: Any
    found: Callable[[User], QuerySet[Any]]
    of_all: Callable[[], dict[int, int]]


_known: dict[str, Beside] = {}


def register_beside(entry: Beside) -> None:
    """Let "to decide" show ``entry``; apps above say so when they start."""
    _known[entry.code] = entry


def with_beside(rounds: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Keys of ``rounds`` and of what waits beside them, for counting."""
    more = [entry.found(user).order_by().values("pk") for entry in _known.values()]
    more = [rows for rows in more if not rows.query.is_empty()]
    return rounds.order_by().values("pk").union(*more, all=True) if more else rounds


def count_beside() -> Counter[int]:
    """How many wait for each person beside rounds, by key."""
    found: Counter[int] = Counter()
    for entry in _known.values():
        found.update(entry.of_all())
    return found


def lines_beside(user: User) -> list[tuple[Any, Any]]:
    """What waits for ``user``: (what is asked, row), the first of each sort."""
    return [(entry.label, row) for entry in _known.values() for row in entry.found(user)[:SHOWN]]
