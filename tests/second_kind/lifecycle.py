"""What can happen to a visit."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models

from records.lifecycle import NEW
from tickets import guards
from tickets.lifecycle import ActionSet, Phase
from tickets.rules import may_dispatch, may_register, may_work_on
from tickets.shared.common import common_actions

if TYPE_CHECKING:
    from accounts.models import SupportGroup, User
    from tests.second_kind.models import Visit


class States(models.TextChoices):
    """States of a visit."""

    PLANNED = "planned", "Planned"
    UNDER_WAY = "under_way", "Under way"
    DONE = "done", "Done"


PHASES = {States.PLANNED: Phase.OPEN, States.UNDER_WAY: Phase.OPEN, States.DONE: Phase.CLOSED}


#: Planned, under way, done.
visit_actions = ActionSet(common_actions)


@visit_actions.action(
    source=NEW,
    target=States.PLANNED,
    label="Plan visit",
    done="planned this visit",
    allow=may_register,
    form="tests.second_kind.forms.PlanForm",
    intent="primary",
    icon="plus",
    key="n",
    quiet=True,
)
def register(visit: Visit, *, user: User, now: datetime, **fields: Any) -> None:
    """Plan a visit to a customer."""
    visit.plan_for(user, **fields)


@visit_actions.action(
    source=States.PLANNED,
    label="Send",
    done="sent somebody",
    allow=may_dispatch,
    form="tickets.shared.assignment.AssignmentForm",
)
def send(visit: Visit, *, user: User, now: datetime, group: SupportGroup, assignee: User | None) -> None:
    """Choose who goes there."""
    visit.group, visit.assignee = group, assignee


@visit_actions.action(
    source=States.PLANNED,
    target=States.UNDER_WAY,
    label="Set out",
    done="set out",
    allow=may_work_on,
    guards=(guards.has_assignee,),
    intent="primary",
    key="s",
    quiet=True,
)
def set_out(visit: Visit, *, user: User, now: datetime) -> None:
    """Begin the journey."""
    visit.responded_at = now


@visit_actions.action(
    source=States.UNDER_WAY,
    target=States.DONE,
    label="Finish",
    done="finished the visit",
    allow=may_work_on,
    form="tests.second_kind.forms.ReportForm",
    effect="tests.second_kind.services.book_trip",
    intent="primary",
    key="f",
    quiet=True,
)
def finish(visit: Visit, *, user: User, now: datetime, distance: int, text: str) -> None:
    """Report what was done and how far it was."""
    visit.distance, visit.closed_at = distance, now
