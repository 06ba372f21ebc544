"""Who had a ticket when, by its timeline: groups, vendors, visits, and words to the requester. For trying drafts.

What is not written there is not made up: a ticket whose steps are missing has no periods, and is counted as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sla.clocks.facts import is_unmeasured, is_update
from sla.models import AgreementKind, Metric
from tickets.forms import named_row
from tickets.lifecycle import Phase
from tickets.models import Ticket, TimelineEntry

SLA, OLA, UC = AgreementKind.SLA, AgreementKind.OLA, AgreementKind.UC
CALLED, RESPONDED = "call_vendor", "record_vendor_response"
ARRIVED, ANSWERED = "record_vendor_arrival", "record_vendor_answer"


@dataclass(frozen=True)
class Period:
    """A time that somebody promised, from ``since`` until ``done_at``; ``dropped_at``: over without a verdict.

    ``holder``: the group or vendor as the timeline names it; empty: a limit to the customer.
    """

    agreement: str
    metric: str
    since: datetime
    done_at: datetime | None = None
    dropped_at: datetime | None = None
    holder: str = ""


@dataclass(frozen=True)
class Holding:
    """A group that had the ticket, or a vendor that was called. ``over_at``: its part ended.

    ``dropped``: because the ticket was closed without having been solved.
    """

    holder: str
    since: datetime
    answered_at: datetime | None = None
    arrived_at: datetime | None = None
    over_at: datetime | None = None
    dropped: bool = False

    def period(self, agreement: str, metric: str, done_at: datetime | None, *, dropped: bool = False) -> Period:
        """What is measured of it; ``dropped``: it has no verdict, whatever it was."""
        gone = self.dropped and done_at in (None, self.over_at)
        return Period(
            agreement,
            metric,
            self.since,
            None if gone or dropped else done_at,
            self.over_at if gone or dropped else None,
            self.holder,
        )


def periods_of(ticket: Ticket, steps: Iterable[TimelineEntry]) -> list[Period]:
    """What on-site, update, group and vendor clocks would measure on ``ticket``; ``steps``: all of it, in order."""
    known = list(steps)
    if is_unmeasured(ticket):
        return []
    parts = (_dispatches, _visit, _updates, _of_groups, _of_vendors)
    return [period for part in parts for period in part(ticket, known)]


def is_silent(ticket: Ticket, steps: Iterable[TimelineEntry], kind: str) -> bool:
    """Whether the timeline does not say when the holders of ``kind`` had the ticket, though there was one."""
    known = list(steps)
    if kind == OLA:
        return ticket.group_id is not None and not any(_holdings(ticket, known))
    called = getattr(ticket.specific, "vendor_called_at", None) if ticket.supplier_id else None
    return kind == UC and bool(ticket.supplier_id and called) and not any(s.action == CALLED for s in known)


# --- To the customer -------------------------------------------------------------------------------------------------
def _over_at(ticket: Ticket) -> datetime | None:
    return min((at for at in (ticket.resolved_at, ticket.closed_at) if at), default=None)


def _dispatches(ticket: Ticket, steps: list[TimelineEntry]) -> Iterator[Period]:
    """From registration and from each return to the desk, until a group has it or the desk has ended it (INC-22)."""
    since, desk = None, ticket.kind_info.timed.at_desk
    for step in steps if desk else ():
        if since is None and step.state_to == desk:
            since = step.at
        elif since is not None and step.state_to not in ("", desk):
            if step.at > since:
                yield Period(OLA, Metric.DISPATCH, since, step.at)
            since = None
    if since is not None:
        yield Period(OLA, Metric.DISPATCH, since)


def _visit(ticket: Ticket, steps: list[TimelineEntry]) -> Iterator[Period]:
    """From the start of work to the step that wrote down the arrival: a time typed by hand moves no clock."""
    if ticket.responded_at is None:
        return
    since, over_at = ticket.responded_at, _over_at(ticket)
    arrived = next((s.at for s in steps if _new(s, "arrived_at") and s.at >= since), None)
    yield Period(SLA, Metric.ON_SITE, since, arrived, None if arrived else over_at)


def _updates(ticket: Ticket, steps: list[TimelineEntry]) -> Iterator[Period]:
    """From the start of work, and from each word to the requester, to the next one."""
    if ticket.responded_at is None:
        return
    since, over_at = ticket.responded_at, _over_at(ticket)
    for step in steps:
        if step.at > since and (over_at is None or step.at < over_at) and is_update(step):
            yield Period(SLA, Metric.UPDATE, since, step.at)
            since = step.at
    yield Period(SLA, Metric.UPDATE, since, ticket.resolved_at, ticket.closed_at)


# --- Among those who work on it --------------------------------------------------------------------------------------
def _of_groups(ticket: Ticket, steps: list[TimelineEntry]) -> Iterator[Period]:
    for part in _holdings(ticket, steps):
        yield part.period(OLA, Metric.RESPONSE, part.answered_at or part.over_at)
        yield part.period(OLA, Metric.RESOLVE, part.over_at)


def _holdings(ticket: Ticket, steps: list[TimelineEntry]) -> list[Holding]:
    """From getting the ticket to passing it on or solving it; what is reopened is not measured again."""
    found: list[Holding] = []
    group, had = _first_group(ticket, steps), False
    for step in steps:
        moved, state = _change(step, "group"), step.state_to or step.state_from
        group = _key(moved["new"]) if moved else group
        open_ = found[-1] if found and found[-1].over_at is None else None
        if open_ and open_.holder != group:
            found[-1], open_ = replace(open_, over_at=step.at), None
        had = had and not moved
        if (
            open_ is None
            and group is not None
            and state not in ("", ticket.kind_info.timed.at_desk)
            and not had
            and not _is_end(ticket, step)
        ):
            open_, had = Holding(group, step.at), True
            found.append(open_)
        if open_:
            found[-1] = _worked_on(ticket, open_, step)
    return found


def _worked_on(ticket: Ticket, part: Holding, step: TimelineEntry) -> Holding:
    if step.state_to in ticket.kind_info.timed.at_work and part.answered_at is None:
        part = replace(part, answered_at=step.at)
    return _ended(ticket, part, step) if _is_end(ticket, step) else part


def _is_end(ticket: Ticket, step: TimelineEntry) -> bool:
    return bool(step.state_to) and ticket.kind_info.phase_of(step.state_to) in (Phase.RESOLVED, Phase.CLOSED)


def _ended(ticket: Ticket, part: Holding, step: TimelineEntry) -> Holding:
    return replace(part, over_at=step.at, dropped=ticket.resolved_at is None)


def _first_group(ticket: Ticket, steps: list[TimelineEntry]) -> str:
    """The group that it was registered with: the one before the first change, else the present one."""
    first = next((change for step in steps if (change := _change(step, "group"))), None)
    return _key(first["old"]) if first else _code(ticket.group)


def _of_vendors(ticket: Ticket, steps: list[TimelineEntry]) -> Iterator[Period]:
    """From each call: to the first answer, to the arrival, and to the end of the vendor's part (SLM-07)."""
    for part in _called(ticket, steps):
        remote = part.over_at is not None and part.arrived_at is None
        yield part.period(UC, Metric.RESPONSE, part.answered_at or part.arrived_at or part.over_at)
        yield part.period(UC, Metric.ON_SITE, part.arrived_at, dropped=remote)
        yield part.period(UC, Metric.RESOLVE, part.over_at)


