"""What changes do to other records. Effects of actions: they run in the action's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F, Max
from django.utils.translation import gettext as _

from accounts.models import User
from approvals.services import ask, withdraw
from changes.catalogue.steps import add_template_steps
from changes.catalogue.templates import judge
from changes.codes import EMERGENCY
from changes.collision.checking import refuse_blocked
from changes.models import Change, CollisionOverride, PlanStep
from changes.schedule.windows import is_outside, shift
from changes.states import States
from tickets.errors import ActionConflict
from tickets.models import Ticket, TicketLink, TimelineEntry
from tickets.services import affect_items, log_event, relate

PURPOSE = "change"


def complete_registration(
    *, ticket: Change, entry: TimelineEntry, user: User, now: datetime, cleaned: dict[str, Any], **context: Any
) -> None:
    """Put configuration items on the new change, join it to what it was raised from, copy the steps of its model."""
    affect_items(ticket=ticket, items=cleaned.get("items") or [])
    join(change=ticket, source=cleaned.get("raised_from"), user=user, now=now)
    if copied := cleaned.get("copy_of"):
        copy_steps(source=copied.specific, target=ticket)
        log_event(ticket=ticket, event="change_copied", user=user, now=now, number=copied.number)


def complete_order(*, ticket: Change, user: User, now: datetime, cleaned: dict[str, Any], **context: Any) -> None:
    """As after registration, for an order from the catalogue. Raises ActionConflict for hard collisions."""
    affect_items(ticket=ticket, items=cleaned.get("items") or [])
    add_template_steps(change=ticket)
    refuse_blocked(ticket, now, is_new=True)
    join(change=ticket, source=cleaned.get("raised_from"), user=user, now=now)


def join(*, change: Change, source: Ticket | None, user: User, now: datetime) -> None:
    """Relate ``source`` and the change that came of it; both say so. Idempotent."""
    if source is None:
        return
    meaning = TicketLink.Meaning.RESOLVED_BY
    relate(source=source, target=change, meaning=meaning, user=user, now=now)
    log_event(ticket=source, event="change_raised", user=user, now=now, number=change.number)


def copy_steps(*, source: Change, target: Change) -> None:
    """Copy the plan's steps without times, persons' results and approvals."""
    PlanStep.objects.bulk_create(
        PlanStep(
            change=target,
            position=step.position,
            what=step.what,
            person=step.person,
            check_text=step.check_text,
            back_out=step.back_out,
            no_return=False,
        )
        for step in source.steps.all()
    )


def check_cause(*, ticket: Change, **context: Any) -> None:
    """An emergency is never made twice for one cause without a review between. Raises ActionConflict."""
    if ticket.change_type_id != EMERGENCY or ticket.raised_from_id is None:
        return
    over = (States.REVIEWED, States.CLOSED, States.REJECTED, States.CANCELLED)
    others = Change.objects.filter(raised_from_id=ticket.raised_from_id, change_type_id=EMERGENCY)
    other = others.exclude(pk=ticket.pk).exclude(state__in=(*over, States.DRAFT)).first()
    if other is not None:
        raise ActionConflict(
            _("%(number)s was an emergency for the same cause; it must be reviewed first.") % {"number": other.number}
        )


def move_steps(*, ticket: Change, entry: TimelineEntry, **context: Any) -> None:
    """Move the steps as far as the window moved as a whole."""
    was = {change["field"]: change["old"] for change in entry.changes}
    if not {"planned_start", "planned_end"} <= was.keys():
        return
    before = (_moment(was["planned_start"]), _moment(was["planned_end"]))
    if by := shift(before, (ticket.planned_start, ticket.planned_end)):
        ticket.steps.update(planned_from=F("planned_from") + by, planned_to=F("planned_to") + by)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def refuse_outside(change: Change) -> None:
    """Raise ActionConflict naming the steps whose times lie outside the window."""
    window = (change.planned_start, change.planned_end)
    steps = [step for step in change.steps.all() if any(is_outside(at, window) for at in step.span)]
    if steps:
        names = ", ".join(str(step) for step in steps)
        raise ActionConflict(_("Outside the planned window: %(steps)s.") % {"steps": names})


def check_plan(*, ticket: Change, now: datetime, **context: Any) -> None:
    """Before it is submitted: steps lie in the window, nothing collides hard, the cause had no other emergency.

    Raises ActionConflict.
    """
    refuse_outside(ticket)
    refuse_blocked(ticket, now)
    check_cause(ticket=ticket)


def ask_approval(*, ticket: Change, entry: TimelineEntry, user: User, now: datetime, **context: Any) -> None:
    """Open a round about the change as it stands.

    Raises ActionConflict while hard collisions are not signed for, and for steps outside the window.
    """
    refuse_outside(ticket)
    refuse_blocked(ticket, now)
    ask(ticket=ticket, purpose=PURPOSE, user=user, now=now, text=entry.text)


def begin(*, ticket: Change, now: datetime, **context: Any) -> None:
    """Look once more before the work begins. Raises ActionConflict while hard collisions are not signed for."""
    refuse_blocked(ticket, now)


def override(*, ticket: Change, entry: TimelineEntry, user: User, now: datetime, **context: Any) -> None:
    """Store who signed, why, and for which window. Raises ActionConflict without a window."""
    if ticket.planned_start is None or ticket.planned_end is None:
        raise ActionConflict(_("It has no window yet."))
    CollisionOverride.objects.create(
        change=ticket,
        person=user,
        reason=entry.text,
        at=now,
        planned_start=ticket.planned_start,
        planned_end=ticket.planned_end,
    )


def withdraw_question(*, ticket: Change, entry: TimelineEntry, user: User, now: datetime, **context: Any) -> None:
    """End the open round, or the approval that stood."""
    withdraw(ticket=ticket, purpose=PURPOSE, user=user, now=now, text=entry.text)


def add_step(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """Add the step behind the others."""
    last = ticket.steps.aggregate(last=Max("position"))["last"] or 0
    typed = {name: value for name, value in cleaned.items() if name in STEP_COLUMNS}
    PlanStep.objects.create(change=ticket, position=last + 1, **typed)


STEP_COLUMNS = ("what", "person", "planned_from", "planned_to", "check_text", "back_out", "no_return")


def remove_step(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """Take the step out; those behind it keep their numbers."""
    ticket.steps.filter(pk=cleaned["step"].pk).delete()


def after_implementation(*, ticket: Change, now: datetime, **context: Any) -> None:
    """A template whose changes fail too often loses its pre-approval; whoever raised it learns that it has ended."""
    if ticket.template_version is not None:
        judge(change=ticket, template=ticket.template_version.template, now=now)
    if ticket.raised_from is not None:
        result = ticket.get_result_display()
        log_event(
            ticket=ticket.raised_from, event="change_ended", user=None, now=now, number=ticket.number, result=result
        )
