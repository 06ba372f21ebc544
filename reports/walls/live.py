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
from reports.load import Load, standing, standing_by_group
from tickets.database.indexes import QUEUE_ORDER
from tickets.figures.records import Records, Span, midnight, zone
from tickets.lifecycle import kind_of
from tickets.models import Ticket
from tickets.queues.limits import Chip, chip_of
from tickets.queues.queries import first_keys

#: So many tickets a tile lists; the rest are behind its number.
SHOWN = 8
#: A look is shared by every screen with the same scope for so long, and screens ask so often (seconds): together with
#: the look itself a board is never more than 5 seconds behind.
SHARED_FOR, ASKED_EVERY = 1.5, 2.5
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
    """The board of ``groups`` (codes; none: all) as ``user`` sees it. One statement counts, one finds the first."""
    filters = QueryDict(mutable=True)
    filters.setlist("group", groups)
    today = midnight(now.astimezone(zone()).date())
    scope = Scope(user, kind_of("incident"), filters, Span(today, today + timedelta(days=1), now))
    in_hand = standing(scope, "group", {item.code: item.where(scope.span) for item in STANDING})
    counts = {item.code: sum(row[item.code] for row in in_hand.values()) for item in STANDING}
    return Look(now, _tiles(scope, counts), standing_by_group(scope, in_hand))


def _tiles(scope: Scope, counts: dict[str, int]) -> list[Tile]:
    chosen = {item: scope.records(item) for item in STANDING}
    # The first are found without what is shown of them, which would be joined to every one of thousands.
    found = {item.code: scope.found(chosen[item]).order_by(*QUEUE_ORDER) for item in STANDING if counts[item.code]}
    first = first_keys(found, SHOWN)
    tickets = Ticket.objects.for_rows().in_bulk({key for keys in first.values() for key in keys})
    return [
        Tile(
            item,
            counts[item.code],
            [Line(tickets[key], chip_of(tickets[key], scope.span.at)) for key in first.get(item.code, ())],
            scope.list_url(chosen[item]),
        )
        for item in STANDING
    ]


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
