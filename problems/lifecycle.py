"""What can happen to a problem, on one page (PRB-03): from being raised to being closed after its review."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from problems import rules
from problems.ends import ends
from problems.holding import holding
from problems.known_errors.workarounds import workarounds
from problems.states import LIVE, States
from records.lifecycle import NEW
from tickets import guards as common_guards
from tickets.lifecycle import RESTORE, ActionSet
from tickets.rules import may_register
from tickets.shared.change_actions import raising_changes
from tickets.shared.common import common_actions
from tickets.shared.waiting import end_waiting

if TYPE_CHECKING:
    from accounts.models import User
    from problems.models import Problem


#: From registered over known error, proposed, approved and resolved to reviewed and closed.
problem_actions = ActionSet(workarounds, ends, holding, raising_changes, common_actions)


@problem_actions.action(
    source=NEW,
    target=States.REGISTERED,
    label=_("Raise problem"),
    done=_("raised this problem"),
    tells=("problem_raised",),
    allow=may_register,
    form="problems.forms.RegisterForm",
    effect="problems.services.complete_registration",
    intent="primary",
    icon="plus",
    key="n",
)
def register(problem: Problem, *, user: User, now: datetime, **fields: Any) -> None:
    """Raise a problem by hand, from incidents, from a trend, from monitoring or inspection (PRB-01)."""
    problem.fill(fields, user)


@problem_actions.action(
    source=[States.REGISTERED, States.ASSIGNED, States.INVESTIGATING],
    target=States.ASSIGNED,
    label=_("Assign owner"),
    done=_("classified it and chose its owner"),
    tells=("assigned",),
    allow=rules.manages,
    form="problems.forms.AssignForm",
    effect="problems.services.set_team",
    intent="primary",
    icon="user-check",
    key="a",
)
def assign(problem: Problem, *, user: User, now: datetime, group: Any, assignee: User, **chosen: Any) -> None:
    """Check and classify it, choose the owner who follows it to the end, and who analyses it."""
    problem.level, problem.problem_category = chosen["level"], chosen["problem_category"]
    problem.group, problem.assignee, problem.supplier = group, assignee, chosen["supplier"]
    problem.assigned_at = problem.assigned_at or now


@problem_actions.action(
    source=States.ASSIGNED,
    target=States.INVESTIGATING,
    label=_("Start investigation"),
    done=_("started the investigation"),
    allow=rules.may_investigate,
    intent="primary",
    icon="zoom-scan",
    key="s",
    quiet=True,
)
def investigate(problem: Problem, *, user: User, now: datetime) -> None:
    """Begin to look for the cause."""
    problem.responded_at = problem.responded_at or now


@problem_actions.action(
    source=[States.ASSIGNED, States.INVESTIGATING],
    target=States.REGISTERED,
    label=_("Return to problem manager"),
    done=_("returned it to the problem manager"),
    tells=("problem_raised",),
    allow=rules.may_lead,
    form="tickets.shared.forms.ReasonForm",
    icon="arrow-back-up",
    key="b",
    private_text=True,
)
def return_to_manager(problem: Problem, *, user: User, now: datetime, text: str) -> None:
    """Send it back with a reason; the problem manager assigns it anew."""
    problem.group = problem.assignee = None


@problem_actions.action(
    source=States.INVESTIGATING,
    target=States.KNOWN_ERROR,
    label=_("Confirm cause"),
    done=_("confirmed the root cause"),
    allow=rules.may_lead,
    form="problems.forms.CauseForm",
    intent="primary",
    icon="bulb",
    key="f",
    quiet=True,
)
def confirm_cause(problem: Problem, *, user: User, now: datetime, root_cause: str) -> None:
    """Record the root cause: from here on it is a known error."""
    problem.root_cause, problem.cause_at = root_cause, now


@problem_actions.action(
    source=[States.KNOWN_ERROR, States.PROPOSED, States.APPROVED, States.IMPLEMENTING],
    target=States.INVESTIGATING,
    label=_("Investigate again"),
    done=_("sent it back to the investigation"),
    tells=("assigned",),
    allow=rules.may_lead,
    form="tickets.shared.forms.ReasonForm",
    icon="rotate-clockwise",
    private_text=True,
)
def investigate_again(problem: Problem, *, user: User, now: datetime, text: str) -> None:
    """The cause or the solution did not hold: look again. Approvals do not count any more."""
    problem.cause_at = None


@problem_actions.action(
    source=States.KNOWN_ERROR,
    target=States.PROPOSED,
    label=_("Propose solution"),
    done=_("proposed a solution"),
    allow=rules.may_investigate,
    form="problems.forms.SolutionForm",
    effect="problems.approving.ask_for_solution",
    intent="primary",
    icon="tool",
    key="p",
    tells=("approval_asked",),
)
def propose(problem: Problem, *, user: User, now: datetime, **fields: Any) -> None:
    """Say how it is solved, how long that takes, what it does, and how it was tested; others decide (PRB-06)."""
    problem.propose_with(fields)


@problem_actions.action(
    source=[*LIVE],
    label=_("Invite customers"),
    done=_("invited customers to a discussion"),
    allow=rules.may_lead,
    form="problems.inviting.InviteForm",
    effect="problems.inviting.invite",
    icon="mail-forward",
    key="g",
)
def invite(problem: Problem, *, user: User, now: datetime, discussed_at: datetime, contacts: Any, **text: Any) -> None:
    """Invite people of customers to talk about workaround or solution; each reads the own part only (PRB-10)."""
    problem.discussed_at = discussed_at
    problem.discussed_with = "\n".join(f"{person} ({person.organisation})" for person in contacts)


@problem_actions.action(
    source=[*LIVE],
    label=_("Discuss with customer"),
    done=_("recorded a discussion with the customer"),
    allow=rules.may_lead,
    form="problems.forms.DiscussForm",
    icon="messages",
)
def discuss(problem: Problem, *, user: User, now: datetime, **fields: Any) -> None:
    """Put on record who was invited to talk about workaround or solution, what was said, their word (PRB-10)."""
    for name, value in fields.items():
        setattr(problem, name, value)


@problem_actions.action(
    source=States.PROPOSED,
    target=States.APPROVED,
    label=_("Approved"),
    done=_("was approved"),
    tells=("assigned",),
    system=True,
)
def approved(problem: Problem, *, user: None, now: datetime) -> None:
    """Its solution is approved: whoever follows it to the end lets it be carried out (PRB-06)."""


@problem_actions.action(
    source=States.PROPOSED,
    target=States.KNOWN_ERROR,
    label=_("Refused"),
    done=_("asks for another solution"),
    tells=("assigned",),
    system=True,
)
def refused(problem: Problem, *, user: None, now: datetime) -> None:
    """Its solution is refused, or returned with a condition: another one is to be proposed."""


@problem_actions.action(
    source=[States.PROPOSED, States.APPROVED, States.IMPLEMENTING, States.PENDING],
    target=States.KNOWN_ERROR,
    label=_("Approval lapsed"),
    done=_("has to be proposed anew"),
    tells=("assigned",),
    system=True,
)
def lapse(problem: Problem, *, user: None, now: datetime) -> None:
    """Cause, level or solution changed after it was asked: what was approved is not what stands here now."""
    end_waiting(problem, now)


@problem_actions.action(
    source=States.APPROVED,
    target=States.IMPLEMENTING,
    label=_("Carry out"),
    done=_("began to carry out the solution"),
    allow=rules.may_lead,
    form="problems.forms.ImplementForm",
    intent="primary",
    icon="player-play",
    key="s",
    quiet=True,
)
def implement(problem: Problem, *, user: User, now: datetime, change_reference: str) -> None:
    """Begin to carry the solution out; name the change that does it, where one is needed."""
    problem.change_reference = change_reference


@problem_actions.action(
    source=States.IMPLEMENTING,
    target=States.RESOLVED,
    label=_("Resolve"),
    done=_("resolved the problem"),
    allow=rules.may_lead,
    guards=(common_guards.has_finished_children,),
    form="problems.forms.ResolveForm",
    effect="problems.services.free_waiting_incidents",
    intent="primary",
    icon="check",
    key="e",
    tells=("problem_ended",),
)
def resolve(problem: Problem, *, user: User, now: datetime, proof: str, watch_days: int) -> None:
    """It is done and proven: say how, and for how long recurrence is watched. Waiting incidents go on."""
    problem.proof = proof
    problem.resolve_as("solved", now, watch_days)


@problem_actions.action(
    source=[*LIVE],
    label=_("Edit"),
    done=_("edited it"),
    allow=rules.may_lead,
    form="problems.forms.EditForm",
    icon="pencil",
    key="d",
    undo=RESTORE,
)
def edit(problem: Problem, *, user: User, now: datetime, **fields: Any) -> None:
    """Correct what was written when it was raised."""
    for name, value in fields.items():
        setattr(problem, name, value)
