"""Keeping the planned times of tickets, which lists and queues read, in line with their clocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from sla.calendars.publishing import business_time
from sla.clocks.facts import is_unmeasured
from sla.clocks.life import Life
from sla.clocks.limits import soon_before
from sla.models import AgreementKind, Clock, Metric
from sla.promises.models import OF_KINDS
from tickets.clock import NO_LIMIT
from tickets.models import Ticket

COLUMNS = (
    "planned_response_at",
    "planned_completion_at",
    "responded_in_time",
    "completed_in_time",
    "dispatched_in_time",
    "queue_due_at",
    "due_soon_at",
)


def plan(ticket: Ticket) -> None:
    """Set the planned times, the verdicts and the limit that runs now from the ticket's clocks. Sets columns only."""
    clocks = Clock.objects.filter(Q(agreement=AgreementKind.SLA) | Q(metric=Metric.DISPATCH), ticket_id=ticket.pk)
    set_columns(ticket, clocks.select_related("calendar_version"))


def set_columns(ticket: Ticket, clocks: Iterable[Clock]) -> None:
    """As ``plan``, from ``clocks`` at hand. While it is worked on, what is promised no more is not planned either."""
    clocks = list(clocks)
    own = [c for c in clocks if c.agreement == AgreementKind.SLA]
    ended = Clock.State.CANCELLED
    counting = [c for c in own if not (c.state == ended and (ticket.is_live or c.excuse == Clock.Excuse.TAKEN_BACK))]
    newest = {c.metric: c for c in sorted(counting, key=lambda c: c.round)}
    response, resolve = newest.get(Metric.RESPONSE), newest.get(Metric.RESOLVE)
    ticket.planned_response_at = _planned(response)
    ticket.planned_completion_at = _planned(resolve)
    ticket.responded_in_time = response.met if response else None
    ticket.completed_in_time = resolve.met if resolve else None
    dispatch = max(
        (c for c in clocks if c.metric == Metric.DISPATCH and c.excuse != Clock.Excuse.TAKEN_BACK),
        key=lambda c: c.round,
        default=None,
    )
    ticket.dispatched_in_time = _kept(dispatch)
    if is_unmeasured(ticket):
        ticket.responded_in_time = ticket.completed_in_time = ticket.dispatched_in_time = None
    running = response if response and response.is_active else resolve
    ends = (_runs_until(each) for each in (dispatch, running, *(newest.get(metric) for metric in OF_KINDS)))
    ticket.queue_due_at, ticket.due_soon_at = min(ends)


def _kept(clock: Clock | None) -> bool | None:
    """The verdict; a limit that has passed is one already."""
    if clock is None or clock.state == Clock.State.CANCELLED:
        return None
    return False if clock.breached_at else clock.met


def store_plan(ticket: Ticket, lives: Iterable[Life]) -> None:
    """Plan ``ticket`` and store what changed, if anything did. Only while the ticket is locked."""
    before = {name: getattr(ticket, name) for name in COLUMNS}
    set_columns(ticket, [life.clock for life in lives])
    changed = {name: getattr(ticket, name) for name, old in before.items() if getattr(ticket, name) != old}
    if changed:
        Ticket.objects.filter(pk=ticket.pk).update(**changed)


def _planned(clock: Clock | None) -> datetime | None:
    """When it is or was due; while paused: as it was planned before the pause."""
    if clock is None or clock.due_at or clock.paused_since is None:
        return clock.due_at if clock else None
    return clock.breached_at or Life(clock).expected_due(clock.paused_since)


def _runs_until(clock: Clock | None) -> tuple[datetime, datetime]:
    """The limit that runs, and from when on it is soon; both far away while none runs."""
    if clock is None or clock.running_since is None or clock.due_at is None:
        return NO_LIMIT, NO_LIMIT
    ahead = clock.target - soon_before(clock.target) - clock.consumed
    soon_at = business_time(clock.calendar_version).add(clock.running_since, max(ahead, timedelta()))
    return clock.due_at, min(soon_at, clock.due_at)
