"""Steps of plans, and recurring changes, of somebody who is switched off (CHG-04, INC-22).

They go to the change's assignee; those of a standard change follow it wherever it goes. What an approval binds stays
as it was approved, for another person would let it fall: that nobody has it is said, and whoever plans the change
gives it to somebody. A recurring change is paused until a change manager takes it over.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts.leaving import Held, names_of
from accounts.models import User
from accounts.signals import held_by, switched_off
from changes.models import Change, PlanStep, Recurrence
from changes.recurring.versions import record
from changes.states import PLANNED, States
from tickets.services import log_event

STEP, RECURRENCE = _("Step of a change"), _("Recurring change")
BOUND = (States.APPROVING, States.SCHEDULED)


@receiver(held_by)
def held_steps(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """Steps of changes that have not begun."""
    return [Held("step", STEP, _name(step)) for step in _steps(user)]


@receiver(switched_off)
def hand_on_steps(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """Each is a line in the change's log."""
    return list(_handed_on(user, now))


@receiver(held_by)
def held_recurrences(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """Recurring changes that have not ended."""
    return [Held("recurrence", RECURRENCE, made.title) for made in _recurrences(user)]


@receiver(switched_off)
def pause_recurrences(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """Nobody has them until a change manager takes them over."""
    held = held_recurrences(sender, user, now)
    for made in _recurrences(user).filter(status=Recurrence.Status.ACTIVE).select_for_update(of=("self",)):
        made.status = Recurrence.Status.PAUSED
        made.save(update_fields=["status"])
        record(made, by=None, now=now)
    return held


def _recurrences(user: User) -> QuerySet[Recurrence]:
    return Recurrence.objects.filter(owner=user).exclude(status=Recurrence.Status.ENDED)


def _handed_on(user: User, now: datetime) -> Iterator[Held]:
    for step in list(_steps(user)):
        change = Change.objects.select_for_update(of=("self",), no_key=True).get(pk=step.change_id)
        if change.state in BOUND and not change.is_standard:
            log_event(ticket=change, event="step_has_nobody", user=None, now=now, step=step.position)
            yield Held("step", STEP, _name(step))
            continue
        heir = change.assignee if change.assignee and change.assignee.is_active and change.assignee != user else None
        PlanStep.objects.filter(pk=step.pk).update(person=heir)
        log_event(ticket=change, event="step_handed_on", user=None, now=now, step=step.position, to=names_of([heir]))
        yield Held("step", STEP, _name(step), names_of([heir]))


def _steps(user: User) -> QuerySet[PlanStep]:
    found = PlanStep.objects.filter(person=user, status=PlanStep.Status.PLANNED, change__state__in=PLANNED)
    return found.select_related("change").order_by("change_id", "position")


def _name(step: PlanStep) -> str:
    return f"{step.change.number} {step.position}. {step.what}"
