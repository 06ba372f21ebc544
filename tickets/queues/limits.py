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
        label = _limit_of(ticket)
        amber = int((ticket.queue_due_at - ticket.due_soon_at).total_seconds())
        return Chip(tone_at(ticket, now), label, due=ticket.queue_due_at, soon=amber)
    texts = {Phase.OPEN: _("No limit yet"), Phase.WAITING: _("Paused")}
    return Chip("idle", text=texts.get(Phase(ticket.phase), ticket.state_label))


def _limit_of(ticket: Ticket) -> str:
    """Which limit runs next, as its kind calls it.

    At the desk it has to be dispatched (INC-22), where the response does not count yet. Of a kind with limits of its
    own the row does not say which of these is next.
    """
    timed = ticket.kind_info.timed
    if ticket.queue_due_at == ticket.planned_completion_at:
        return str(timed.labels.get("resolve", _("Resolution")))
    responds = ticket.queue_due_at == ticket.planned_response_at
    if ticket.state == timed.at_desk and not responds:
        return _("Dispatch")
    return str(timed.labels.get("response", _("Response"))) if responds or not timed.labels else _("Next limit")


def tone_at(ticket: Ticket, now: datetime) -> str:
    """Green, amber (under 20 % of the target or 10 minutes), red."""
    if now > ticket.queue_due_at:
        return "late"
    return "soon" if now >= ticket.due_soon_at else "ok"
