"""The limit that a ticket has to keep next, as pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tickets.clock import NO_LIMIT
from tickets.lifecycle import Phase
from tickets.models import Ticket


@dataclass(frozen=True)
class Chip:
    """What ``components/chip.html`` draws: the next limit only, with what remains.

    ``tone``: ok, soon, late, idle. ``due``: None while no clock runs. ``soon``: seconds before it at
    which it turns amber. ``text`` replaces the time left.
    """

    tone: str
    label: Any = ""
    text: Any = ""
    due: datetime | None = None
    soon: int = 0
    exact: str = ""


def chip_of(ticket: Ticket, now: datetime) -> Chip:
    """The chip of ``ticket`` at ``now``."""
    if ticket.queue_due_at < NO_LIMIT:
        label = _("Response") if ticket.responded_at is None else _("Resolution")
        amber = int((ticket.queue_due_at - ticket.due_soon_at).total_seconds())
        return Chip(tone_at(ticket, now), label, due=ticket.queue_due_at, soon=amber)
    texts = {Phase.OPEN: _("No limit yet"), Phase.WAITING: _("Paused")}
    return Chip("idle", text=texts.get(Phase(ticket.phase), ticket.state_label))


def tone_at(ticket: Ticket, now: datetime) -> str:
    """Green, amber (under 20 % of the target or 10 minutes), red."""
    if now > ticket.queue_due_at:
        return "late"
    return "soon" if now >= ticket.due_soon_at else "ok"


@dataclass(frozen=True)
class LimitBar:
    """What ``components/clock.html`` draws: one limit with how much of it is used."""

    label: Any
    target: Any
    tone: str
    text: Any
    due: datetime | None
    soon: int
    used_percent: int


def limit_bars(ticket: Ticket, now: datetime) -> list[LimitBar]:
    """Response and resolution of ``ticket``, with target, verdict or time left."""
    return [
        _bar(
            ticket,
            now,
            _("Response"),
            (ticket.assigned_at, ticket.planned_response_at, ticket.responded_at),
        ),
        _bar(
            ticket,
            now,
            _("Resolution"),
            (ticket.responded_at, ticket.planned_completion_at, ticket.resolved_at),
        ),
    ]


def _bar(
    ticket: Ticket,
    now: datetime,
    label: str,
    times: tuple[datetime | None, datetime | None, datetime | None],
) -> LimitBar:
    started, due, done = times
    if started is None or due is None:
        return LimitBar(label, "", "idle", _("not started"), None, 0, 0)
    used = min(100, int(100 * ((done or now) - started) / max(due - started, due.resolution)))
    if done is not None:
        met = done <= due
        return LimitBar(label, "", "ok" if met else "late", _("met") if met else _("missed"), None, 0, used)
    if ticket.queue_due_at == NO_LIMIT:
        return LimitBar(label, "", "idle", _("paused"), None, 0, used)
    amber = int((ticket.queue_due_at - ticket.due_soon_at).total_seconds())
    return LimitBar(label, "", tone_at(ticket, now), "", due, amber, used)
