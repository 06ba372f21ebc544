"""Numbers of a kind's board that count something else than tickets, such as writes to configuration items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from tickets.figures.records import Span


@dataclass(frozen=True)
class Other:
    """A number of a period. ``url`` opens exactly the rows that it counts; ``before``: of the period before."""

    code: str
    label: Any
    meaning: Any
    value: int
    before: int
    url: str


#: (person, period, the period before) -> the numbers that the person may read.
Counting = Callable[[User, Span, Span], list[Other]]
_others: dict[str, list[Counting]] = defaultdict(list)


def register_others(kind: str, counting: Counting) -> None:
    """Show what ``counting`` answers on the board of ``kind``, which no filter of tickets narrows."""
    if counting not in _others[kind]:
        _others[kind].append(counting)


def others_of(kind: str, user: User, span: Span, before: Span) -> list[Other]:
    """The numbers of ``kind`` that ``user`` may read."""
    return [one for counting in _others[kind] for one in counting(user, span, before)]
