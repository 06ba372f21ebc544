"""What can happen to a visit."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models

from records.lifecycle import NEW
from tickets import guards
from tickets.lifecycle import Phase, action
from tickets.rules import may_dispatch, may_register, may_work_on
from tickets.shared.common import CommonActions

if TYPE_CHECKING:
    from accounts.models import SupportGroup, User


class States(models.TextChoices):
    """States of a visit."""

    PLANNED = "planned", "Planned"
    UNDER_WAY = "under_way", "Under way"
    DONE = "done", "Done"


PHASES = {States.PLANNED: Phase.OPEN, States.UNDER_WAY: Phase.OPEN, States.DONE: Phase.CLOSED}


class VisitLifecycle(CommonActions):
    """Planned, under way, done."""

    distance: Any
    plan_for: Any

    @action(
        source=NEW,
        target=States.PLANNED,
        label="Plan visit",
        done="planned this visit",
        allow=may_register,
        form="tests.second_kind.forms.PlanForm",
        intent="primary",
        icon="plus",
        key="n",
    )
    def register(self, *, user: User, now: datetime, **fields: Any) -> None:
        """Plan a visit to a customer."""
        self.plan_for(user, **fields)

    @action(
        source=States.PLANNED,
        label="Send",
        done="sent somebody",
        allow=may_dispatch,
        form="tickets.shared.assignment.AssignmentForm",
    )
    def send(self, *, user: User, now: datetime, group: SupportGroup, assignee: User | None) -> None:
        """Choose who goes there."""
        self.group, self.assignee = group, assignee

    @action(
        source=States.PLANNED,
        target=States.UNDER_WAY,
        label="Set out",
        done="set out",
        allow=may_work_on,
        guards=(guards.has_assignee,),
        intent="primary",
        key="s",
    )
    def set_out(self, *, user: User, now: datetime) -> None:
        """Begin the journey."""
        self.responded_at = now

    @action(
        source=States.UNDER_WAY,
        target=States.DONE,
        label="Finish",
        done="finished the visit",
        allow=may_work_on,
        form="tests.second_kind.forms.ReportForm",
        effect="tests.second_kind.services.book_trip",
        intent="primary",
        key="f",
    )
    def finish(self, *, user: User, now: datetime, distance: int, text: str) -> None:
        """Report what was done and how far it was."""
        self.distance, self.closed_at = distance, now
