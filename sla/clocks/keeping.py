"""Keeping the clocks of a ticket right after every action: start, pause, resume, stop, another promise.

Called with the ticket locked; locks its clocks (by id), never the other way round. What a clock should do follows
from the ticket as it stands, so that repeating it changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from sla.clocks import timers
from sla.clocks.facts import (
    COMPLAINT,
    DUPLICATE,
    Fact,
    basis_of,
    facts_of,
    is_given_back,
    is_given_out,
    is_not_solved,
    is_over,
    is_update,
    unanswered_since,
)
from sla.clocks.life import Life
from sla.clocks.storing import store
from sla.models import AgreementKind, Clock, ClockChange, Metric, PolicyVersion
from sla.promises.policies import Promises, begins_at
from tickets.actions import TAKEN_BACK
from tickets.lifecycle import Phase
from tickets.meaning import Span
from tickets.models import Ticket, TimelineEntry


class Keeper:
    """The clocks of one ticket during one action. ``lives``: every clock that there is, in order of their ids."""

    def __init__(self, ticket: Ticket, lives: list[Life], now: datetime, *, by: Any = None, reason: str = "") -> None:
        self.ticket, self.lives, self.by, self.reason = ticket, lives, by, reason
        active = [life.clock for life in lives if life.clock.is_active]
        known = [(each.settled_at, each.running_since, each.paused_since) for each in active]
        #: Nothing happens to a clock before what happened to it already, or what the engine has decided.
        self.at = max([now, *(moment for moments in known for moment in moments if moment)])
        self._promises: Promises | None = None
        #: Until when the wait that the step ends was to last.
        self.waited_until: datetime | None = None
        #: Whether the step takes another one back.
        self.taken_back = False

    def keep(self, entry: TimelineEntry | None) -> None:
        """Do everything that the ticket's state asks for."""
        moved = entry is None or entry.state_from != entry.state_to or bool(entry.changes)
        gained = entry is not None and any(change["field"] == "group" for change in entry.changes)
        self.taken_back = entry is not None and entry.action == TAKEN_BACK
        self.waited_until = self._end_of_wait(entry)
        if entry is not None and self.taken_back:
            self._take_back(datetime.fromisoformat(entry.data["since"]))
        self._end_left_behind()
        self._follow_promises()
        if entry is not None:
            self._begin_anew(entry)
        for fact in facts_of(self.ticket, self.at, self._spans(moved=moved), gained=gained):
            self._follow(fact, moved=moved)
        if entry is not None:
            self._tell_update(entry)
        if is_not_solved(self.ticket):
            self._withdraw_verdict()

    def _end_of_wait(self, entry: TimelineEntry | None) -> datetime | None:
        """The end that was given for a wait which is over, as the ticket or the step says."""
        if self.ticket.wait_until is not None or entry is None:
            return self.ticket.wait_until
        ended = next((change["old"] for change in entry.changes if change["field"] == "wait_until"), None)
        return parse_datetime(str(ended)) if ended else None

    # --- Promises ----------------------------------------------------------------------------------------------------
    @property
    def promises(self) -> Promises:
        """What counts for the ticket now; read when first needed."""
        self._promises = self._promises or Promises.now(self.ticket, self.at)
        return self._promises

    def _follow_promises(self) -> None:
        """Another priority, service or customer may mean another promise (INC-04); so may an edited priority."""
        basis = basis_of(self.ticket)
        for life in self.lives:
            clock = life.clock
            if not clock.is_active and not (clock.agreement == AgreementKind.SLA and self._is_judged(life)):
                continue
            if clock.basis != basis:
                self._promise_anew(life, basis)
            elif clock.is_active and clock.rule.minutes is None:
                within = clock.rule.within(self.ticket.priority)
                if within != clock.target:
                    life.promise(clock.rule, within, self.at, cause=ClockChange.Cause.POLICY, by=self.by)
                    timers.arm(life, self.at, cause="policy_change")

    def _is_judged(self, life: Life) -> bool:
        """Whether another promise matters to a clock that has ended: it has a verdict, or was promised no more.

        A response that counts no more since the ticket was handed back begins anew when it is dispatched.
        """
        clock = life.clock
        if clock.state != Clock.State.CANCELLED:
            return True
        handed_back = clock.metric == Metric.RESPONSE and clock.policy_version.restarts
        newest = self._latest(Fact(AgreementKind.SLA, clock.metric, None)) is life
        return newest and not (handed_back or is_over(self.ticket))

    def _promise_anew(self, life: Life, basis: str) -> None:
        clock = life.clock
        target = self.promises.find(clock.agreement, clock.metric)
        clock.basis, clock.rank, life.touched = basis, self.ticket.priority_rank, True
        if target is None:
            if clock.is_active:
                life.cancel(self.at, Clock.Excuse.UNPROMISED, by=self.by, text=self.reason)
            return
        life.revive(self.at)
        within = target.within(self.ticket.priority)
        if (target.pk, within) != (clock.rule_id, clock.target):
            cause = ClockChange.Cause.PRIORITY
            reason, back = self.reason, self.taken_back
            life.promise(target, within, self.at, cause=cause, by=self.by, reason=reason, back=back)
        timers.arm(life, self.at, cause="priority_change")  # other rules, even when the promise is the same

    def _take_back(self, since: datetime) -> None:
        """Undo what a step did to clocks at ``since``: it began some, ended some, paused some (UX-01).

        One that it began keeps its row, with the reason: what it has told already is not told again in its name.
        """
        for life in self.lives:
            clock = life.clock
            if clock.started_at >= since:
                if clock.is_active:
                    life.cancel(self.at, Clock.Excuse.TAKEN_BACK, by=self.by)
            elif clock.stopped_at is not None and clock.stopped_at >= since:
                life.unstop()
                timers.arm(life, self.at, cause="taken_back")
            elif clock.paused_since is not None and clock.paused_since >= since:
                life.unpause()

    def _spans(self, *, moved: bool) -> dict[str, Span]:
        """From when to when limits to the customer count: as the policy of their clock says, else the one in force.

        A clock that has begun keeps its beginning under another policy; its end is what that one says (SLM-04).
        """
        timed, found = self.ticket.kind_info.timed, {}
        for metric in timed.limits:
            life = self._latest(Fact(AgreementKind.SLA, metric, None))
            version = life.clock.policy_version if life else self._version_of(metric) if moved else None
            found[metric] = timed.span(metric, *(version.moments(metric) if version else ()))
        return found

    def _version_of(self, metric: str) -> PolicyVersion | None:
        if metric not in (Metric.RESPONSE, Metric.RESOLVE):
            return None
        target = self.promises.find(AgreementKind.SLA, metric)
        return target.version if target else None

    # --- Following the ticket ----------------------------------------------------------------------------------------
    def _follow(self, fact: Fact, *, moved: bool) -> None:
        life = self._latest(fact)
        fact = self._of_this_round(fact, life)
        if life is None or (not life.clock.is_active and fact.starts_anew(life.clock)):
            life = self._start(fact) if moved and fact.should_run else None
        if life is not None and life.clock.agreement == AgreementKind.SLA and moved:
            self._reopen(life, fact)
        if life is None or not life.clock.is_active:
            return
        if fact.stopped_at is not None and self.ticket.duplicate_of_id:
            life.cancel(self.at, Clock.Excuse.DUPLICATE, by=self.by)
        elif fact.stopped_at is not None:
            life.stop(max(fact.stopped_at, self._latest_of(life.clock)))
        elif fact.dropped:
            complains = self.ticket.nature_id == COMPLAINT
            excuse = Clock.Excuse.COMPLAINT if complains else Clock.Excuse.NOT_NEEDED
            life.cancel(self.at, excuse, by=self.by, text=self.reason)
        elif self._has_ended(fact):
            life.cancel(self.at, Clock.Excuse.ENDED, by=self.by, text=self._why_it_ended())
        else:
            self._pause_or_resume(life)

    def _begin_anew(self, entry: TimelineEntry) -> None:
        """Where the policy says so: back at the desk the response counts no more, dispatched again it counts anew.

        A round that was late by then stays late; another one that nobody answered has no verdict.
        """
        life = self._latest(Fact(AgreementKind.SLA, Metric.RESPONSE, None))
        if life is None or not life.clock.policy_version.restarts:
            return
        if life.clock.is_active and is_given_back(entry, self.ticket.kind_info.timed):
            life.end(self.at, Clock.Excuse.HANDED_BACK, by=self.by, text=self.reason)
        elif not life.clock.is_active and is_given_out(entry, self.ticket.kind_info.timed):
            self._start(Fact(AgreementKind.SLA, Metric.RESPONSE, self.at))

    def _of_this_round(self, fact: Fact, life: Life | None) -> Fact:
        """A later round of the response ends when work begins again, not when it first began."""
        if life is None or fact.repeats or fact.kind != (AgreementKind.SLA, Metric.RESPONSE):
            return fact
        if life.clock.round == 1 and not (life.clock.policy_version.restarts and life.clock.stopped_at):
            return fact
        working = self.ticket.state in self.ticket.kind_info.timed.at_work or self.ticket.resolved_at is not None
        return replace(fact, stopped_at=life.clock.stopped_at or (self.at if working else None))

    def _reopen(self, life: Life, fact: Fact) -> None:
        """The ticket speaks again of something that was done: the same clock goes on."""
        stopped = life.clock.state == Clock.State.STOPPED and life.clock.metric != Metric.UPDATE
        if stopped and fact.stopped_at is None and fact.should_run and not self._has_ended(fact):
            life.reopen(self.at)
            timers.arm(life, self.at)

    def _has_ended(self, fact: Fact) -> bool:
        """Whether nothing can come any more that ends what ``fact`` measures."""
        return self.ticket.phase == Phase.CLOSED or (is_over(self.ticket) and not fact.lasts)

    def _why_it_ended(self) -> str:
        """The reason for a rejection by name, and what was written."""
        reason = getattr(self.ticket, "reject_reason", None)
        return " · ".join(part for part in (str(reason or ""), self.reason) if part)

    @staticmethod
    def _latest_of(clock: Clock) -> datetime:
        known = (clock.started_at, clock.settled_at, clock.running_since, clock.paused_since)
        return max(moment for moment in known if moment)

    def _latest(self, fact: Fact) -> Life | None:
        taken = Clock.Excuse.TAKEN_BACK
        fitting = [life for life in self.lives if fact.is_about(life.clock) and life.clock.excuse != taken]
        return max(fitting, key=lambda life: life.clock.round, default=None)

    def _pause_or_resume(self, life: Life) -> None:
        """A duplicate pauses its clocks; so does waiting for some reasons, but never beyond the end that was given."""
        ticket, clock = self.ticket, life.clock
        if ticket.duplicate_of_id:
            life.pause(self.at, DUPLICATE)
            return
        waits = ticket.phase == Phase.WAITING and ticket.wait_reason_id in clock.policy_version.pausing
        if waits and (ticket.wait_until is None or self.at < ticket.wait_until):
            life.pause(self.at, ticket.wait_reason_id or "")
        else:
            known = self.waited_until if clock.pause_reason != DUPLICATE else None
            life.resume(max(min(known or self.at, self.at), self._latest_of(clock)))

    def _start(self, fact: Fact) -> Life | None:
        target = self.promises.find(fact.agreement, fact.metric)
        if target is None or target.calendar.current is None:
            return None
        rounds = [x.clock.round for x in self.lives if (x.clock.agreement, x.clock.metric) == fact.kind]
        clock = Clock(
            organisation_id=self.ticket.organisation_id,
            ticket=self.ticket,
            agreement=fact.agreement,
            metric=fact.metric,
            group_id=fact.group_id,
            supplier_id=fact.supplier_id,
            round=max(rounds, default=0) + 1,
            policy_version=target.version,
            rule=target,
            calendar_version=target.calendar.current,
            basis=basis_of(self.ticket),
            rank=self.ticket.priority_rank,
            counts_from=unanswered_since(self.ticket, fact.agreement, fact.metric),
            target=target.within(self.ticket.priority),
        )
        life = Life(clock, past=[], fresh=True)
        life.start(begins_at(target, fact.started_at or self.at))
        self.lives.append(life)
        return life

    def _end_left_behind(self) -> None:
        """A group that handed the ticket on: its clocks end with a verdict."""
        for life in self.lives:
            clock = life.clock
            if clock.is_active and clock.group_id not in (None, self.ticket.group_id):
                life.stop(self.at)

    def _withdraw_verdict(self) -> None:
        """What was not solved was not solved in time either: "met" is taken back, "missed" stays (INC-12)."""
        life = self._latest(Fact(AgreementKind.SLA, Metric.RESOLVE, None))
        if life is not None and life.clock.met:
            life.withdraw(Clock.Excuse.NOT_SOLVED, by=self.by, text=self.reason)

    def _tell_update(self, entry: TimelineEntry) -> None:
        """When the requester was told how it stands, the next status update is due anew (MAJ-03)."""
        running = [life for life in self.lives if life.clock.metric == Metric.UPDATE and life.clock.is_active]
        if running and is_update(entry):
            for life in running:
                life.stop(self.at)
                self._start(Fact(life.clock.agreement, Metric.UPDATE, self.at))


def lock(ticket: Ticket) -> list[Life]:
    """The clocks of ``ticket``, which they know as it stands here, locked in the order of their ids. One query."""
    related = ("rule", "policy_version", "calendar_version")
    found = Clock.objects.filter(ticket_id=ticket.pk).select_related(*related).order_by("pk")
    lives = [Life(clock) for clock in found.select_for_update(no_key=True, of=("self",))]
    for life in lives:
        life.clock.ticket = ticket
    return lives


def keep_clocks(ticket: Ticket, entry: TimelineEntry | None, now: datetime, *, by: Any = None) -> list[Life]:
    """Bring the clocks of a locked ticket in line with it; return them all.

    First the past is decided: rules that were due fire, whoever is late. Idempotent.
    """
    lives = [] if entry is not None and not entry.state_from else lock(ticket)  # what is new has none yet
    keeper = Keeper(ticket, lives, now, by=by, reason=entry.text if entry else "")
    for life in lives:
        if life.clock.next_fire_at and life.clock.next_fire_at < keeper.at and not timers.is_quiet():
            timers.fire_clock(life, keeper.at)
    keeper.keep(entry)
    store(lives, keeper.at)
    return lives
