"""The manager's board: what is escalated and nobody has answered, what the portal was refused, what it plans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from sla.models import Command
from tickets.models import Ticket
from tickets.querysets import LIVE
from tickets.queues.limits import Chip, chip_of

SHOWN = 200
PLANNED = 30
#: For so long what could not be carried out stays on the board.
KEPT = timedelta(days=7)
State = Command.State


@dataclass(frozen=True)
class Line:
    """An escalated ticket with what made it so. ``chip``: the limit that runs; ``can_answer``: may take note of it."""

    ticket: Ticket
    command: Command | None
    chip: Chip
    can_answer: bool


def may_see_board(user: User) -> bool:
    """Staff who see every ticket and read internal notes."""
    return user.may(Permission.VIEW) and user.may(Permission.INTERNAL)


def escalated(user: User, now: datetime) -> list[Line]:
    """Tickets that are escalated, the most urgent first and of equal ones the oldest. Two queries."""
    found = Ticket.objects.visible_to(user).filter(phase__in=LIVE, escalated_at__isnull=False)
    tickets = list(
        found.for_rows(also=["escalated_at", "assigned_at"]).order_by("priority_rank", "escalated_at")[:SHOWN]
    )
    keys = [ticket.pk for ticket in tickets]
    rows = Command.objects.filter(ticket__in=keys, kind=Command.Kind.ESCALATE, state=State.DONE).order_by("done_at")
    newest = {row.ticket_id: row for row in rows}
    return [Line(t, newest.get(t.pk), chip_of(t, now), can_answer(t, user)) for t in tickets]


def can_answer(ticket: Ticket, user: User) -> bool:
    """Whether ``user`` may take note of the escalation."""
    action = ticket.kind_info.actions.get("acknowledge")
    return bool(action and action.allow and action.allow(ticket, user))


def not_carried_out(user: User, now: datetime) -> list[Command]:
    """Commands of the last days that were refused or given up, the newest first. One query.

    Not those of duplicates: nothing is carried out on them by design, their main ticket is escalated.
    """
    ended = Command.objects.filter(state__in=[State.REFUSED, State.FAILED], done_at__gt=now - KEPT)
    ended = ended.filter(ticket__duplicate_of=None)
    seen = ended.filter(ticket__in=Ticket.objects.visible_to(user)) if not user.may(Permission.VIEW) else ended
    return list(seen.select_related("ticket").order_by("-done_at")[:PLANNED])


def planned(user: User) -> list[Command]:
    """What the portal does next by itself. One query."""
    waiting = Command.objects.filter(state=State.WAITING).order_by("run_at")
    seen = waiting.filter(ticket__in=Ticket.objects.visible_to(user)) if not user.may(Permission.VIEW) else waiting
    return list(seen.select_related("ticket")[:PLANNED])


def board(user: User, now: datetime) -> dict[str, Any]:
    """What ``sla/board.html`` draws."""
    return {
        "lines": escalated(user, now),
        "refused": not_carried_out(user, now),
        "planned": planned(user),
        "now": now,
        "days": KEPT.days,
    }
