"""Clocks of tickets whose whole course is known: imports, and trying a policy on history. Stores nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from sla.clocks.facts import basis_of, is_unmeasured, unanswered_since
from sla.clocks.holders import Period
from sla.clocks.life import Life
from sla.models import AgreementKind, Clock, Metric, Target
from sla.promises.models import OF_KINDS
from sla.promises.policies import PromiseBook, begins_at
from tickets.meaning import MOMENTS
from tickets.models import Ticket, TimelineEntry

#: A pause whose reason nobody wrote down.
UNKNOWN_REASON = "other"


@dataclass(frozen=True)
class Pause:
    """A time of waiting; ``until`` None: it goes on."""

    since: datetime
    until: datetime | None
    reason: str = ""


@dataclass(frozen=True)
class Round:
    """From a dispatch to the start of work; ``given_back_at``: nobody had begun when it went back to the desk."""

    assigned_at: datetime
    responded_at: datetime | None = None
    given_back_at: datetime | None = None


@dataclass(frozen=True)
class Course:
    """What happened to a ticket, as far as its clocks care. ``rounds``: of one that went back to the desk.

    ``owed``: when each limit that repeats began, and when it was done, each time, by metric.
    """

    assigned_at: datetime | None
    responded_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    rounds: tuple[Round, ...] = ()
    owed: Mapping[str, tuple[tuple[datetime, datetime | None], ...]] = field(default_factory=dict)

    def moments(self, ticket: Ticket) -> dict[str, datetime]:
        """What has happened, by the columns of the ticket's row; the closing only of what was solved."""
        closed_at = self.closed_at if self.resolved_at else None
        times = (ticket.created_at, self.assigned_at, self.responded_at, self.resolved_at, closed_at)
        found = dict(zip(MOMENTS.values(), times, strict=True))
        spans = [span for span in ticket.kind_info.timed.limits.values() if not span.noted]
        own = {name for span in spans for name in (span.starts, span.stops)} - found.keys()
        found |= {name: getattr(ticket.specific, name) for name in own}
        return {name: at for name, at in found.items() if at is not None}


def replay(ticket: Ticket, course: Course, book: PromiseBook) -> list[Life]:
    """The clocks of limits to the customer of ``ticket`` as ``course`` would have moved them under ``book``.

    Response, resolution, and what its kind alone knows; what repeats, each time that it was owed. None of duplicates
    and complaints: figures leave them out.
    """
    if is_unmeasured(ticket):
        return []
    if course.owed.get(Metric.RESPONSE):
        response = _each(ticket, course, book, Metric.RESPONSE)
    else:
        once = _limit(ticket, course, book, Metric.RESPONSE)
        response = [once] if once else []
        if once and course.rounds and once.clock.policy_version.restarts:
            response = list(_rounds(ticket, course, book))
    limits = ticket.kind_info.timed.limits
    own = [life for metric in OF_KINDS if metric in limits for life in _own(ticket, course, book, metric)]
    resolve = _limit(ticket, course, book, Metric.RESOLVE)
    return [*response, *own, *([resolve] if resolve else [])]


def _own(ticket: Ticket, course: Course, book: PromiseBook, metric: str) -> list[Life]:
    """A limit that only some kinds have: over with the solution, unless it counts on after it."""
    lasts = ticket.kind_info.timed.limits[metric].lasts
    ended = course if lasts else replace(course, closed_at=course.resolved_at or course.closed_at)
    if ended.owed.get(metric):
        return _each(ticket, ended, book, metric)
    once = _limit(ticket, ended, book, metric)
    return [once] if once else []


def _each(ticket: Ticket, course: Course, book: PromiseBook, metric: str) -> list[Life]:
    """A limit that repeats, each time that it was owed."""
    found = []
    for number, (since, done_at) in enumerate(course.owed[metric], 1):
        target = book.promises(ticket, since).find(AgreementKind.SLA, metric)
        life = _counted(ticket, course, target, metric, begins_at(target, since), done_at) if target else None
        if life is not None:
            life.clock.round = number
            found.append(life)
    return found


def _limit(ticket: Ticket, course: Course, book: PromiseBook, metric: str) -> Life | None:
    """The clock of a limit to the customer, from which moment to which its policy says (SLM-04).

    It begins at the first of the ticket's moments at which the version then in force says that it has.
    """
    timed, moments = ticket.kind_info.timed, course.moments(ticket)
    if metric not in timed.limits:
        return None
    for at in sorted(set(moments.values())):
        target = book.promises(ticket, at).find(AgreementKind.SLA, metric)
        if target is None:
            continue
        span = timed.span(metric, *target.version.moments(metric))
        since = moments.get(span.starts)
        if since is not None and since <= at:
            return _counted(ticket, course, target, metric, begins_at(target, since), moments.get(span.stops))
    return None


