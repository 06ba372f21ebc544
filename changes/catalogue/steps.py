"""Steps of a template become those of the run sheet of a change that is ordered from it (CHG-02, CHG-06)."""

from __future__ import annotations

from datetime import timedelta

from changes.models import Change, PlanStep


def add_template_steps(*, change: Change) -> None:
    """Give ``change`` the steps of its template, of who implements it: one behind the other from its begin.

    They are as long as the template says, and shorter alike where the window is shorter than all of them.
    """
    version, begin, end = change.template_version, change.planned_start, change.planned_end
    if version is None or begin is None or end is None or not version.steps:
        return
    longest = timedelta(minutes=sum(step["minutes"] for step in version.steps))
    share = min(1.0, (end - begin) / longest)
    made, at = [], begin
    for number, step in enumerate(version.steps, start=1):
        until = at + timedelta(seconds=round(step["minutes"] * 60 * share))
        said = {"what": step["what"], "check_text": step["check"], "back_out": step["back_out"]}
        span = {"planned_from": at, "planned_to": min(until, end)}
        made.append(PlanStep(change=change, position=number, person=change.assignee, **said, **span))
        at = until
    PlanStep.objects.bulk_create(made)
