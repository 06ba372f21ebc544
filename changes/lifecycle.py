"""What can happen to a change, on one page (CHG-02). Four types, one life: each takes only the steps it needs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from changes import guards, rules
from changes.afterwards.lifecycle import attributing_incidents
from changes.implementing import implementing
from changes.informing.lifecycle import informing
from changes.plan.planning import planning
from changes.prepared.lifecycle import preparing_edits
from changes.reviewing.lifecycle import reviewing
from changes.states import States
from changes.updating.lifecycle import updating_items
from records.lifecycle import NEW
from tickets.lifecycle import ActionSet
from tickets.shared.common import relating, talking, urging, watching

if TYPE_CHECKING:
    from accounts.models import SupportGroup, User
    from changes.models import Change


#: Drafted, submitted, accepted, assessed, approved, implemented, reviewed, closed.
change_actions = ActionSet(
    implementing,
    attributing_incidents,
    preparing_edits,
    updating_items,
    reviewing,
    planning,
    informing,
    talking,
    urging,
    watching,
    relating,
)


@change_actions.action(
    source=NEW,
    target=States.DRAFT,
    label=_("Request change"),
    done=_("requested this change"),
    allow=rules.may_raise,
    form="changes.forms.RegisterForm",
    effect="changes.services.complete_registration",
    intent="primary",
    icon="plus",
    key="n",
    public=False,
    quiet=True,
)
def register(change: Change, *, user: User, now: datetime, **fields: Any) -> None:
    """Say what is to be changed, why, and when; plan it, then submit it."""
    change.fill(fields, user)


@change_actions.action(
    source=NEW,
    target=States.SCHEDULED,
    label=_("Order standard change"),
    done=_("ordered this standard change, approved beforehand"),
    allow=rules.may_raise,
    form="changes.catalogue.forms.OrderForm",
    effect="changes.services.complete_order",
    intent="primary",
    icon="bolt",
    public=False,
    tells=("change_told",),
)
def order(change: Change, *, user: User, now: datetime, template: Any, summary: str, **fields: Any) -> None:
    """Take a template of the catalogue: approved beforehand, so it is scheduled at once."""
    change.from_template(template.versions.first())
    change.summary = summary or template.summary
    change.planned_start, change.planned_end = fields["planned_start"], fields["planned_end"]
    change.business_system = fields.get("business_system")
    change.give_to_orderer(template, user)
    change.registered_by = user
    change.requester = fields.get("requester") or user
    change.organisation_id = change.requester.organisation_id
    change.raised_from = fields.get("raised_from")


@change_actions.action(
    source=States.DRAFT,
    target=States.SUBMITTED,
    label=_("Submit"),
    done=_("submitted it"),
    allow=rules.may_plan,
    guards=(guards.is_complete,),
    effect="changes.services.check_plan",
    intent="primary",
    icon="send",
    key="s",
    public=False,
    tells=("change_submitted",),
)
def submit(change: Change, *, user: User, now: datetime) -> None:
    """Hand it to the change managers, who check whether it makes sense and is complete."""
    change.submitted_at, change.checked_at = now, None


@change_actions.action(
    source=States.SUBMITTED,
    target=States.ACCEPTED,
    label=pgettext_lazy("change", "Accept"),
    done=_("accepted it: it makes sense and is complete"),
    allow=rules.may_manage,
    intent="primary",
    icon="check",
    key="a",
    public=False,
    bulk=True,
    tells=("change_accepted",),
)
def accept(change: Change, *, user: User, now: datetime) -> None:
    """Confirm that it makes sense and is complete."""
    change.responded_at = change.checked_at = now


@change_actions.action(
    source=[States.SUBMITTED, States.ACCEPTED, States.ASSESSED],
    target=States.DRAFT,
    label=_("Send back"),
    done=_("sent it back"),
    allow=rules.may_manage,
    form="tickets.shared.forms.ReasonForm",
    icon="arrow-back-up",
    key="b",
    public=False,
    tells=("change_sent_back",),
)
def send_back(change: Change, *, user: User, now: datetime, text: str) -> None:
    """Ask the requester to improve it, with a reason; a draft owes no record."""
    change.checked_at, change.record_since = change.checked_at or now, None


@change_actions.action(
    source=[States.SUBMITTED, States.ACCEPTED, States.ASSESSED],
    target=States.REJECTED,
    label=_("Reject"),
    done=_("rejected it"),
    allow=rules.may_manage,
    form="tickets.shared.forms.ReasonForm",
    intent="danger",
    icon="ban",
    key="y",
    public=False,
    tells=("change_rejected",),
)
def reject(change: Change, *, user: User, now: datetime, text: str) -> None:
    """Refuse it with a reason; it ends."""
    change.checked_at = change.checked_at or now
    change.closed_at = now


@change_actions.action(
    source=[States.ACCEPTED, States.ASSESSED],
    target=States.ASSESSED,
    label=_("Assess"),
    done=_("assessed it"),
    allow=rules.may_manage,
    form="changes.assessing.forms.AssessForm",
    effect="changes.assessing.services.keep_assessment",
    intent="primary",
    icon="scale",
    key="e",
    public=False,
    quiet=True,
)
def assess(change: Change, *, user: User, now: datetime, risk: str, assessment: str) -> None:
    """Weigh stability, continuity, resources and risk; a question without an answer counts like the worst one."""
    change.risk, change.assessment = risk, assessment


@change_actions.action(
    source=[States.SUBMITTED, States.ACCEPTED, States.ASSESSED],
    target=States.APPROVING,
    label=_("Ask for approval"),
    done=_("asked for approval"),
    allow=rules.may_plan,
    guards=(guards.is_complete, guards.may_be_asked, guards.stands_as_assessed),
    form="changes.forms.AskForm",
    effect="changes.services.ask_approval",
    intent="primary",
    icon="gavel",
    key="p",
    public=False,
    tells=("approval_asked",),
)
def ask_approval(change: Change, *, user: User, now: datetime, text: str) -> None:
    """Ask those whom the policy of its type names; they decide on what stands here now."""
    change.checked_at = change.checked_at or now


@change_actions.action(
    source=States.APPROVING,
    target=States.ACCEPTED,
    label=_("Withdraw the question"),
    done=_("withdrew the question"),
    allow=rules.may_plan,
    form="tickets.shared.forms.ReasonForm",
    effect="changes.services.withdraw_question",
    icon="arrow-back-up",
    public=False,
    tells=("approval_ended",),
)
def withdraw_question(change: Change, *, user: User, now: datetime, text: str) -> None:
    """Stop asking; it can be planned anew."""


@change_actions.action(
    source=States.APPROVING,
    target=States.SCHEDULED,
    label=pgettext_lazy("change", "Approve"),
    done=_("everybody who was asked approved it"),
    system=True,
    icon="circle-check",
    public=False,
    tells=("approval_ended",),
)
def approved(change: Change, *, user: None, now: datetime) -> None:
    """Go on as approved, in the window that was approved."""


@change_actions.action(
    source=States.APPROVING,
    target=States.REJECTED,
    label=pgettext_lazy("change", "Refuse"),
    done=_("it was refused"),
    system=True,
    icon="ban",
    public=False,
    tells=("approval_ended",),
)
def refused(change: Change, *, user: None, now: datetime) -> None:
    """End it: somebody who was asked refused it."""
    change.closed_at = now


@change_actions.action(
    source=States.APPROVING,
    target=States.ACCEPTED,
    label=pgettext_lazy("change", "Return"),
    done=_("it came back with a condition"),
    system=True,
    icon="arrow-back-up",
    public=False,
    tells=("approval_ended",),
)
def returned(change: Change, *, user: None, now: datetime) -> None:
    """Let it be planned anew under the condition."""


@change_actions.action(
    source=[States.APPROVING, States.SCHEDULED],
    target=States.ACCEPTED,
    label=pgettext_lazy("change", "Lapse"),
    done=_("its approvals fell, because what was approved changed"),
    system=True,
    icon="alert-triangle",
    public=False,
    tells=("approval_fell",),
)
def lapse(change: Change, *, user: None, now: datetime) -> None:
    """Let it be approved anew: no route leads on without new decisions."""


@change_actions.action(
    source=[*States.values[:6]],
    target=States.CANCELLED,
    label=pgettext_lazy("change", "Cancel"),
    done=_("cancelled it"),
    allow=rules.may_plan,
    form="tickets.shared.forms.ReasonForm",
    effect="changes.services.withdraw_question",
    intent="danger",
    icon="x",
    public=False,
    tells=("change_cancelled",),
)
def cancel(change: Change, *, user: User, now: datetime, text: str) -> None:
    """Give it up before it is begun."""
    change.closed_at = now


@change_actions.action(
    source=[*States.values[:6]],
    label=_("Choose implementers"),
    done=_("chose who implements it"),
    allow=rules.may_plan,
    form="changes.forms.ImplementersForm",
    icon="users",
    key="h",
    edits=("group", "assignee"),
    public=False,
    tells=("assigned",),
)
def choose_implementers(
    change: Change, *, user: User, now: datetime, group: SupportGroup | None, assignee: User | None
) -> None:
    """Say which group, and who in it, implements it."""
    change.group, change.assignee = group, assignee
    change.assigned_at = change.assigned_at or now
