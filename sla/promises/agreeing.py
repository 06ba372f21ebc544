"""Times agreed with requesters (INC-19): notices of their own. Limits and verdicts stay as they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from notifications.services import give_notice
from notifications.texts import named
from sla.clocks.firing import Hearers
from sla.clocks.models import URGENT_RANK
from sla.models import Command
from sla.orders.ordering import Refused, order, take_back
from tickets.models import Ticket, TimelineEntry
from tickets.services import log_event

AGREE = "agree_time"
KINDS = (Command.Kind.AGREED_NEAR, Command.Kind.AGREED_OVER)
#: People are warned this long before an agreed time, and at the latest when half of the way is over.
AHEAD = timedelta(hours=1)
BEFORE, OVER = ("assignee", "group_duty"), ("assignee", "group_duty", "group_lead")


def follow(ticket: Ticket, entry: TimelineEntry, now: datetime) -> None:
    """Plan the notices of an agreed time; forget them when the ticket is solved. Does nothing without such a time."""
    if ticket.agreed_at is None:
        return
    if entry.action == AGREE:
        take_back(ticket, KINDS, now)
        _plan(ticket, entry, now)
        _confirm(ticket, entry, now)
    elif entry.state_from != entry.state_to and not ticket.is_live:
        take_back(ticket, KINDS, now)


def _plan(ticket: Ticket, entry: TimelineEntry, now: datetime) -> None:
    agreed = ticket.agreed_at or now
    near = agreed - min(AHEAD, (agreed - now) / 2)
    order(Command.Kind.AGREED_NEAR, ticket, key=f"agreed_near:{ticket.pk}:{entry.pk}", due_at=near, at=now)
    order(Command.Kind.AGREED_OVER, ticket, key=f"agreed_over:{ticket.pk}:{entry.pk}", due_at=agreed, at=now)


def _confirm(ticket: Ticket, entry: TimelineEntry, now: datetime) -> None:
    """Let the requester read what was agreed."""
    give_notice(
        key=f"agreed:{ticket.pk}:{entry.pk}",
        event="agreed",
        ticket=ticket,
        recipients=[ticket.requester] if ticket.requester and ticket.requester_id != entry.actor_id else [],
        urgent=False,
        at=now,
        payload={**_said(ticket), **({"actor": named(entry.actor)} if entry.actor else {})},
    )


def _said(ticket: Ticket) -> dict[str, Any]:
    """The agreed time and its reason, for templates."""
    return {"due": ticket.agreed_at.isoformat() if ticket.agreed_at else "", "text": ticket.agreed_reason}


def tell_near(command: Command, ticket: Ticket, at: datetime) -> str:
    """Warn those who work on it. Raises Refused."""
    if ticket.agreed_at is not None and ticket.agreed_at <= at:
        raise Refused(_("The agreed time itself has come."))
    return _tell(command, ticket, at, BEFORE)


def tell_over(command: Command, ticket: Ticket, at: datetime) -> str:
    """Tell them and their lead that it has come. Raises Refused."""
    return _tell(command, ticket, at, OVER)


def _tell(command: Command, ticket: Ticket, at: datetime, roles: tuple[str, ...]) -> str:
    if not ticket.is_live or ticket.agreed_at is None:
        raise Refused(_("It is resolved or closed already."))
    give_notice(
        key=command.key,
        event=command.kind,
        ticket=ticket,
        recipients=Hearers(at).of(roles, ticket),
        urgent=ticket.priority_rank <= URGENT_RANK,
        at=at,
        due_at=command.due_at,
        payload=_said(ticket),
        internal=True,
    )
    log_event(ticket=ticket, event=command.kind, user=None, now=at)
    return Command.Outcome.TOLD
