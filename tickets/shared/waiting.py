"""Waiting: how it begins and ends in a row of any kind, and which reasons stop its clocks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

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
