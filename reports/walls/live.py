"""The live board: what needs somebody now. One look serves every screen for a moment (DESK-03, INC-13)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.utils import translation

from accounts.models import User
from incidents.figures.standing import STANDING
from reports.figures import Scope
from reports.load import Load, standing_by_group
from tickets.figures.records import Records, Span, midnight, zone
from tickets.lifecycle import kind_of
from tickets.models import Ticket
from tickets.queues.limits import Chip, chip_of
from tickets.queues.queries import counts_of

#: So many tickets a tile lists; the rest are behind its number.
SHOWN = 8
#: A look is shared by every screen with the same scope for so long (seconds).
SHARED_FOR = 3.0
TONES = {"incident.now_urgent": "late", "incident.now_overdue": "late", "incident.now_at_risk": "soon"}


@dataclass(frozen=True)
class Line:
    """A ticket on the board with the limit that runs."""

    ticket: Ticket
    chip: Chip


@dataclass(frozen=True)
class Tile:
    """A set as it stands: how many, the first of them, and the list of all."""

    records: Records
    count: int
    lines: list[Line]
    url: str

    @property
    def code(self) -> str:
        """Its name without the kind."""
        return self.records.code.removeprefix("incident.now_")

    @property
    def tone(self) -> str:
        """How its number looks."""
        return TONES.get(self.records.code, "soon") if self.count else "ok"

    @property
    def more(self) -> int:
        """How many are not listed."""
        return self.count - len(self.lines)


@dataclass(frozen=True)
class Look:
    """The board as of a moment."""

    at: datetime
    tiles: list[Tile]
    groups: list[Load]


def look(user: User, groups: list[str], now: datetime) -> Look:
    """The board of ``groups`` (codes; none: all) as ``user`` sees it. One statement counts, one lists each tile."""
    filters = QueryDict(mutable=True)
    filters.setlist("group", groups)
    today = midnight(now.astimezone(zone()).date())
    scope = Scope(user, kind_of("incident"), filters, Span(today, today + timedelta(days=1), now))
    found = {item.code: scope.found(scope.records(item)) for item in STANDING}
    counts = counts_of(found)
    tiles = [_tile(scope, item, counts[item.code], now) for item in STANDING]
    return Look(now, tiles, standing_by_group(scope))


def _tile(scope: Scope, item: Records, count: int, now: datetime) -> Tile:
    chosen = scope.records(item)
    order = ("priority_rank", "queue_due_at", "id")
    # The first are found without what is shown of them, which would be joined to every one of thousands.
    first = list(scope.found(chosen).order_by(*order).values_list("pk", flat=True)[:SHOWN]) if count else []
    rows = Ticket.objects.filter(pk__in=first).for_rows().order_by(*order) if first else []
    return Tile(item, count, [Line(ticket, chip_of(ticket, now)) for ticket in rows], scope.list_url(chosen))


class Shared:
    """Looks that every screen of this process shares: fifty displays cost one look."""

    def __init__(self, lifetime: float = SHARED_FOR, clock: Callable[[], float] = time.monotonic) -> None:
        self.lifetime, self.clock = lifetime, clock
        self._lock = threading.Lock()
        self._kept: dict[Any, tuple[float, Look]] = {}

    def get(self, user: User, groups: list[str], now: Callable[[], datetime], *, fresh: bool = False) -> Look:
        """The look of the same reader, groups and language that is young enough, else a new one.

        ``fresh``: a new one in any case, for who opens the page or has just done something on it.
        """
        key = (user.pk, tuple(groups), translation.get_language())
        with self._lock:
            kept = self._kept.get(key)
            if kept and not fresh and self.clock() - kept[0] < self.lifetime:
                return kept[1]
            found = look(user, groups, now())
            self._kept = {k: v for k, v in self._kept.items() if self.clock() - v[0] < self.lifetime}
            self._kept[key] = (self.clock(), found)
            return found


shared = Shared()
