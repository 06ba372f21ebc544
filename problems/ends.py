"""How a problem ends: reviewed and closed, risk accepted, permanent workaround, duplicate, cancelled."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from problems import guards, rules
from problems.states import LIVE, Outcome, States
from tickets.lifecycle import action

if TYPE_CHECKING:
    from accounts.models import User
    from tickets.models import Ticket as Columns
else:
    Columns = object


class ProblemEnds(Columns):
    """Ends of a problem, and its coming back."""

    outcome: Any
    review_result: Any
    minutes: Any
    met_at: Any
    attendance: Any
    resolve_as: Any
    end_waiting: Any
    begin_again: Any

    @action(
        source=[States.KNOWN_ERROR, States.PROPOSED, States.APPROVED],
        target=States.RESOLVED,
        label=_("Accept the risk"),
        done=_("accepted the risk"),
        allow=rules.manages,
        form="problems.forms.EndForm",
        effect="problems.services.free_waiting_incidents",
        icon="shield-check",
    )
    def accept_risk(self, *, user: User, now: datetime, text: str, watch_days: int) -> None:
        """Leave the cause as it is, with the reason; it is reviewed and watched like a solution."""
        self.resolve_as(Outcome.RISK_ACCEPTED, now, watch_days)

    @action(
        source=[States.KNOWN_ERROR, States.PROPOSED, States.APPROVED],
        target=States.RESOLVED,
        label=_("Keep the workaround"),
        done=_("made the workaround permanent"),
        allow=rules.manages,
        guards=(guards.has_workaround,),
        form="problems.forms.EndForm",
        effect="problems.services.free_waiting_incidents",
        icon="bandage",
    )
    def keep_workaround(self, *, user: User, now: datetime, text: str, watch_days: int) -> None:
        """Live with the workaround for good, with the reason."""
        self.resolve_as(Outcome.WORKAROUND, now, watch_days)

    @action(
        source=States.RESOLVED,
        target=States.REVIEWED,
        label=_("Review"),
        done=_("reviewed it"),
        allow=rules.may_lead,
        form="problems.forms.ReviewForm",
        intent="primary",
        icon="clipboard-check",
        key="v",
    )
    def review(self, *, user: User, now: datetime, review_result: str, minutes: str, **meeting: Any) -> None:
        """Say whether it worked, with the minutes; problems of high level in a meeting with users (PRB-07)."""
        self.review_result, self.minutes = review_result, minutes
        self.met_at, self.attendance = meeting["met_at"], meeting["attendance"]

    @action(
        source=States.REVIEWED,
        target=States.CLOSED,
        label=_("Close"),
        done=_("closed it"),
        allow=rules.may_lead,
        form="problems.forms.CloseForm",
        intent="primary",
        icon="circle-check",
        key="q",
    )
    def close(self, *, user: User, now: datetime, text: str) -> None:
        """Close it once everything is archived (PRB-08). Recurrence is watched on."""
        self.closed_at = now

    @action(
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
    def reopen(self, *, user: User, now: datetime, text: str) -> None:
        """Go on with it: the cause is not gone."""
        self.begin_again()

    @action(
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
    def come_back(self, *, user: None, now: datetime, incident: Any, matched: str) -> None:
        """An incident of the same key came while recurrence was watched (PRB-07)."""
        self.begin_again()

    @action(
        source=LIVE,
        target=States.CLOSED,
        label=_("Mark as duplicate"),
        done=_("marked it as duplicate"),
        allow=rules.manages,
        form="problems.forms.DuplicateForm",
        effect="problems.services.fold_into",
        icon="copy",
    )
    def mark_duplicate(self, *, user: User, now: datetime, main: Any, text: str) -> None:
        """Another problem has the same cause: its incidents go there."""
        self.end_waiting(now)
        self.duplicate_of_id, self.outcome, self.closed_at = main.pk, Outcome.DUPLICATE, now

    @action(
        source=LIVE,
        target=States.CLOSED,
        label=_("Cancel"),
        done=pgettext_lazy("problem", "cancelled it"),
        allow=rules.manages,
        form="tickets.shared.forms.ReasonForm",
        effect="problems.services.free_waiting_incidents",
        intent="danger",
        icon="x",
    )
    def cancel(self, *, user: User, now: datetime, text: str) -> None:
        """End what is no problem, with the reason. Incidents that wait for it go on."""
        self.end_waiting(now)
        self.outcome, self.closed_at = Outcome.CANCELLED, now
