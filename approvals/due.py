"""Reminders and substitutes by time: the row is the timer. Time never approves anything."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from approvals.delegation.delegating import follow_deputies
from approvals.models import ApprovalRound, Outcome, Step
from approvals.notices import tell
from approvals.services import ask_and_tell, ask_who_may
from tickets.models import Ticket
from tickets.services import log_event

BATCH = 50
#: How often an overdue step looks who may decide it by now.
FOLLOWED_EVERY = timedelta(hours=1)


def run_due(now: datetime) -> int:
    """Remind of, and pass on, what is due at ``now``; how many steps. Any number of drivers may call it.

    Deputies follow: delegations and absences begin and end without anybody at the door.
    """
    follow_deputies(now)
    keys = Step.objects.filter(next_at__lte=now).order_by("next_at").values_list("pk", flat=True)[:BATCH]
    return sum(_run_step(pk, now) for pk in list(keys))


@transaction.atomic
def _run_step(pk: int, now: datetime) -> bool:
    """One step, under the ticket's lock; somebody else may have been faster."""
    ticket = Ticket.objects.select_for_update(no_key=True, skip_locked=True).filter(
        approval_rounds__steps=pk, approval_rounds__steps__next_at__lte=now
    )
    found = ticket.first()
    if found is None:
        return False
    step = Step.objects.select_for_update().get(pk=pk)
    made = step.round
    if step.outcome != Outcome.OPEN or step.next_at is None or step.next_at > now:
        return False
    if step.due_at is not None and step.next_at > step.due_at:
        _follow(step, found, now)
    elif step.due_at is not None and step.due_at <= now:
        _overdue(step, made, found, now)
    else:
        _remind(step, made, found, now)
    return True


def _remind(step: Step, made: ApprovalRound, ticket: Ticket, now: datetime) -> None:
    step.next_at, step.remind_at = step.due_at, None
    step.save(update_fields=["next_at", "remind_at"])
    ask_who_may(step, made, ticket, now)
    waiting = made.asks.filter(slot__step=step, waits=True).values_list("person_id", flat=True)
    tell("approval_reminder", made, list(waiting), now=now, key=f"{step.position}:remind")


def _look_again(step: Step, now: datetime) -> None:
    step.next_at = now + FOLLOWED_EVERY
    step.save(update_fields=["next_at"])


def _follow(step: Step, ticket: Ticket, now: datetime) -> None:
    """Still overdue: whoever may decide by now is asked and told, nobody else is told again."""
    _look_again(step, now)
    ask_and_tell(step, ticket, now)


def _overdue(step: Step, made: ApprovalRound, ticket: Ticket, now: datetime) -> None:
    """Substitutes are asked too; the others stay asked."""
    _look_again(step, now)
    ask_who_may(step, made, ticket, now)
    log_event(ticket=ticket, event="approval_overdue", user=None, now=now, step=step.position, round=made.number)
    waiting = made.asks.filter(slot__step=step, waits=True).values_list("person_id", flat=True)
    tell(
        "approval_overdue",
        made,
        [*waiting, *([made.asked_by_id] if made.asked_by_id else [])],
        now=now,
        key=f"{step.position}:due",
    )
