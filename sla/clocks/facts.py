"""What a ticket says about its clocks: which should run since when, and which have stopped. Pure: runs no query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sla.models import AgreementKind, Clock, Metric
from tickets.actions import TAKEN_BACK
from tickets.lifecycle import Phase
from tickets.meaning import Clocks, Span
from tickets.models import Ticket, TimelineEntry

#: The nature that leaves clocks and figures (INC-03), and the close code of what was not solved (INC-12).
COMPLAINT, UNRESOLVED = "complaint", "unresolved"
#: The end of what counts beyond the solution. What was closed unsolved never came to it.
CLOSED = "closed_at"
#: Why the clocks of a duplicate stand still: its main ticket is measured.
DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Fact:
    """A clock that the ticket speaks of. ``started_at`` None: not begun; ``stopped_at``: its verdict is known."""

    agreement: str
    metric: str
    started_at: datetime | None
    stopped_at: datetime | None = None
    group_id: int | None = None
    supplier_id: int | None = None
    #: A holder that gets the ticket again is measured again.
    repeats: bool = False
    #: What it measures is over without having happened: a visit that nobody needed any more.
    dropped: bool = False
    #: It ends after the solution: with the closing, or as its kind says.
    lasts: bool = False

    @property
    def kind(self) -> tuple[str, str]:
        """Agreement and metric."""
        return self.agreement, self.metric

    @property
    def should_run(self) -> bool:
        """Whether there is something to count."""
        return self.started_at is not None

    def is_about(self, clock: Clock) -> bool:
        """Whether ``clock`` is the one that is meant, in some round."""
        same = (clock.agreement, clock.metric) == self.kind
        return same and (clock.group_id, clock.supplier_id) == (self.group_id, self.supplier_id)

    def starts_anew(self, clock: Clock) -> bool:
        """Whether a new round begins after ``clock``, which has ended."""
        return (
            self.repeats
            and self.stopped_at is None
            and self.started_at is not None
            and clock.stopped_at is not None
            and self.started_at > clock.started_at
        )


def facts_of(ticket: Ticket, at: datetime, spans: Mapping[str, Span], *, gained: bool = False) -> Iterator[Fact]:
    """Every clock that ``ticket`` speaks of at ``at``, as its kind says (``tickets.meaning.Clocks``).

    ``spans``: from when to when limits to the customer count, as their policy says. ``gained``: its group has just got
    it.
    """
    timed = ticket.kind_info.timed
    yield from _dispatch(ticket, timed, at)
    promised = _promised(ticket, timed, at, spans, gained=gained)
    if ticket.nature_id == COMPLAINT:
        promised = (replace(fact, started_at=None, stopped_at=None, dropped=True) for fact in promised)
    yield from promised


def _promised(
    ticket: Ticket, timed: Clocks, at: datetime, spans: Mapping[str, Span], *, gained: bool
) -> Iterator[Fact]:
    """What customer, groups and vendors are promised or promise."""
    yield from _sla(ticket, spans, at)
    if timed.groups and ticket.group_id and ticket.assigned_at and ticket.state != timed.at_desk:
        yield from _ola(ticket, timed, at, gained=gained)
    if timed.vendors:
        yield from _uc(ticket, at)


def _dispatch(ticket: Ticket, timed: Clocks, at: datetime) -> Iterator[Fact]:
    """The desk's own limit: from registration, and from every return to the desk, until a group has it (INC-22).

    Whoever ends it at the desk has decided what becomes of it. It has no holder: the desk's groups share it. Kinds
    that no desk dispatches have none.
    """
    if timed.at_desk:
        waits = ticket.state == timed.at_desk
        since = at if ticket.assigned_at else ticket.created_at
        yield Fact(AgreementKind.OLA, Metric.DISPATCH, since if waits else None, None if waits else at, repeats=True)


def _sla(ticket: Ticket, spans: Mapping[str, Span], at: datetime) -> Iterator[Fact]:
    """The limits to the customer: of incidents response, visit, resolution and updates.

    What is typed by hand, such as a time of arrival: that it is there stops the clock now (reliability.md, section 0).
    """
    for metric, span in spans.items():
        closing = span.stops == CLOSED
        stopped = getattr(ticket, span.stops, None) if ticket.resolved_at or not closing else None
        stopped = at if stopped and span.noted else stopped
        more = {"lasts": closing or span.lasts, "repeats": span.repeats}
        yield Fact(AgreementKind.SLA, metric, getattr(ticket, span.starts), stopped, **more)


def _ola(ticket: Ticket, timed: Clocks, at: datetime, *, gained: bool) -> Iterator[Fact]:
    """From getting the ticket to starting work on it, and to passing it on or solving it. Starts when noticed."""
    answered = at if ticket.state in timed.at_work or ticket.resolved_at else None
    over_at = _over_at(ticket, at)
    parts: dict[str, Any] = {"group_id": ticket.group_id, "repeats": gained}
    yield Fact(AgreementKind.OLA, Metric.RESPONSE, at, answered, **parts)
    yield Fact(AgreementKind.OLA, Metric.RESOLVE, at, over_at, **parts)


def _uc(ticket: Ticket, at: datetime) -> Iterator[Fact]:
    """From the call: to the vendor's first answer, to their arrival, and to the end of their part (SLM-07)."""
    called_at: Any = getattr(ticket, "vendor_called_at", None)
    if not (ticket.supplier_id and called_at):
        return
    done_at = getattr(ticket, "vendor_answered_at", None) or _over_at(ticket, at)
    arrived_at = getattr(ticket, "vendor_arrived_at", None)
    responded_at = getattr(ticket, "vendor_responded_at", None) or arrived_at or done_at
    parts: dict[str, Any] = {"supplier_id": ticket.supplier_id, "repeats": True}
    yield Fact(AgreementKind.UC, Metric.RESPONSE, called_at, responded_at, **parts)
    remote = done_at is not None and arrived_at is None
    yield Fact(AgreementKind.UC, Metric.ON_SITE, called_at, arrived_at, dropped=remote, **parts)
    yield Fact(AgreementKind.UC, Metric.RESOLVE, called_at, done_at, **parts)


