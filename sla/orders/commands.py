"""Carrying out what the portal does to tickets by itself: each command once, whoever comes (reliability.md, 3.2).

Each in a transaction of its own: the ticket is locked first, then the command, then ``perform`` locks the clocks; the
same order as in every action. A ticket that somebody is changing right now is left for the next pass.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import translation

from duty.services import recipients_for
from notifications.services import give_notice
from sla.clocks.timers import limit_waiting
from sla.models import Command
from sla.orders import closing, escalating, waiting
from sla.orders.ordering import WAITING, Later, Refused
from sla.promises import agreeing
from tickets import clock as database_clock
from tickets.errors import ActionError
from tickets.models import Ticket

logger = logging.getLogger(__name__)

BATCH = 50
RETRY_AFTER = timedelta(seconds=30)
MOST_ATTEMPTS = 5
State, Kind = Command.State, Command.Kind

#: What each kind does. Returns a word for what came of it; raises Refused, Later, or what ``perform`` raises.
HANDLERS: dict[str, Callable[[Command, Ticket, datetime], str]] = {
    Kind.ESCALATE: escalating.carry_out,
    Kind.REMIND: closing.remind,
    Kind.CLOSE: closing.close,
    Kind.AGREED_NEAR: agreeing.tell_near,
    Kind.AGREED_OVER: agreeing.tell_over,
    Kind.WAIT_OVER: waiting.carry_out,
}


def run_due(*, budget: float = 10.0, now: datetime | None = None) -> int:
    """Carry out every command that is due, the urgent ones first; return how many were decided.

    Any number of processes may call it at any time. ``budget``: seconds after which no new batch is begun. ``now`` is
    for tests; otherwise the database's time.
    """
    decided, deadline = 0, time.monotonic() + budget
    while due := _due(now or Now()):
        done = sum(_carry_out(pk, now) for pk in due)
        decided += done
        if not done or time.monotonic() > deadline:
            break
    return decided


def _due(before: datetime | Now) -> list[int]:
    rows = Command.objects.filter(state=WAITING, run_at__lt=before).order_by("rank", "run_at", "pk")
    return list(rows.values_list("pk", flat=True)[:BATCH])


def _carry_out(pk: int, now: datetime | None) -> bool:
    """Decide one command; whether this process did. Refusals and errors are written down, never raised."""
    try:
        with transaction.atomic():
            limit_waiting()
            command = _claimed(pk, now)
            if command is None:
                return False
            at = now or database_clock.now()
            with translation.override(None):
                outcome = HANDLERS[command.kind](command, command.ticket, at)
            _end(pk, State.DONE, at, outcome=outcome)
    except Later as later:
        Command.objects.filter(pk=pk, state=WAITING).update(run_at=later.until)
    except (Refused, ActionError) as refused:
        _end(pk, State.REFUSED, now or database_clock.now(), reason=str(refused))
    except Exception as error:
        logger.exception("Command %s could not be carried out.", pk)
        _failed(pk, now or database_clock.now(), f"{type(error).__name__}: {error}")
    return True


def _claimed(pk: int, now: datetime | None) -> Command | None:
    """The command with its ticket, both locked; None when somebody else has the ticket or has done it."""
    free = Command.objects.filter(pk=pk, state=WAITING, run_at__lt=now or Now())
    row = free.values("ticket_id", "ticket__parent_id").first()
    if row is None:
        return None
    for key in (row["ticket__parent_id"], row["ticket_id"]):
        if key and not list(_locks(key)):
            return None
    return free.select_for_update(skip_locked=True, no_key=True, of=("self",)).select_related("ticket").first()


def _locks(ticket_id: int) -> list[int]:
    held = Ticket.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=ticket_id)
    return list(held.values_list("pk", flat=True))


def _end(pk: int, state: str, at: datetime, *, outcome: str = "", reason: str = "") -> None:
    ended = {"state": state, "done_at": at, "outcome": outcome, "reason": reason[:1000]}
    Command.objects.filter(pk=pk, state=WAITING).update(**ended)


@transaction.atomic
def _failed(pk: int, at: datetime, error: str) -> None:
    """Try again in a while; after some attempts give up, and tell the duty manager in plain words."""
    command = Command.objects.select_for_update(no_key=True).filter(pk=pk, state=WAITING).first()
    if command is None:
        return
    command.attempts, command.reason, command.run_at = command.attempts + 1, error[:1000], at + RETRY_AFTER
    if command.attempts >= MOST_ATTEMPTS:
        command.state, command.done_at = State.FAILED, at
        give_notice(
            key=f"failed:{command.key}",
            event="timer_failed",
            ticket=None,
            recipients=recipients_for("duty_manager", None, at),
            urgent=True,
            at=at,
            payload={"summary": command.key, "text": command.reason},
        )
    command.save(update_fields=["attempts", "reason", "run_at", "state", "done_at"])
