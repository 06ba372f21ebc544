"""Actions that correct what was written down: priority, classification, duplicates."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from incidents import guards, rules
from records.lifecycle import ANY
from tickets.lifecycle import RESTORE, action

if TYPE_CHECKING:
    from accounts.models import User
    from tickets.models import Ticket as Columns
else:
    Columns = object

DISPATCHED = ["assigned", "in_progress", "pending"]
LIVE = ["registered", *DISPATCHED]


class Corrections(Columns):
    """Priority follows from impact; after dispatching its change needs a reason and approval (INC-04)."""

    # Columns and helpers of ``incidents.models.Incident``.
    set_impact: Any
    proposal: Any

    @action(
        source="registered",
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
    def check_priority(self, *, user: User, now: datetime, **fields: Any) -> None:
        """Correct impact and urgency before it is dispatched; the priority follows (INC-04)."""
        self.set_impact(**fields)

    @action(
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
    def change_priority(self, *, user: User, now: datetime, text: str, assignee: User | None, **fields: Any) -> None:
        """Change the priority with a reason, and choose the owner again (INC-04)."""
        self.set_impact(**fields)
        self.assignee = assignee

    @action(
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
    def propose_priority(self, *, user: User, now: datetime, text: str, impact: Any) -> None:
        """Ask the group's lead or the incident manager for another priority, with a reason."""
        self.version += 1  # whoever read an earlier proposal reads this one before deciding

    @action(
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
    def approve_priority(self, *, user: User, now: datetime, impact: Any, assignee: User | None) -> None:
        """Approve the proposed priority, and choose the owner again: both follow when nobody else is to approve it."""
        if not self.proposal.needs_one_more:
            self.version += 1  # what is read elsewhere is not what stands here now
            return
        self.set_impact(impact=impact)
        self.assignee = assignee

    @action(
        source=LIVE,
        label=_("Take over the approved priority"),
        done=_("took over the approved priority"),
        form="incidents.forms.ImpactForm",
        system=True,
        public=False,
    )
    def take_over_priority(self, *, user: User | None, now: datetime, impact: Any, **fields: Any) -> None:
        """The proposal was approved elsewhere than here: impact and priority follow, the owner stays."""
        self.set_impact(impact=impact)

    @action(
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
    def decline_priority(self, *, user: User, now: datetime, text: str) -> None:
        """Keep the priority, with a reason."""
        self.version += 1

    @action(
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
    def edit(self, *, user: User, now: datetime, **fields: Any) -> None:
        """Correct what was written down: summary, description, classification, contact."""
        for name, value in fields.items():
            setattr(self, name, value)

    @action(
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
    def mark_duplicate(self, *, user: User, now: datetime, main: Any) -> None:
        """Say that it is the same event as another ticket, which then solves both (INC-11)."""
        self.duplicate_of_id = main.pk

    @action(
        source=ANY,
        label=_("Not a duplicate"),
        done=_("removed the duplicate mark"),
        allow=rules.may_handle,
        guards=(guards.is_duplicate,),
        effect="incidents.services.unlink_duplicate",
        icon="copy-off",
        public=False,
    )
    def unmark_duplicate(self, *, user: User, now: datetime) -> None:
        """Take back the mark: it is an event of its own."""
        self.duplicate_of_id = None
