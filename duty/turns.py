"""Whose turn it is: pure arithmetic over a roster's order, its stand-ins and its members' absences.

Turns begin at a wall-clock time of the roster's zone, so that a week with a clock change still ends at nine.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from accounts.models import User
    from duty.models import Absence, Override

DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True)
class Turn:
    """Somebody's whole span, half-open. ``user`` None: nobody is found. ``instead_of``: whose turn it would be."""

    start: datetime
    end: datetime
    user: User | None
    reason: str = "turn"
    instead_of: User | None = None


@dataclass(frozen=True)
class Holder:
    """Who has the duty at a moment, and why. ``source``: the turn or row it comes from; it tells neighbours apart."""

    user: User | None
    reason: str
    instead_of: User | None = None
    source: object = None

    @property
    def same_span(self) -> tuple[User | None, str, object]:
        """Equal for neighbouring moments that belong to one span."""
        return self.user, self.reason, self.source


NOBODY = Holder(None, "nobody")
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Plan:
    """A roster as plain values. ``members`` in order; ``absences`` by person.

    Rows are known from ``known_from`` to ``known_until``; spans are cut there and nowhere else.
    """

    period: str
    starts_on: date
    handover: time
    zone: str
    members: Sequence[User]
    known_from: datetime
    known_until: datetime
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

    def holder(self, at: datetime) -> Holder:
        """Who has it at ``at``: a stand-in, the one in turn, their deputy, the next in order."""
        stands_in = [row for row in self.overrides if row.starts_at <= at < row.ends_at]
        for row in sorted(stands_in, key=lambda row: row.pk or 0, reverse=True):
            if not self.is_away(row.user, at):
                return Holder(row.user, row.kind, self._in_turn(at), row.swap or row.pk)
        if not self.members or self.start_of(0) > at:
            return NOBODY
        return self._regular(at)

    def _in_turn(self, at: datetime) -> User | None:
        if not self.members or self.start_of(0) > at:
            return None
        return self.members[self.index_at(at) % len(self.members)]

    def _regular(self, at: datetime) -> Holder:
        index = self.index_at(at)
        person = self.members[index % len(self.members)]
        if not self.is_away(person, at):
            return Holder(person, "turn", source=index)
        absence = self._absence(person, at)
        if absence and absence.deputy and not self.is_away(absence.deputy, at):
            return Holder(absence.deputy, "deputy", person)
        others = [self.members[(index + step) % len(self.members)] for step in range(1, len(self.members))]
        found = next((other for other in others if not self.is_away(other, at)), None)
        return Holder(found, "next", person)

    def on_duty(self, at: datetime) -> Turn | None:
        """The whole span of whoever has it at ``at``. None: there is no turn at all."""
        holder = self.holder(at)
        if holder == NOBODY:
            return None
        return self._span(at, holder)

    def _span(self, at: datetime, holder: Holder) -> Turn:
        """Everything around ``at`` that ``holder`` has without a break."""
        start, end = self._edge_before(at), self._edge_after(at)
        while start > self.known_from and self.holder(start - INSTANT).same_span == holder.same_span:
            start = self._edge_before(start - INSTANT)
        while end < self.known_until and self.holder(end).same_span == holder.same_span:
            end = self._edge_after(end)
        return Turn(start, end, holder.user, holder.reason, holder.instead_of)

    @cached_property
    def _row_edges(self) -> list[datetime]:
        rows: list[Override | Absence] = [*self.overrides, *(row for rows in self.absences.values() for row in rows)]
        return sorted({at for row in rows for at in (row.starts_at, row.ends_at)})

    def _edge_before(self, at: datetime) -> datetime:
        """The last moment up to ``at`` at which somebody else may have taken over."""
        place = bisect_right(self._row_edges, at)
        return max(self.start_of(self.index_at(at)), self._row_edges[place - 1] if place else self.known_from)

    def _edge_after(self, at: datetime) -> datetime:
        """The next moment after ``at`` at which somebody else may take over."""
        place = bisect_right(self._row_edges, at)
        following = self._row_edges[place : place + 1]
        return min([self.start_of(self.index_at(at) + 1), *following])

    def between(self, begin: datetime, end: datetime) -> Iterator[Turn]:
        """Who has it from ``begin`` to ``end``, without gaps: whole spans, so the first and last may reach beyond."""
        at = begin
        while at < end:
            turn = self._span(at, self.holder(at))
            yield turn
            at = turn.end
