"""Actions that correct what was written down: priority, classification, duplicates."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from incidents import guards, rules
from incidents.states import LIVE, States
from records.lifecycle import ANY
from tickets.lifecycle import RESTORE, ActionSet

if TYPE_CHECKING:
    from accounts.models import User
    from incidents.models import Incident


#: Priority follows from impact; after dispatching its change needs a reason and approval (INC-04).
corrections = ActionSet()


@corrections.action(
    source=States.REGISTERED,
    label=_("Check priority"),
    done=_("checked impact and priority"),
    allow=rules.may_dispatch,
    hidden_by=(guards.is_undispatched,),
    form="incidents.forms.ImpactForm",
    icon="flag",
    key="p",
    public=False,
    edits=("impact", "urgency"),
    undo=RESTORE,
    undone="incidents.emergencies.beginning.forget_emergency",
)
def check_priority(incident: Incident, *, user: User, now: datetime, **fields: Any) -> None:
    """Correct impact and urgency before it is dispatched; the priority follows (INC-04)."""
    incident.set_impact(**fields)


@corrections.action(
    source=LIVE,
    label=_("Change priority"),
    done=_("changed the priority"),
    tells=("moved",),
    allow=rules.may_decide_priority,
    hidden_by=(guards.was_given,),
    form="incidents.forms.DecidePriorityForm",
    icon="flag",
    key="p",
    public=False,
    edits=("impact", "urgency"),
    undo=RESTORE,
    undone="incidents.proposing.proposals.change_taken_back",
)
def change_priority(
    incident: Incident, *, user: User, now: datetime, text: str, assignee: User | None, **fields: Any
) -> None:
    """Change the priority with a reason, and choose the owner again (INC-04)."""
    incident.set_impact(**fields)
    incident.assignee = assignee


@corrections.action(
    source=LIVE,
    label=_("Propose priority"),
    done=_("proposed another priority"),
    tells=("priority_asked",),
    allow=rules.may_propose_priority,
    hidden_by=(guards.was_given,),
    form="incidents.forms.ProposePriorityForm",
    effect="incidents.proposing.proposals.propose",
    icon="flag",
    key="p",
    public=False,
    edits=("impact",),
)
def propose_priority(incident: Incident, *, user: User, now: datetime, text: str, impact: Any) -> None:
    """Ask the group's lead or the incident manager for another priority, with a reason."""
    incident.version += 1  # whoever read an earlier proposal reads this one before deciding


@corrections.action(
    source=LIVE,
    label=_("Approve priority"),
    done=_("approved the proposed priority"),
    allow=rules.may_decide_priority,
    guards=(guards.has_priority_request,),
    form="incidents.forms.ApprovePriorityForm",
    effect="incidents.proposing.proposals.record_decision",
    intent="primary",
    icon="flag-check",
    public=False,
)
def approve_priority(incident: Incident, *, user: User, now: datetime, impact: Any, assignee: User | None) -> None:
    """Approve the proposed priority, and choose the owner again: both follow when nobody else is to approve it."""
    if not incident.proposal.needs_one_more:  # type: ignore[union-attr]  # has_priority_request
        incident.version += 1  # what is read elsewhere is not what stands here now
        return
    incident.set_impact(impact=impact)
    incident.assignee = assignee


@corrections.action(
    source=LIVE,
    label=_("Take over the approved priority"),
    done=_("took over the approved priority"),
    form="incidents.forms.ImpactForm",
    system=True,
    public=False,
)
def take_over_priority(incident: Incident, *, user: User | None, now: datetime, impact: Any, **fields: Any) -> None:
    """The proposal was approved elsewhere than here: impact and priority follow, the owner stays."""
    incident.set_impact(impact=impact)


@corrections.action(
    source=LIVE,
    label=_("Decline priority"),
    done=_("declined the proposed priority"),
    allow=rules.may_decide_priority,
    guards=(guards.has_priority_request,),
    form="tickets.shared.forms.ReasonForm",
    effect="incidents.proposing.proposals.record_decision",
    icon="flag-x",
    public=False,
)
def decline_priority(incident: Incident, *, user: User, now: datetime, text: str) -> None:
    """Keep the priority, with a reason."""
    incident.version += 1


@corrections.action(
    source=LIVE,
    label=_("Edit"),
    done=_("edited it"),
    allow=rules.may_handle,
    form="incidents.forms.EditForm",
    icon="pencil",
    key="d",
    public=False,
    edits=(
        *("summary", "nature", "category", "business_system", "complexity", "contact_phone", "contact_email"),
        *("occurred_at", "extent", "reported_by"),
    ),
    bulk=("category", "nature", "business_system"),
    undo=RESTORE,
)
def edit(incident: Incident, *, user: User, now: datetime, **fields: Any) -> None:
    """Correct what was written down: summary, description, classification, contact."""
    for name, value in fields.items():
        setattr(incident, name, value)


@corrections.action(
    source=LIVE,
    label=_("Mark as duplicate"),
    done=_("marked it as a duplicate"),
    tells=("duplicate",),
    allow=rules.may_handle,
    guards=(guards.is_no_duplicate,),
    form="incidents.routing_forms.DuplicateForm",
    effect="incidents.services.link_duplicate",
    icon="copy",
    key="m",
    public=False,
    bulk=True,
    undo="unmark_duplicate",
)
def mark_duplicate(incident: Incident, *, user: User, now: datetime, main: Any) -> None:
    """Say that it is the same event as another ticket, which then solves both (INC-11)."""
    incident.duplicate_of_id = main.pk


@corrections.action(
    source=ANY,
    label=_("Not a duplicate"),
    done=_("removed the duplicate mark"),
    allow=rules.may_handle,
    guards=(guards.is_duplicate,),
    effect="incidents.services.unlink_duplicate",
    icon="copy-off",
    public=False,
)
def unmark_duplicate(incident: Incident, *, user: User, now: datetime) -> None:
    """Take back the mark: it is an event of its own."""
    incident.duplicate_of_id = None