def unanswered_since(ticket: Ticket, agreement: str, metric: str) -> datetime | None:
    """Since when nobody has begun: what the rules "not responded to" of P1 and P2 count from (INC-22)."""
    waits = (agreement, metric) in ((AgreementKind.OLA, Metric.DISPATCH), (AgreementKind.SLA, Metric.RESPONSE))
    return ticket.created_at if waits and ticket.responded_at is None else None


def is_unmeasured(ticket: Ticket) -> bool:
    """Whether figures leave it out: a duplicate is solved by its main ticket, a complaint is no incident."""
    return ticket.duplicate_of_id is not None or ticket.nature_id == COMPLAINT


def is_not_solved(ticket: Ticket) -> bool:
    """Whether it was closed because the solution was none (INC-12)."""
    return ticket.phase == Phase.CLOSED and getattr(ticket, "close_code_id", None) == UNRESOLVED


def is_given_back(entry: TimelineEntry, timed: Clocks) -> bool:
    """Whether the step sent the ticket back to the desk, which dispatches it anew; taking one back does not."""
    moved = entry.state_to == timed.at_desk and entry.state_from not in ("", timed.at_desk)
    return bool(timed.at_desk) and moved and entry.action != TAKEN_BACK


def is_given_out(entry: TimelineEntry, timed: Clocks) -> bool:
    """Whether the desk dispatched it with this step."""
    return bool(timed.at_desk) and entry.state_from == timed.at_desk and entry.state_to in ("assigned", "in_progress")


def _over_at(ticket: Ticket, at: datetime) -> datetime | None:
    return at if ticket.resolved_at else None


def is_over(ticket: Ticket) -> bool:
    """Whether nobody works on it any more."""
    return ticket.phase in (Phase.RESOLVED, Phase.CLOSED)


def is_update(entry: TimelineEntry) -> bool:
    """Whether ``entry`` tells the requester how it stands: something public that staff wrote."""
    return bool(entry.is_public and entry.text and entry.actor_id and entry.actor and entry.actor.is_agent)


def basis_of(ticket: Ticket) -> str:
    """What the choice of promises rests on; another basis may mean other promises."""
    grade = ticket.kind_info.grade_of(ticket)
    parts = (ticket.priority_id, ticket.nature_id or "", ticket.business_system_id or "", ticket.organisation_id)
    return "|".join(str(part) for part in (*parts, *([grade] if grade else [])))
