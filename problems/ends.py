"""How a problem ends: reviewed and closed, risk accepted, permanent workaround, duplicate, cancelled."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from problems import guards, rules
from problems.states import LIVE, Outcome, States
from tickets.lifecycle import ActionSet
from tickets.shared.waiting import end_waiting

if TYPE_CHECKING:
    from accounts.models import User
    from problems.models import Problem


#: Ends of a problem, and its coming back.
ends = ActionSet()


@ends.action(
    source=[States.KNOWN_ERROR, States.PROPOSED, States.APPROVED],
    target=States.RESOLVED,
    label=_("Accept the risk"),
    done=_("accepted the risk"),
    allow=rules.manages,
    form="problems.forms.EndForm",
    effect="problems.services.free_waiting_incidents",
    icon="shield-check",
    tells=("problem_ended",),
)
def accept_risk(problem: Problem, *, user: User, now: datetime, text: str, watch_days: int) -> None:
    """Leave the cause as it is, with the reason; it is reviewed and watched like a solution."""
    problem.resolve_as(Outcome.RISK_ACCEPTED, now, watch_days)


@ends.action(
    source=[States.KNOWN_ERROR, States.PROPOSED, States.APPROVED],
    target=States.RESOLVED,
    label=_("Keep the workaround"),
    done=_("made the workaround permanent"),
    allow=rules.manages,
    guards=(guards.has_workaround,),
    form="problems.forms.EndForm",
    effect="problems.services.free_waiting_incidents",
    icon="bandage",
    tells=("problem_ended",),
)
def keep_workaround(problem: Problem, *, user: User, now: datetime, text: str, watch_days: int) -> None:
    """Live with the workaround for good, with the reason."""
    problem.resolve_as(Outcome.WORKAROUND, now, watch_days)


@ends.action(
    source=States.RESOLVED,
    target=States.REVIEWED,
    label=_("Review"),
    done=_("reviewed it"),
    allow=rules.may_lead,
    form="problems.forms.ReviewForm",
    intent="primary",
    icon="clipboard-check",
    key="v",
    quiet=True,
)
def review(problem: Problem, *, user: User, now: datetime, review_result: str, minutes: str, **meeting: Any) -> None:
    """Say whether it worked, with the minutes; problems of high level in a meeting with users (PRB-07)."""
    problem.review_result, problem.minutes = review_result, minutes
    problem.met_at, problem.attendance = meeting["met_at"], meeting["attendance"]


@ends.action(
    source=States.REVIEWED,
    target=States.CLOSED,
    label=_("Close"),
    done=_("closed it"),
    allow=rules.may_lead,
    form="problems.forms.CloseForm",
    intent="primary",
    icon="circle-check",
    key="q",
    quiet=True,
)
def close(problem: Problem, *, user: User, now: datetime, text: str) -> None:
    """Close it once everything is archived (PRB-08). Recurrence is watched on."""
    problem.closed_at = now


@ends.action(
    source=[States.RESOLVED, States.REVIEWED, States.CLOSED],
    target=States.INVESTIGATING,
    label=_("Reopen"),
    done=_("reopened it"),
    tells=("assigned",),
    allow=rules.may_lead,
    guards=(guards.has_owner,),
    form="tickets.shared.forms.ReasonForm",
    icon="rotate-clockwise",
    key="o",
    private_text=True,
)
def reopen(problem: Problem, *, user: User, now: datetime, text: str) -> None:
    """Go on with it: the cause is not gone."""
    problem.begin_again()


@ends.action(
    source=[States.RESOLVED, States.REVIEWED, States.CLOSED],
    target=States.INVESTIGATING,
    label=_("Reopen because it came back"),
    done=_("found that it came back"),
    tells=("assigned",),
    system=True,
    form="problems.forms.RecurrenceForm",
    effect="problems.services.link_recurrence",
    icon="rotate-clockwise",
    public=False,
)
def come_back(problem: Problem, *, user: None, now: datetime, incident: Any, matched: str) -> None:
    """An incident of the same key came while recurrence was watched (PRB-07)."""
    problem.begin_again()


@ends.action(
    source=LIVE,
    target=States.CLOSED,
    label=_("Mark as duplicate"),
    done=_("marked it as duplicate"),
    allow=rules.manages,
    form="problems.forms.DuplicateForm",
    effect="problems.services.fold_into",
    icon="copy",
    tells=("problem_ended",),
)
def mark_duplicate(problem: Problem, *, user: User, now: datetime, main: Any, text: str) -> None:
    """Another problem has the same cause: its incidents go there."""
    end_waiting(problem, now)
    problem.duplicate_of_id, problem.outcome, problem.closed_at = main.pk, Outcome.DUPLICATE, now


@ends.action(
    source=LIVE,
    target=States.CLOSED,
    label=_("Cancel"),
    done=pgettext_lazy("problem", "cancelled it"),
    allow=rules.manages,
    form="tickets.shared.forms.ReasonForm",
    effect="problems.services.free_waiting_incidents",
    intent="danger",
    icon="x",
    tells=("problem_ended",),
)
def cancel(problem: Problem, *, user: User, now: datetime, text: str) -> None:
    """End what is no problem, with the reason. Incidents that wait for it go on."""
    end_waiting(problem, now)
    problem.outcome, problem.closed_at = Outcome.CANCELLED, now
