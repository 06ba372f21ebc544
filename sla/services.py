"""Keeping the planned times of tickets. The seam where calendars, policies and pausing rules come in."""

from __future__ import annotations

from datetime import timedelta

from sla.limits import Limit, planned
from tickets.clock import NO_LIMIT
from tickets.lifecycle import Phase
from tickets.models import Ticket

COLUMNS = (
    "planned_response_at",
    "planned_completion_at",
    "responded_in_time",
    "completed_in_time",
    "queue_due_at",
    "due_soon_at",
)


def plan(ticket: Ticket) -> None:
    """Set the planned times, the verdicts and the limit that runs now, from the ticket's own columns.

    Response counts from the first assignment to the start of work, completion from there to the
    solution (``sla_clock_definitions``). Time waited moves the completion. Sets columns only.
    """
    response = completion = None
    if ticket.assigned_at:
        response = planned(ticket.assigned_at, ticket.priority.response_minutes)
    if ticket.responded_at:
        waited = ticket.waited or timedelta()
        completion = planned(ticket.responded_at, ticket.priority.resolve_minutes, waited)
    ticket.planned_response_at = response.due_at if response else None
    ticket.planned_completion_at = completion.due_at if completion else None
    ticket.responded_in_time = _verdict(response, ticket.responded_at)
    ticket.completed_in_time = _verdict(completion, ticket.resolved_at)
    running = _running(ticket, response, completion)
    ticket.queue_due_at = running.due_at if running else NO_LIMIT
    ticket.due_soon_at = running.soon_at if running else NO_LIMIT


def store_plan(ticket: Ticket) -> None:
    """Plan ``ticket`` and store what changed, if anything did. Only while the ticket is locked."""
    before = [getattr(ticket, name) for name in COLUMNS]
    plan(ticket)
    if before != [getattr(ticket, name) for name in COLUMNS]:
        ticket.save(update_fields=COLUMNS)


def _verdict(limit: Limit | None, done_at: object) -> bool | None:
    """In time, too late, or not known yet."""
    return None if limit is None or done_at is None else bool(done_at <= limit.due_at)  # type: ignore[operator]


def _running(ticket: Ticket, response: Limit | None, completion: Limit | None) -> Limit | None:
    if ticket.phase != Phase.OPEN:
        return None
    return response if ticket.responded_at is None else completion
