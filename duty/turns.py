"""Whose turn it is: pure arithmetic over a roster's order, its stand-ins and its members' absences.

Turns begin at a wall-clock time of the roster's zone, so that a week with a clock change still ends at nine.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from accounts.models import User
    from duty.models import Absence, Override

DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True)
class Turn:
    """Somebody's span, half-open. ``user`` None: nobody is found. ``instead_of``: whose turn it would have been."""

    start: datetime
    end: datetime
    user: User | None
    reason: str = "turn"
    instead_of: User | None = None


@dataclass(frozen=True)
class Plan:
    """A roster as plain values. ``members`` in order; ``absences`` by person."""

    period: str
    starts_on: date
    handover: time
    zone: str
    members: Sequence[User]
    overrides: Sequence[Override] = ()
    absences: dict[int, list[Absence]] = field(default_factory=dict)

    def start_of(self, index: int) -> datetime:
        """When turn ``index`` begins (UTC)."""
        day = self.starts_on + timedelta(days=index * DAYS[self.period])
        return datetime.combine(day, self.handover, ZoneInfo(self.zone)).astimezone(UTC)

    def index_at(self, at: datetime) -> int:
        """Which turn runs at ``at``."""
        days = (at.astimezone(ZoneInfo(self.zone)).date() - self.starts_on).days
        index = days // DAYS[self.period]
        while self.start_of(index) > at:
            index -= 1
        while self.start_of(index + 1) <= at:
            index += 1
        return index

    def is_away(self, user: User, at: datetime) -> bool:
        """Whether ``user`` cannot be asked at ``at``."""
        return not user.is_active or self._absence(user, at) is not None

    def _absence(self, user: User, at: datetime) -> Absence | None:
        rows = self.absences.get(user.pk, ())
        return next((row for row in rows if row.starts_at <= at < row.ends_at), None)

    def on_duty(self, at: datetime) -> Turn | None:
        """Who has it at ``at``: a stand-in, the one in turn, their deputy, the next in order. None: no members."""
        stands_in = [row for row in self.overrides if row.starts_at <= at < row.ends_at]
        for row in sorted(stands_in, key=lambda row: row.pk or 0, reverse=True):
            if not self.is_away(row.user, at):
                return Turn(row.starts_at, row.ends_at, row.user, row.kind, self._in_turn(at))
        if not self.members or self.start_of(0) > at:
            return None
        return self._regular(at)

    def _in_turn(self, at: datetime) -> User | None:
        return self.members[self.index_at(at) % len(self.members)] if self.members else None

    def _regular(self, at: datetime) -> Turn:
        index = self.index_at(at)
        start, end = self.start_of(index), self.start_of(index + 1)
        person = self.members[index % len(self.members)]
        if not self.is_away(person, at):
            return Turn(start, end, person)
        absence = self._absence(person, at)
        if absence and absence.deputy and not self.is_away(absence.deputy, at):
            return Turn(start, end, absence.deputy, "deputy", person)
        others = [self.members[(index + step) % len(self.members)] for step in range(1, len(self.members))]
        found = next((other for other in others if not self.is_away(other, at)), None)
        return Turn(start, end, found, "next", person)

    def edges(self, begin: datetime, end: datetime) -> list[datetime]:
        """Moments inside the span at which somebody else may take over."""
        moments = {begin}
        index = self.index_at(begin) + 1
        while (start := self.start_of(index)) < end:
            moments.add(start)
            index += 1
        rows: list[Override | Absence] = [*self.overrides, *(row for rows in self.absences.values() for row in rows)]
        moments |= {at for row in rows for at in (row.starts_at, row.ends_at) if begin < at < end}
        return sorted(moments)

    def between(self, begin: datetime, end: datetime) -> Iterator[Turn]:
        """Who has it from ``begin`` to ``end``, without gaps; neighbours with the same person are one."""
        edges = [*self.edges(begin, end), end]
        last: Turn | None = None
        for start, until in itertools.pairwise(edges):
            found = self.on_duty(start)
            turn = Turn(start, until, *((found.user, found.reason, found.instead_of) if found else (None, "nobody")))
            if last and (last.user, last.reason) == (turn.user, turn.reason) and turn.reason != "turn":
                last = Turn(last.start, until, last.user, last.reason, last.instead_of)
                continue
            if last:
                yield last
            last = turn
        if last:
            yield last
