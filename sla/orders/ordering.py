"""Commands as rows: ordering and taking back. Carrying out is in ``sla.orders.commands``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sla.models import Command
from tickets.models import Ticket

WAITING = Command.State.WAITING


class Refused(Exception):  # noqa: N818 - what happened, not an error of ours
    """A command must not be carried out any more; the text says why."""


class Later(Exception):  # noqa: N818
    """A command has to wait until another moment, which is the argument."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(until.isoformat())


def order(
    kind: str, ticket: Ticket, *, key: str, due_at: datetime, at: datetime, payload: dict[str, Any] | None = None
) -> None:
    """Store that the portal is to do ``kind`` to ``ticket`` at ``due_at``, once for ``key``.

    In the caller's transaction. Does nothing when ``key`` exists, also when another one stores it at the same moment.
    """
    row = Command(
        key=key,
        kind=kind,
        ticket_id=ticket.pk,
        rank=ticket.priority_rank,
        payload=payload or {},
        due_at=due_at,
        run_at=due_at,
        created_at=at,
    )
    Command.objects.bulk_create([row], ignore_conflicts=True)


def take_back(ticket: Ticket, kinds: Iterable[str], at: datetime) -> int:
    """Cancel the commands of ``kinds`` that wait for ``ticket``, which the caller has locked; return how many."""
    waiting = Command.objects.filter(ticket_id=ticket.pk, kind__in=list(kinds), state=WAITING)
    return waiting.update(state=Command.State.CANCELLED, done_at=at)
