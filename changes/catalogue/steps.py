"""Steps of a template become those of the run sheet of a change that is ordered from it (CHG-02, CHG-06)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.dispatch import receiver

from changes.models import Change, PlanStep
from tickets.models import TimelineEntry
from tickets.signals import action_performed


def add_template_steps(*, change: Change) -> None:
    """Give ``change`` the steps of its template, of who implements it: one behind the other from its begin.

    They are as long as the template says, and shorter alike where the window is shorter than all of them.
    """
    made = []
    for number, (step, (begin, until)) in enumerate(_laid_out(change), start=1):
        said = {"what": step["what"], "check_text": step["check"], "back_out": step["back_out"]}
        span = {"planned_from": begin, "planned_to": until}
        made.append(PlanStep(change=change, position=number, person=change.assignee, **said, **span))
    PlanStep.objects.bulk_create(made)


def move_template_steps(*, change: Change) -> None:
    """Give the steps of ``change`` the times that they would have, had it been ordered for the window it has now."""
    steps = list(change.steps.all())
    for step, (_said, (begin, until)) in zip(steps, _laid_out(change), strict=False):
        step.planned_from, step.planned_to = begin, until
    PlanStep.objects.bulk_update(steps, ["planned_from", "planned_to"])


@receiver(action_performed, sender=Change)
def give_template_steps(sender: Any, ticket: Any, entry: TimelineEntry, **context: Any) -> None:
    """Whoever implements a standard change from now on has its steps, too: nobody could mend them by hand.

    Whatever action handed it over. What was reported of a step stays with whoever it was.
    """
    change: Change = ticket.specific
    if change.is_standard and any(one["field"] == "assignee" for one in entry.changes):
        change.steps.filter(status=PlanStep.Status.PLANNED).update(person=change.assignee)


def _laid_out(change: Change) -> Iterator[tuple[dict[str, Any], tuple[datetime, datetime]]]:
    """Each step of its template with its times; none without a template or a window."""
    version, begin, end = change.template_version, change.planned_start, change.planned_end
    if version is None or begin is None or end is None or not version.steps:
        return
    longest = timedelta(minutes=sum(step["minutes"] for step in version.steps))
    share, at = min(1.0, (end - begin) / longest), begin
    for step in version.steps:
        until = at + timedelta(seconds=round(step["minutes"] * 60 * share))
        yield step, (at, min(until, end))
        at = until
