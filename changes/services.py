"""What changes do to other records. Effects of actions: they run in the action's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Case, F, Max, When
from django.utils.translation import gettext as _

from accounts.models import User
from approvals.services import ask, withdraw
from changes.catalogue.steps import add_template_steps, move_template_steps
from changes.catalogue.templates import judge_template
from changes.codes import EMERGENCY
from changes.collision.checking import refuse_beside, refuse_blocked
from changes.collision.signing import blocking, key_of, sign
from changes.models import Change, PlanStep
from changes.origins.causes import refuse_second
from changes.origins.plans import copy_plan
from changes.plan.models import PLANNED_COLUMNS
from changes.prepared.services import refuse_unwritable
from changes.schedule.windows import Window, is_outside, shift
from tickets.errors import ActionConflict
from tickets.models import Ticket, TicketLink, TimelineEntry
from tickets.services import affect_items, log_event, relate

PURPOSE = "change"


def complete_registration(
    *, ticket: Change, entry: TimelineEntry, user: User, now: datetime, cleaned: dict[str, Any], **context: Any
) -> None:
    """Put configuration items on the new change, join it to what it was raised from, copy the plan of its model."""
    affect_items(ticket=ticket, items=cleaned.get("items") or [])
    join(change=ticket, source=cleaned.get("raised_from"), user=user, now=now)
    if copied := cleaned.get("copy_of"):
        copy_plan(source=copied.specific, target=ticket, user=user, now=now)
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


def replan(*, ticket: Change, entry: TimelineEntry, now: datetime, **context: Any) -> None:
    """After an edit: the steps follow the window.

    A standard change stays scheduled wherever it is moved, so it is looked there as at its order. Raises
    ActionConflict for hard collisions that nobody signed for.
    """
    was = {change["field"]: change["old"] for change in entry.changes}
    if not was.keys() & {"planned_start", "planned_end"}:
        return
    if ticket.is_standard:
        move_template_steps(change=ticket)
        refuse_blocked(ticket, now, is_moved=True)
    elif {"planned_start", "planned_end"} <= was.keys():
        _move_steps(ticket, (_moment(was["planned_start"]), _moment(was["planned_end"])))


def _move_steps(change: Change, before: Window) -> None:
    """Move the steps as far as the window moved as a whole."""
    if by := shift(before, (change.planned_start, change.planned_end)):
        change.steps.update(planned_from=F("planned_from") + by, planned_to=F("planned_to") + by)


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
    """Before it goes on: steps lie in the window, nothing collides hard, the cause has no other emergency, and what it
    prepared can be written.

    Raises ActionConflict.
    """
    refuse_outside(ticket)
    refuse_blocked(ticket, now)
    refuse_second(ticket)
    refuse_unwritable(ticket)


def ask_approval(*, ticket: Change, entry: TimelineEntry, user: User, now: datetime, **context: Any) -> None:
    """Open a round about the change as it stands. Raises ActionConflict as ``check_plan`` does."""
    check_plan(ticket=ticket, now=now)
    ask(ticket=ticket, purpose=PURPOSE, user=user, now=now, text=entry.text)


def begin(*, ticket: Change, entry: TimelineEntry, user: User, now: datetime, **context: Any) -> None:
    """Look once more before the work begins, at the time that it really takes: from now until its planned end.

    Raises ActionConflict beside its window, while hard collisions are not signed for, and while another emergency for
    the same cause is not reviewed. Whoever begins an emergency signs for its collisions by that.
    """
    refuse_beside(ticket, now)
    refuse_second(ticket, begun=True)
    refuse_blocked(ticket, now)
    if ticket.change_type_id == EMERGENCY and (found := blocking(ticket, now)):
        sign(change=ticket, collisions=found, user=user, reason=entry.text, now=now)


def override(
    *, ticket: Change, entry: TimelineEntry, user: User, now: datetime, cleaned: dict[str, Any], **context: Any
) -> None:
    """Store who signed, why, for what and for which window."""
    chosen = [one for one in blocking(ticket, now) if key_of(one) in cleaned["collisions"]]
    sign(change=ticket, collisions=chosen, user=user, reason=entry.text, now=now)


def withdraw_question(*, ticket: Change, entry: TimelineEntry, user: User, now: datetime, **context: Any) -> None:
    """End the open round, or the approval that stood."""
    withdraw(ticket=ticket, purpose=PURPOSE, user=user, now=now, text=entry.text)


def add_step(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """Add the step behind the others."""
    last = ticket.steps.aggregate(last=Max("position"))["last"] or 0
    typed = {name: value for name, value in cleaned.items() if name in PLANNED_COLUMNS}
    PlanStep.objects.create(change=ticket, position=last + 1, **typed)


#: More steps than any plan has.
BEYOND = 10_000


def edit_step(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """Write the step as it shall be; where it gets another place all are numbered anew."""
    step: PlanStep = cleaned["step"]
    ticket.steps.filter(pk=step.pk).update(**{name: cleaned[name] for name in PLANNED_COLUMNS})
    if cleaned["place"]:
        keys = list(ticket.steps.exclude(pk=step.pk).values_list("pk", flat=True))
        keys.insert(cleaned["place"] - 1, step.pk)
        ticket.steps.update(position=F("position") + BEYOND)  # no two have one number, not for a moment
        cases = (When(pk=key, then=number) for number, key in enumerate(keys, 1))
        ticket.steps.update(position=Case(*cases))


def remove_step(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """Take the step out; those behind it keep their numbers."""
    ticket.steps.filter(pk=cleaned["step"].pk).delete()


def after_implementation(*, ticket: Change, now: datetime, **context: Any) -> None:
    """A template whose changes fail too often loses its pre-approval; whoever raised it learns that it has ended."""
    judge_template(ticket, now)
    if ticket.raised_from is not None:
        result = ticket.get_result_display()
        log_event(
            ticket=ticket.raised_from, event="change_ended", user=None, now=now, number=ticket.number, result=result
        )
