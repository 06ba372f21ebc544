"""Waiting: how it begins and ends in a row of any kind, and which reasons stop its clocks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from tickets.lifecycle import ActionSet

if TYPE_CHECKING:
    from tickets.models import Ticket, WaitReason

PausingOf = Callable[["Ticket"], frozenset[str] | None]
_sources: list[PausingOf] = []


def register_pausing(source: PausingOf) -> None:
    """Ask ``source`` from now on: codes of the reasons that stop a ticket's clocks; None: no clock runs."""
    if source not in _sources:
        _sources.append(source)


def pausing_reasons(ticket: Ticket) -> frozenset[str] | None:
    """Codes of the reasons that stop the clocks of ``ticket``; None while none runs, or for a ticket not stored."""
    if ticket.pk is None:
        return None
    answers = [found for source in _sources if (found := source(ticket)) is not None]
    return frozenset().union(*answers) if answers else None


def begin_waiting(ticket: Ticket, reason: WaitReason, until: datetime, now: datetime) -> None:
    """It waits for ``reason``, at most ``until`` then."""
    ticket.wait_reason, ticket.wait_until, ticket.waiting_since = reason, until, now
    ticket.wait_count += 1


def end_waiting(ticket: Ticket, now: datetime) -> None:
    """Add the pause to the time waited; nothing for what does not wait."""
    if ticket.waiting_since is not None:
        ticket.waited = (ticket.waited or timedelta()) + (now - ticket.waiting_since)
    ticket.wait_reason = ticket.wait_until = ticket.waiting_since = None


def reminding_of_waits(*, waits_in: str) -> ActionSet:
    """What the portal says at the end of a wait to whoever handles a ticket that ``waits_in`` this state."""
    reminding = ActionSet()

    @reminding.action(
        source=waits_in,
        label=_("Remind of the wait"),
        done=_("the wait is over: whoever handles it was reminded"),
        tells=("wait_over",),
        system=True,
        icon="bell-ringing",
        public=False,
        versioned=False,
    )
    def remind_of_wait(ticket: Ticket, *, user: None, now: datetime) -> None:
        """Say at the end of a wait that it is over; the clocks count again (INC-22)."""

    return reminding
