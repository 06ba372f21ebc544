"""The history of a ticket as an export tells it: what happened, when, by whom. Knows no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from importing.facts import Facts
from incidents.corrections import LIVE
from incidents.lifecycle import States

#: States in which somebody is or was at work; the portal reaches them only by starting work.
RESPONDED = (States.IN_PROGRESS, States.PENDING, States.RESOLVED)
DONE = (States.RESOLVED, States.CLOSED)


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
    """A ticket of an export. ``last``: the facts of its last row; ``relations``: (meaning, kind, reference)."""

    number: str
    events: list[Event]
    last: Facts
    texts: dict[str, str]
    relations: tuple[tuple[str, str, str], ...]

    @property
    def state(self) -> str:
        """The last known state."""
        return self.events[-1].state

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
        return next((event.at for event in self.events if event.state in RESPONDED), None)

    @property
    def resolved_at(self) -> datetime | None:
        """When it was solved as the export says, else the last update that made it so; None while it is live."""
        if self.state in LIVE:
            return None
        return self.last["resolved_at"] or self._entered(States.RESOLVED)

    @property
    def closed_at(self) -> datetime | None:
        """When it was closed as the export says, else the last update that made it so."""
        if self.state != States.CLOSED:
            return None
        return self.last["closed_at"] or self._entered(States.CLOSED)

    @property
    def waiting_since(self) -> datetime | None:
        """Since when it waits, if it does."""
        return self._entered(States.PENDING) if self.state == States.PENDING else None

    @property
    def waited(self) -> timedelta | None:
        """The sum of the pauses that are over; None without any."""
        over = [max(until - since, timedelta()) for since, until, _reason in self.pauses if until is not None]
        return sum(over, timedelta()) if over else None

    @property
    def reopen_count(self) -> int:
        """How often it came back: as the export counts, else as its states show."""
        counted = self.last["reopen_count"]
        shown = sum(a.state in DONE and b.state in LIVE for a, b in pairwise(self.events))
        return shown if counted is None else counted

    def _entered(self, state: str) -> datetime | None:
        """The last update that led into ``state``."""
        entries = [b.at for a, b in pairwise([None, *self.events]) if b and b.state == state != (a and a.state)]
        return entries[-1] if entries else None

    @property
    def pauses(self) -> list[tuple[datetime, datetime | None, str | None]]:
        """Each pause from its first update to its end (None: it goes on), with the reason as the export has it."""
        found: list[tuple[datetime, datetime | None, str | None]] = []
        since: Event | None = None
        for event in self.events:
            if event.state == States.PENDING:
                since = since or event
            elif since:
                found.append((since.at, event.at, since.tracked["wait_reason"]))
                since = None
        return [*found, (since.at, None, since.tracked["wait_reason"])] if since else found