def _called(ticket: Ticket, steps: list[TimelineEntry]) -> list[Holding]:
    found: list[Holding] = []
    moves = [change for step in steps if (change := _change(step, "supplier"))]
    supplier = _key(moves[0]["old"]) if moves else _code(ticket.supplier)
    for step in steps:
        moved = _change(step, "supplier")
        supplier = _key(moved["new"]) if moved else supplier
        if step.action == CALLED and supplier:
            found.append(Holding(supplier, step.at))
        elif found and found[-1].over_at is None:
            found[-1] = _of_vendor(ticket, found[-1], step)
    return found


def _of_vendor(ticket: Ticket, part: Holding, step: TimelineEntry) -> Holding:
    if step.action == RESPONDED:
        return replace(part, answered_at=part.answered_at or step.at)
    if step.action == ARRIVED:
        return replace(part, arrived_at=step.at, answered_at=part.answered_at or step.at)
    if step.action == ANSWERED:
        return replace(part, over_at=step.at)
    return _ended(ticket, part, step) if _is_end(ticket, step) else part


# --- Steps -----------------------------------------------------------------------------------------------------------
def _change(step: TimelineEntry, field: str) -> Any:
    return next((change for change in step.changes if change["field"] == field), None)


def _new(step: TimelineEntry, field: str) -> Any:
    return (_change(step, field) or {}).get("new")


def _key(value: Any) -> str:
    return str(value["id"]) if value else ""


def _code(row: Any) -> str:
    """As ``tickets.forms.named_row`` writes a row down."""
    return str(named_row(row)["id"]) if row else ""
