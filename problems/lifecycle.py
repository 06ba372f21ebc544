"""What can happen to a problem, on one page (PRB-03): from being raised to being closed after its review."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from problems import rules
from problems.ends import ProblemEnds
from problems.holding import Holding
from problems.known_errors.workarounds import Workarounds
from problems.states import LIVE, States
from records.lifecycle import NEW
from tickets import guards as common_guards
from tickets.lifecycle import RESTORE, action
from tickets.rules import may_register
from tickets.shared.change_actions import RaisesChanges
from tickets.shared.common import CommonActions

if TYPE_CHECKING:
    from accounts.models import User


class ProblemLifecycle(Workarounds, ProblemEnds, Holding, RaisesChanges, CommonActions):
    """From registered over known error, proposed, approved and resolved to reviewed and closed."""

    # Columns and helpers of ``problems.models.Problem``.
    fill: Any
    root_cause: Any
    cause_at: Any
    solution: Any
    level: Any
    problem_category: Any
    propose_with: Any
    change_reference: Any
    proof: Any
    watch_until: Any
    outcome: Any
    resolve_as: Any
    discussed_at: Any
    discussed_with: Any

    @action(
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
    def register(self, *, user: User, now: datetime, **fields: Any) -> None:
        """Raise a problem by hand, from incidents, from a trend, from monitoring or inspection (PRB-01)."""
        self.fill(fields, user)

    @action(
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
    def assign(self, *, user: User, now: datetime, group: Any, assignee: User, **chosen: Any) -> None:
        """Check and classify it, choose the owner who follows it to the end, and who analyses it."""
        self.level, self.problem_category = chosen["level"], chosen["problem_category"]
        self.group, self.assignee, self.supplier = group, assignee, chosen["supplier"]
        self.assigned_at = self.assigned_at or now

    @action(
        source=States.ASSIGNED,
        target=States.INVESTIGATING,
        label=_("Start investigation"),
        done=_("started the investigation"),
        allow=rules.may_investigate,
        intent="primary",
        icon="zoom-scan",
        key="s",
    )
    def investigate(self, *, user: User, now: datetime) -> None:
        """Begin to look for the cause."""
        self.responded_at = self.responded_at or now

    @action(
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
    def return_to_manager(self, *, user: User, now: datetime, text: str) -> None:
        """Send it back with a reason; the problem manager assigns it anew."""
        self.group = self.assignee = None

    @action(
        source=States.INVESTIGATING,
        target=States.KNOWN_ERROR,
        label=_("Confirm cause"),
        done=_("confirmed the root cause"),
        allow=rules.may_lead,
        form="problems.forms.CauseForm",
        intent="primary",
        icon="bulb",
        key="f",
    )
    def confirm_cause(self, *, user: User, now: datetime, root_cause: str) -> None:
        """Record the root cause: from here on it is a known error."""
        self.root_cause, self.cause_at = root_cause, now

    @action(
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
    def investigate_again(self, *, user: User, now: datetime, text: str) -> None:
        """The cause or the solution did not hold: look again. Approvals do not count any more."""
        self.cause_at = None

    @action(
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
    )
    def propose(self, *, user: User, now: datetime, **fields: Any) -> None:
        """Say how it is solved, how long that takes, what it does, and how it was tested; others decide (PRB-06)."""
        self.propose_with(fields)

    @action(
        source=[*LIVE],
        label=_("Invite customers"),
        done=_("invited customers to a discussion"),
        allow=rules.may_lead,
        form="problems.inviting.InviteForm",
        effect="problems.inviting.invite",
        icon="mail-forward",
        key="g",
    )
    def invite(self, *, user: User, now: datetime, discussed_at: datetime, contacts: Any, **text: Any) -> None:
        """Invite people of customers to talk about workaround or solution; each reads the own part only (PRB-10)."""
        self.discussed_at = discussed_at
        self.discussed_with = "\n".join(f"{person} ({person.organisation})" for person in contacts)

    @action(
        source=[*LIVE],
        label=_("Discuss with customer"),
        done=_("recorded a discussion with the customer"),
        allow=rules.may_lead,
        form="problems.forms.DiscussForm",
        icon="messages",
    )
    def discuss(self, *, user: User, now: datetime, **fields: Any) -> None:
        """Put on record who was invited to talk about workaround or solution, what was said, their word (PRB-10)."""
        for name, value in fields.items():
            setattr(self, name, value)

    @action(
        source=States.PROPOSED,
        target=States.APPROVED,
        label=_("Approved"),
        done=_("was approved"),
        tells=("assigned",),
        system=True,
    )
    def approved(self, *, user: None, now: datetime) -> None:
        """Its solution is approved: whoever follows it to the end lets it be carried out (PRB-06)."""

    @action(
        source=States.PROPOSED,
        target=States.KNOWN_ERROR,
        label=_("Refused"),
        done=_("asks for another solution"),
        tells=("assigned",),
        system=True,
    )
    def refused(self, *, user: None, now: datetime) -> None:
        """Its solution is refused, or returned with a condition: another one is to be proposed."""

    @action(
        source=[States.PROPOSED, States.APPROVED, States.IMPLEMENTING, States.PENDING],
        target=States.KNOWN_ERROR,
        label=_("Approval lapsed"),
        done=_("has to be proposed anew"),
        tells=("assigned",),
        system=True,
    )
    def lapse(self, *, user: None, now: datetime) -> None:
        """Cause, level or solution changed after it was asked: what was approved is not what stands here now."""
        self.end_waiting(now)

    @action(
        source=States.APPROVED,
        target=States.IMPLEMENTING,
        label=_("Carry out"),
        done=_("began to carry out the solution"),
        allow=rules.may_lead,
        form="problems.forms.ImplementForm",
        intent="primary",
        icon="player-play",
        key="s",
    )
    def implement(self, *, user: User, now: datetime, change_reference: str) -> None:
        """Begin to carry the solution out; name the change that does it, where one is needed."""
        self.change_reference = change_reference

    @action(
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
    )
    def resolve(self, *, user: User, now: datetime, proof: str, watch_days: int) -> None:
        """It is done and proven: say how, and for how long recurrence is watched. Waiting incidents go on."""
        self.proof = proof
        self.resolve_as("solved", now, watch_days)

    @action(
        source=[*LIVE],
        label=_("Edit"),
        done=_("edited it"),
        allow=rules.may_lead,
        form="problems.forms.EditForm",
        icon="pencil",
        key="d",
        undo=RESTORE,
    )
    def edit(self, *, user: User, now: datetime, **fields: Any) -> None:
        """Correct what was written when it was raised."""
        for name, value in fields.items():
            setattr(self, name, value)