def owed_each_time(
    ticket: Ticket, steps: Iterable[TimelineEntry]
) -> dict[str, tuple[tuple[datetime, datetime | None], ...]]:
    """When each limit of ``ticket`` that repeats began and was done, each time, as ``steps`` (in order) wrote it down.

    A beginning that moves while it is owed keeps the clock that runs; an end that is taken away goes on with it.
    Nothing of a limit whose beginning no step wrote down, as of imports: its row alone tells of it.
    """
    spans = {name: span for name, span in ticket.kind_info.timed.limits.items() if span.repeats}
    found: dict[str, list[list[datetime | None]]] = {name: [] for name in spans}
    for step in steps if spans else ():
        moved = {change["field"]: parse_datetime(str(change["new"])) for change in step.changes if change["new"]}
        cleared = {change["field"] for change in step.changes if not change["new"]}
        for name, span in spans.items():
            times = found[name]
            if span.starts in moved and (not times or times[-1][1] is not None):
                times.append([moved[span.starts], None])
            elif times and span.stops in cleared:
                times[-1][1] = None
            if times and span.stops in moved:
                times[-1][1] = moved[span.stops]
    return {name: tuple((since, done) for since, done in times if since) for name, times in found.items() if times}


def undispatched(ticket: Ticket, book: PromiseBook) -> list[Life]:
    """The desk's clock of ``ticket``, which no group has had yet; none for others (INC-22)."""
    if ticket.state != ticket.kind_info.timed.at_desk or ticket.assigned_at is not None:
        return []
    course = Course(None, None, None)
    life = _life(ticket, course, book, Metric.DISPATCH, ticket.created_at, None, AgreementKind.OLA)
    return [life] if life else []


def replay_period(
    ticket: Ticket, period: Period, pauses: tuple[Pause, ...], book: PromiseBook, holder: int | None = None
) -> Life | None:
    """The clock of ``period`` as it would have run under ``book``; ``holder``: the key of its group or vendor.

    None when nothing is promised.
    """
    course = Course(None, None, None, period.dropped_at, pauses)
    held: dict[str, Any] = {"agreement": period.agreement, "holder": holder}
    return _life(ticket, course, book, period.metric, period.since, period.done_at, **held)


def _rounds(ticket: Ticket, course: Course, book: PromiseBook) -> Iterator[Life]:
    """The response of each round; one that was given back before anybody began has no verdict."""
    for number, row in enumerate(course.rounds, 1):
        ended = replace(course, closed_at=row.given_back_at) if row.given_back_at else course
        life = _life(ticket, ended, book, Metric.RESPONSE, row.assigned_at, row.responded_at)
        if life is not None:
            life.clock.round = number
            if row.given_back_at and life.clock.breached_at:
                life.clock.state, life.clock.met = Clock.State.STOPPED, False
            yield life


def _life(
    ticket: Ticket,
    course: Course,
    book: PromiseBook,
    metric: str,
    started_at: datetime | None,
    stopped_at: datetime | None,
    agreement: str = AgreementKind.SLA,
    holder: int | None = None,
) -> Life | None:
    if started_at is None:
        return None
    target = book.promises(ticket, started_at, holder=holder).find(agreement, metric)
    return _counted(ticket, course, target, metric, started_at, stopped_at, agreement) if target else None


def _counted(
    ticket: Ticket,
    course: Course,
    target: Target,
    metric: str,
    started_at: datetime,
    stopped_at: datetime | None,
    agreement: str = AgreementKind.SLA,
) -> Life | None:
    if target.calendar.current is None:
        return None
    life = Life(_new_clock(ticket, agreement, metric, target), past=[], fresh=True)
    life.start(started_at)
    ends = [moment for moment in (stopped_at, course.closed_at) if moment is not None]
    end = max(min(ends), started_at) if ends else None
    for pause in _within(course.pauses, started_at, end):
        if (pause.reason or UNKNOWN_REASON) in target.version.pausing:
            life.pause(pause.since, pause.reason or UNKNOWN_REASON)
            if pause.until is not None:
                life.resume(pause.until)
    if end is not None:
        life.stop(end) if stopped_at is not None else life.cancel(end, Clock.Excuse.ENDED)
    return life


def _new_clock(ticket: Ticket, agreement: str, metric: str, target: Target) -> Clock:
    return Clock(
        organisation_id=ticket.organisation_id,
        ticket=ticket,
        agreement=agreement,
        metric=metric,
        policy_version=target.version,
        rule=target,
        calendar_version=target.calendar.current,
        basis=basis_of(ticket),
        counts_from=unanswered_since(ticket, agreement, metric),
        rank=ticket.priority_rank,
        target=target.within(ticket.priority),
    )


def _within(pauses: Iterable[Pause], start: datetime, end: datetime | None) -> Iterator[Pause]:
    """The parts of ``pauses`` between ``start`` and ``end``, in order, none reaching back into another."""
    last = start
    for pause in sorted(pauses, key=lambda each: each.since):
        since = max(pause.since, last)
        until = pause.until if end is None else min(pause.until or end, end)
        if until is not None and until <= since:
            continue
        if end is None or since < end:
            yield Pause(since, until, pause.reason)
            last = until or since
