"""The life of a clock: start, pause, resume, stop, cancel, settle, change. Works on rows in memory, stores nothing.

Live actions, imports and what-if replays all use these functions, so that they cannot count differently. Closed
stretches are collected in ``Life.segments``, changes in ``Life.changes``; whoever stores the clock stores them too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.models import User
from sla.calendars.clock import BusinessTime
from sla.calendars.publishing import business_time, is_provisional
from sla.models import CalendarVersion, Clock, ClockChange, PolicyVersion, Segment, Target

State, Kind = Clock.State, Segment.Kind
#: The reason of a pause in which there was no promise.
UNPROMISED = "unpromised"
#: So much of the reason is kept with an excused clock.
EXCUSE_LENGTH = 300


@dataclass
class Life:
    """A clock with what happened to it since it was loaded.

    ``past``: its stored segments, read when needed. ``fresh``: not stored yet.
    """

    clock: Clock
    segments: list[Segment] = field(default_factory=list)
    changes: list[ClockChange] = field(default_factory=list)
    past: list[Segment] | None = None
    touched: bool = False
    fresh: bool = False

    @property
    def business(self) -> BusinessTime:
        """How the clock's calendar counts."""
        return business_time(self.clock.calendar_version)

    def consumed_at(self, at: datetime) -> timedelta:
        """The business time used until ``at``."""
        since = self.clock.running_since
        return self.clock.consumed + (self.business.diff(since, at) if since else timedelta())

    # --- What happens ------------------------------------------------------------------------------------------------
    def start(self, at: datetime) -> None:
        """Begin to count."""
        self.clock.started_at = at
        self._run(at)

    def pause(self, at: datetime, reason: str) -> None:
        """Stop counting for a while. Does nothing while paused."""
        clock = self.clock
        if clock.state != State.RUNNING:
            return
        self.settle(at)
        self._close_run(at)
        clock.state, clock.paused_since, clock.pause_reason = State.PAUSED, at, reason
        clock.due_at = None

    def resume(self, at: datetime) -> None:
        """Count on. Does nothing while running."""
        if self.clock.state == State.PAUSED:
            self._close_pause(at)
            self._run(at)

    def stop(self, at: datetime) -> None:
        """End with a verdict: met when ``at`` is not after the due time. A breach stays a breach."""
        clock = self.clock
        self.settle(at)
        due_at = clock.due_at or self.expected_due(at)
        self._end(at, State.STOPPED)
        clock.due_at, clock.met = due_at, clock.breached_at is None

    def reopen(self, at: datetime) -> None:
        """Take back a stop: the time since then counts as a pause, a breach stays a breach."""
        if self.clock.state == State.STOPPED:
            self._go_on_after(at, "resolved")

    def revive(self, at: datetime) -> None:
        """Take back a cancellation: nothing was promised since then, so that time counts as a pause."""
        if self.clock.state == State.CANCELLED:
            self._go_on_after(at, UNPROMISED)

    def cancel(self, at: datetime, excuse: str, *, by: User | None = None, text: str = "") -> None:
        """End without a verdict, with the reason, and by whom: a promise that began never just vanishes."""
        self.settle(at)
        self._end(at, State.CANCELLED)
        clock = self.clock
        clock.excuse, clock.excused_by, clock.excuse_text = excuse, by, text[:EXCUSE_LENGTH]

    def end(self, at: datetime, excuse: str, *, by: User | None = None, text: str = "") -> None:
        """End what was not done: missed when it was late already, else excused."""
        self.settle(at)
        if self.clock.breached_at is not None:
            self.stop(at)
        else:
            self.cancel(at, excuse, by=by, text=text)

    def withdraw(self, excuse: str, *, by: User | None = None, text: str = "") -> None:
        """Take the verdict back from a clock that has stopped; what it counted stays."""
        clock, self.touched = self.clock, True
        clock.state, clock.met = State.CANCELLED, None
        clock.excuse, clock.excused_by, clock.excuse_text = excuse, by, text[:EXCUSE_LENGTH]

    def unstop(self) -> None:
        """Go on as if it had not ended: the time since counts."""
        clock = self.clock
        if clock.stopped_at is not None:
            at, clock.stopped_at, clock.met = clock.stopped_at, None, None
            self._run(at)

    def unpause(self) -> None:
        """Go on as if it had not been paused: the time since counts."""
        if self.clock.paused_since is not None:
            self._run(self.clock.paused_since)

    def settle(self, at: datetime) -> None:
        """Decide the past up to ``at``: breached from the first instant after the due time."""
        clock = self.clock
        if clock.state == State.RUNNING and clock.breached_at is None and clock.due_at and clock.due_at < at:
            clock.breached_at, self.touched = clock.due_at, True

    def expected_due(self, at: datetime) -> datetime:
        """When it is due; for a paused clock: if it went on at ``at``."""
        if self.clock.due_at:
            return self.clock.due_at
        return self.business.add(at, self.clock.target - self.clock.consumed)

    # --- What changes ------------------------------------------------------------------------------------------------
    def follow_calendar(self, version: CalendarVersion, at: datetime) -> None:
        """Count on by a new version of the calendar; what was counted stays (E11)."""
        clock = self.clock
        self.settle(at)
        old, old_due = clock.calendar_version, clock.due_at
        self._close_run(at)
        self._close_pause(at)
        clock.calendar_version = version
        self._go_on(clock.state, at, clock.pause_reason)
        self._note(at, ClockChange.Cause.CALENDAR, clock.target, old, old_due, clock.breached_at)

    def promise(
        self,
        target: Target,
        within: timedelta,
        at: datetime,
        *,
        cause: str,
        by: User | None = None,
        reason: str = "",
        calendar: CalendarVersion | None = None,
        back: bool = False,
    ) -> None:
        """Take over another promise, counted from the start of the clock or from now, as its policy says (INC-04).

        The past is counted anew by the new calendar, pauses are kept, a breach is judged again; the old verdict
        stays in the change. What was counted by an older version of the same calendar stays so, unless
        ``calendar`` names the version to count everything by. A clock that has stopped gets a new verdict, except
        under a policy that counts changes from their moment on; a correction of the past is none of those changes, nor
        is taking a change ``back``: then what was counted before it counts again.
        """
        clock = self.clock
        self.settle(at)
        old = clock.target, clock.calendar_version, clock.due_at, clock.breached_at
        version = calendar or target.calendar.current
        counting_on = PolicyVersion.OnChange.FROM_CHANGE
        counts_on = target.version.on_change == counting_on
        from_change = counts_on and cause != ClockChange.Cause.CORRECTION and not back
        if version is None or (from_change and not clock.is_active):
            return
        history = self._history(at, since=clock.gen - (back and clock.policy_version.on_change == counting_on))
        clock.gen += 1
        clock.rule, clock.policy_version, clock.target = target, target.version, within
        clock.calendar_version, clock.breached_at, clock.consumed = version, None, timedelta()
        self._recount([] if from_change else history, at, anew=calendar is not None)
        self._note(at, cause, old[0], old[1], old[2], old[3], by=by, reason=reason)

    def _history(self, at: datetime, *, since: int) -> list[Segment]:
        """Closed stretches of the counts from ``since`` on up to ``at``, in order; the open one is closed there."""
        clock = self.clock
        if self.past is None:
            stored = clock.segments.filter(gen__gte=since).select_related("calendar_version") if clock.pk else ()
            self.past = list(stored)
        self._close_run(at)
        self._close_pause(at)
        found = [row for row in [*self.past, *self.segments] if row.gen >= since]
        self.past = []
        return sorted(found, key=lambda row: (row.started, row.ended))

    def _recount(self, history: Iterable[Segment], at: datetime, *, anew: bool) -> None:
        """Count ``history`` by the new promise and go on at ``at`` in the state that the clock is in."""
        clock, version = self.clock, self.clock.calendar_version
        state, reason = clock.state, clock.pause_reason
        for row in history:
            kept = not anew and row.calendar_version.calendar_id == version.calendar_id
            clock.calendar_version = row.calendar_version if kept else version
            if row.kind == Kind.RUN:
                self._run(row.started)
                self.settle(row.ended)
                self._close_run(row.ended)
            else:
                self._add(Kind.PAUSE, row.started, row.ended, row.reason)
        clock.calendar_version, clock.state = version, state
        self._go_on(state, at, reason)

    def _go_on(self, state: str, at: datetime, reason: str) -> None:
        clock = self.clock
        if state == State.RUNNING:
            self._run(at)
        elif state == State.PAUSED:
            clock.due_at, clock.paused_since, clock.pause_reason = None, at, reason
        elif state == State.STOPPED:
            clock.due_at, clock.met = self.expected_due(at), clock.breached_at is None

    # --- Parts -------------------------------------------------------------------------------------------------------
    def _run(self, at: datetime) -> None:
        clock = self.clock
        clock.state, clock.running_since, clock.paused_since, clock.pause_reason = State.RUNNING, at, None, ""
        clock.excuse, clock.excused_by, clock.excuse_text = "", None, ""
        remaining = clock.target - clock.consumed
        # Used up: it was due when it was, not now.
        due_at = self.business.add(at, remaining) if remaining > timedelta() else (clock.breached_at or at)
        clock.due_at, self.touched = due_at, True
        clock.provisional = is_provisional(clock.calendar_version, due_at)

    def _go_on_after(self, at: datetime, reason: str) -> None:
        clock = self.clock
        if clock.stopped_at is not None:
            at = max(at, clock.stopped_at)
            self._add(Kind.PAUSE, clock.stopped_at, at, reason)
            clock.stopped_at = clock.met = None
            self._run(at)

    def _close_run(self, at: datetime) -> None:
        clock = self.clock
        if clock.running_since is None:
            return
        self._add(Kind.RUN, clock.running_since, at)
        clock.consumed += self.segments[-1].counted
        clock.running_since = None

    def _close_pause(self, at: datetime) -> None:
        clock = self.clock
        if clock.paused_since is not None:
            self._add(Kind.PAUSE, clock.paused_since, at, clock.pause_reason)
            clock.paused_since = None

    def _end(self, at: datetime, state: str) -> None:
        clock = self.clock
        self._close_run(at)
        self._close_pause(at)
        clock.state, clock.stopped_at, clock.pause_reason = state, at, ""

    def _add(self, kind: str, started: datetime, ended: datetime, reason: str = "") -> None:
        self.touched = True
        counted = self.business.diff(started, ended) if kind == Kind.RUN else timedelta()
        self.segments.append(
            Segment(
                clock=self.clock,
                gen=self.clock.gen,
                kind=kind,
                reason=reason,
                started=started,
                ended=ended,
                calendar_version=self.clock.calendar_version,
                counted=counted,
            )
        )

    def _note(
        self,
        at: datetime,
        cause: str,
        target: timedelta,
        calendar: CalendarVersion,
        due_at: datetime | None,
        breached_at: datetime | None,
        *,
        by: User | None = None,
        reason: str = "",
    ) -> None:
        self.changes.append(
            ClockChange(
                clock=self.clock,
                gen=self.clock.gen,
                at=at,
                cause=cause,
                old_target=target,
                new_target=self.clock.target,
                old_calendar=calendar,
                new_calendar=self.clock.calendar_version,
                old_due_at=due_at,
                new_due_at=self.clock.due_at,
                old_breached_at=breached_at,
                by=by,
                reason=reason,
            )
        )
