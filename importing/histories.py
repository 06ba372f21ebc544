"""The history of a ticket as an export tells it: what happened, when, by whom. Knows no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from importing.columns import Readable
from importing.facts import Facts
from tickets.lifecycle import Phase

OVER = (Phase.RESOLVED, Phase.CLOSED)


@dataclass(frozen=True)
class Event:
    """One update.

    ``state`` is empty as long as no row told a known one; ``word`` is the state as the export has it.
    ``tracked``: what the timeline shows as changes, by the names of the ticket's columns. ``kept``:
    words of the export that are new or different since the event before, by their columns.
    """

    line: int
    at: datetime
    actor: str | None
    state: str
    word: str
    tracked: dict[str, Any]
    kept: dict[str, str]


@dataclass(frozen=True)
class History:
    """A ticket of an export. ``last``: the facts of its last row; ``relations``: (meaning, kind, reference).

    ``items``: the names of what it is about; ``systems``: which business system each of them belongs to, where a row
    says so.
    """

    kind: Readable
    number: str
    events: list[Event]
    last: Facts
    texts: dict[str, str]
    relations: tuple[tuple[str, str, str], ...]
    items: tuple[str, ...]
    systems: dict[str, str]

    @property
    def state(self) -> str:
        """The last known state."""
        return self.events[-1].state

    @property
    def is_over(self) -> bool:
        """Whether it was solved or closed in the end."""
        return self._phase(self.state) in OVER

    @property
    def created_at(self) -> datetime:
        """When it was opened; the first update when the export does not say."""
        return self.last["opened_at"] or self.events[0].at

    @property
    def updated_at(self) -> datetime:
        """The time of the latest update."""
        return max(event.at for event in self.events)

    @property
    def assigned_at(self) -> datetime | None:
        """The first update at which a group had it."""
        return next((event.at for event in self.events if event.tracked["group"]), None)

    @property
    def responded_at(self) -> datetime | None:
        """The first update that shows somebody at work."""
        return next((event.at for event in self.events if event.state in self.kind.imports.worked), None)

    @property
    def resolved_at(self) -> datetime | None:
        """When it was solved as the export says, else the last update that made it so; None while it is live."""
        return (self.last["resolved_at"] or self._entered(self.kind.imports.solved)) if self.is_over else None

    @property
    def closed_at(self) -> datetime | None:
        """When it was closed as the export says, else the last update that made it so."""
        if self._phase(self.state) != Phase.CLOSED:
            return None
        return self.last["closed_at"] or self._entered(self._states(Phase.CLOSED))

    @property
    def waiting_since(self) -> datetime | None:
        """Since when it waits, if it does."""
        waiting = self._states(Phase.WAITING)
        return self._entered(waiting) if self.state in waiting else None

    @property
    def waited(self) -> timedelta | None:
        """The sum of the pauses that are over; None without any."""
        over = [max(until - since, timedelta()) for since, until, _reason in self.pauses if until is not None]
        return sum(over, timedelta()) if over else None

    @property
    def reopen_count(self) -> int:
        """How often it came back: as the export counts, else as its states show."""
        counted = self.last["reopen_count"]
        over = [self._phase(event.state) in OVER if event.state else None for event in self.events]
        shown = sum(a is True and b is False for a, b in pairwise(over))
        return shown if counted is None else counted

    def _phase(self, state: str) -> Phase:
        return self.kind.kind.phase_of(state)

    def _states(self, phase: Phase) -> frozenset[str]:
        return frozenset(str(state) for state, means in self.kind.kind.phases.items() if means == phase)

    def _entered(self, states: frozenset[str]) -> datetime | None:
        """The last update that led into ``states`` from others."""
        within = [(event.state in states, event.at) for event in self.events]
        entries = [at for (before, _), (after, at) in pairwise([(False, None), *within]) if after and not before]
        return entries[-1] if entries else None

    @property
    def pauses(self) -> list[tuple[datetime, datetime | None, str | None]]:
        """Each pause from its first update to its end (None: it goes on), with the reason as the export has it."""
        waiting = self._states(Phase.WAITING)
        found: list[tuple[datetime, datetime | None, str | None]] = []
        since: Event | None = None
        for event in self.events:
            if event.state in waiting:
                since = since or event
            elif since:
                found.append((since.at, event.at, since.tracked["wait_reason"]))
                since = None
        return [*found, (since.at, None, since.tracked["wait_reason"])] if since else found
