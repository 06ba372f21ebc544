"""What a ticket says about its clocks: which should run since when, and which have stopped. Pure: runs no query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sla.models import AgreementKind, Clock, Metric
from tickets.actions import TAKEN_BACK
from tickets.lifecycle import Phase
from tickets.models import Ticket, TimelineEntry

#: States in which somebody of the holding group is at work, in every kind that has groups.
AT_WORK = frozenset({"in_progress", "pending"})
#: The state of a ticket that the desk has to dispatch.
BACK_AT_DESK = "registered"


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


def facts_of(ticket: Ticket, at: datetime, *, gained: bool = False) -> Iterator[Fact]:
    """Every clock that ``ticket`` speaks of at ``at``, as ``sla_clock_definitions`` says.

    ``gained``: its group has just got it.
    """
    yield from _dispatch(ticket, at)
    yield from _sla(ticket, at)
    if ticket.group_id and ticket.assigned_at and ticket.state != BACK_AT_DESK:
        yield from _ola(ticket, at, gained=gained)
    yield from _uc(ticket, at)


def _dispatch(ticket: Ticket, at: datetime) -> Iterator[Fact]:
    """The desk's own limit: from registration, and from every return to the desk, until a group has it (INC-22).

    Whoever ends it at the desk has decided what becomes of it. It has no holder: the desk's groups share it.
    """
    waits = ticket.state == BACK_AT_DESK
    since = at if ticket.assigned_at else ticket.created_at
    yield Fact(AgreementKind.OLA, Metric.DISPATCH, since if waits else None, None if waits else at, repeats=True)


def _sla(ticket: Ticket, at: datetime) -> Iterator[Fact]:
    """Response from the first assignment to the start of work, resolution from there; the visit in between.

    A time of arrival is typed by hand: that it is there stops the clock now (reliability.md, section 0).
    """
    responded_at, resolved_at = ticket.responded_at, ticket.resolved_at
    arrived = at if getattr(ticket, "arrived_at", None) else None
    yield Fact(AgreementKind.SLA, Metric.RESPONSE, ticket.assigned_at, responded_at)
    yield Fact(AgreementKind.SLA, Metric.ON_SITE, responded_at, arrived)
    yield Fact(AgreementKind.SLA, Metric.RESOLVE, responded_at, resolved_at)
    yield Fact(AgreementKind.SLA, Metric.UPDATE, responded_at, resolved_at)


def _ola(ticket: Ticket, at: datetime, *, gained: bool) -> Iterator[Fact]:
    """From getting the ticket to starting work on it, and to passing it on or solving it. Starts when noticed."""
    answered = at if ticket.state in AT_WORK or ticket.resolved_at else None
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
    """Since when nobody has begun to work on it: what the rules "not responded to" of P1 and P2 count from (INC-22)."""
    waits = (agreement, metric) in ((AgreementKind.OLA, Metric.DISPATCH), (AgreementKind.SLA, Metric.RESPONSE))
    return ticket.created_at if waits and ticket.responded_at is None else None


def is_given_back(entry: TimelineEntry) -> bool:
    """Whether the step sent the ticket back to the desk, which dispatches it anew."""
    moved = entry.state_to == BACK_AT_DESK and entry.state_from not in ("", BACK_AT_DESK)
    return moved and entry.action != TAKEN_BACK


def is_given_out(entry: TimelineEntry) -> bool:
    """Whether the desk dispatched it with this step."""
    return entry.state_from == BACK_AT_DESK and entry.state_to in ("assigned", "in_progress")


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
    return f"{ticket.priority_id}|{ticket.nature_id or ''}|{ticket.business_system_id or ''}|{ticket.organisation_id}"
