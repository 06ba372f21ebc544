"""The end of a wait: the ticket goes on by itself, or people are reminded, as the reason for waiting says (INC-22)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from sla.models import Command
from sla.orders.ordering import Refused, order, take_back
from tickets.actions import perform
from tickets.lifecycle import Phase
from tickets.models import Ticket, TimelineEntry

RESUME, REMIND = "resume_by_time", "remind_of_wait"
KINDS = (Command.Kind.WAIT_OVER,)


def follow(ticket: Ticket, entry: TimelineEntry, now: datetime) -> None:
    """Plan the end of a wait that begins; forget it when the wait ends. Ordinary actions cost nothing."""
    if entry.state_from == entry.state_to:
        return
    if ticket.phase == Phase.WAITING and ticket.wait_until is not None and RESUME in ticket.kind_info.actions:
        key = f"wait:{ticket.pk}:{entry.pk}"
        order(Command.Kind.WAIT_OVER, ticket, key=key, due_at=ticket.wait_until, at=now)
    elif entry.action != RESUME and entry.state_from and ticket.kind_info.phase_of(entry.state_from) == Phase.WAITING:
        take_back(ticket, KINDS, now)


def carry_out(command: Command, ticket: Ticket, at: datetime) -> str:
    """Let it go on, or remind whoever handles it; its clocks count again from the end that was given."""
    if ticket.phase != Phase.WAITING or ticket.wait_reason is None:
        raise Refused(_("It waits no more."))
    resumes = ticket.wait_reason.resumes
    perform(ticket.specific, RESUME if resumes else REMIND, user=None, now=at)
    return Command.Outcome.RESUMED if resumes else Command.Outcome.TOLD
