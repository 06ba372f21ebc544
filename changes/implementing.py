"""Carrying a change out and closing it (CHG-06)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from changes import guards, rules
from changes.prepared.guards import is_settled
from changes.states import ENDED, Decision, Result, States
from tickets.lifecycle import ActionSet

if TYPE_CHECKING:
    from accounts.models import User
    from changes.models import Change


#: From the start of the work to the end of the record.
implementing = ActionSet()


@implementing.action(
    source=States.SCHEDULED,
    target=States.IMPLEMENTING,
    label=_("Begin"),
    done=_("began to implement it"),
    allow=rules.may_carry_out,
    guards=(guards.has_implementer, guards.is_approved, guards.decided_nothing, guards.signed_nothing),
    form="changes.forms.BeginForm",
    effect="changes.services.begin",
    intent="primary",
    icon="player-play",
    key="s",
    public=False,
    quiet=True,
)
def start(change: Change, *, user: User, now: datetime, text: str) -> None:
    """Begin the work; the actual start is recorded."""
    change.actual_start = now
    change.assignee = change.assignee or user


@implementing.action(
    source=States.IMPLEMENTING,
    label=_("Report a step"),
    done=_("reported a step"),
    allow=rules.may_report,
    guards=(guards.decided_nothing, guards.signed_nothing),
    form="changes.running.forms.ReportForm",
    effect="changes.running.services.report_step",
    icon="checklist",
    key="t",
    public=False,
    versioned=False,
)
def report_step(change: Change, *, user: User, now: datetime, step: Any, **fields: Any) -> None:
    """Say that a step was started, done, or failed; the time is recorded."""


@implementing.action(
    source=States.IMPLEMENTING,
    label=pgettext_lazy("decision", "Go"),
    done=_("decided to go on past the point of no return"),
    allow=rules.may_implement,
    guards=(guards.waits_for_decision, guards.decided_nothing, guards.signed_nothing),
    form="changes.running.deciding.GoForm",
    intent="primary",
    icon="flag-check",
    public=False,
)
def go(change: Change, *, user: User, now: datetime, text: str) -> None:
    """Decide that it goes on past its point of no return."""
    change.decision = Decision.GO


@implementing.action(
    source=States.IMPLEMENTING,
    label=pgettext_lazy("decision", "No go"),
    done=_("decided not to go on: it is backed out"),
    allow=rules.may_implement,
    guards=(guards.waits_for_decision, guards.decided_nothing, guards.signed_nothing_or_alone),
    form="changes.running.deciding.NoGoForm",
    intent="danger",
    icon="flag-off",
    public=False,
)
def no_go(change: Change, *, user: User, now: datetime, text: str) -> None:
    """Decide that it stops before its point of no return; the steps that were done are backed out one by one."""
    change.decision = Decision.NO_GO


@implementing.action(
    source=States.IMPLEMENTING,
    label=_("Back out a step"),
    done=_("backed out a step"),
    allow=rules.may_report,
    guards=(guards.decided_nothing, guards.signed_nothing_or_alone),
    form="changes.running.forms.BackOutStepForm",
    effect="changes.running.services.back_out_step",
    icon="arrow-back",
    public=False,
    versioned=False,
)
def back_out_step(change: Change, *, user: User, now: datetime, step: Any, **fields: Any) -> None:
    """Undo a step as its back-out says; the time is recorded."""


@implementing.action(
    source=States.IMPLEMENTING,
    target=States.IMPLEMENTED,
    label=_("Implemented"),
    done=_("implemented it"),
    allow=rules.may_carry_out,
    guards=(guards.decided_nothing, guards.signed_nothing, guards.goes_on),
    form="changes.running.ending.ImplementedForm",
    effect="changes.services.after_implementation",
    tells=("change_ended",),
    intent="primary",
    icon="check",
    key="f",
    public=False,
)
def implement(
    change: Change,
    *,
    user: User,
    now: datetime,
    result: str,
    text: str,
    actual_start: datetime | None,
    actual_end: datetime | None,
) -> None:
    """Record when it really began and ended, and how it went; then it is reviewed."""
    change.end_with(result, text, actual_start, actual_end, now)


@implementing.action(
    source=States.IMPLEMENTING,
    target=States.BACKED_OUT,
    label=_("Back out"),
    done=_("backed it out"),
    allow=rules.may_carry_out,
    guards=(guards.decided_nothing, guards.signed_nothing_or_alone),
    form="changes.running.ending.BackOutForm",
    effect="changes.services.after_implementation",
    tells=("change_ended",),
    intent="danger",
    icon="arrow-back",
    key="o",
    public=False,
)
def back_out_now(change: Change, *, user: User, now: datetime, text: str, actual_end: datetime | None) -> None:
    """Undo what was done as the back-out says, and record why."""
    change.end_with(Result.BACKED_OUT, text, None, actual_end, now)


@implementing.action(
    source=[States.IMPLEMENTED, States.BACKED_OUT, States.REVIEWED],
    label=_("Complete the record"),
    done=_("completed the record of the emergency"),
    allow=rules.may_implement,
    guards=(guards.is_emergency,),
    form="changes.forms.CompleteForm",
    icon="file-check",
    public=False,
)
def complete_record(change: Change, *, user: User, now: datetime, **fields: Any) -> None:
    """Write down afterwards what an emergency left no time for."""
    for name, value in fields.items():
        setattr(change, name, value)
    change.record_completed_at = now


@implementing.action(
    source=[*ENDED],
    label=_("Hear whether it helped"),
    done=_("whoever works on what it was raised from said whether it helped"),
    system=True,
    form="changes.catalogue.forms.HearVerdictForm",
    icon="message-check",
    public=False,
    versioned=False,
)
def hear_verdict(change: Change, *, user: None, now: datetime, helped: bool, text: str) -> None:
    """Keep what the handler of the ticket that it was raised from says of it (INC-20)."""
    change.helped = helped


@implementing.action(
    source=States.REVIEWED,
    target=States.CLOSED,
    label=pgettext_lazy("change", "Close"),
    done=_("closed it"),
    allow=rules.may_carry_out,
    guards=(
        guards.has_ended,
        guards.has_complete_record,
        guards.owes_no_review,
        guards.has_told_of_items,
        guards.has_no_open_order,
        is_settled,
    ),
    intent="primary",
    icon="lock-check",
    key="q",
    public=False,
    bulk=True,
    quiet=True,
)
def close(change: Change, *, user: User, now: datetime) -> None:
    """End the record, after the review."""
    change.closed_at = now
