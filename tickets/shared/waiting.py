"""Which reasons for waiting stop a ticket's clocks, as whoever keeps clocks says."""

from __future__ import annotations

from collections.abc import Callable

from tickets.models import Ticket

PausingOf = Callable[[Ticket], frozenset[str] | None]
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
