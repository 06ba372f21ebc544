"""A problem waits: for a vendor, for information, for a window; and goes on where it was (PRB-03)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from problems import rules
from problems.states import WAITS_IN, States
from tickets.lifecycle import ActionSet
from tickets.shared.waiting import begin_waiting, end_waiting, reminding_of_waits

if TYPE_CHECKING:
    from accounts.models import User
    from problems.models import Problem


#: Waiting while the cause is looked for, a solution is sought, or it is carried out.
holding = ActionSet(reminding_of_waits(waits_in=States.PENDING))


@holding.action(
    source=WAITS_IN,
    target=States.PENDING,
    label=_("Wait"),
    done=_("put it on hold"),
    allow=rules.may_investigate,
    form="tickets.shared.holding.WaitForm",
    icon="player-pause",
    undo="resume",
    quiet=True,
)
def wait(problem: Problem, *, user: User, now: datetime, wait_reason: Any, wait_until: datetime, text: str) -> None:
    """Wait for a vendor, for information, for a change or its window; say until when."""
    begin_waiting(problem, wait_reason, wait_until, now)


@holding.action(
    source=States.PENDING,
    back_to=WAITS_IN,
    label=_("Resume"),
    done=_("resumed work"),
    allow=rules.may_investigate,
    intent="primary",
    icon="player-play",
    key="s",
    quiet=True,
)
def resume(problem: Problem, *, user: User, now: datetime) -> None:
    """Go on where it was; what it waited for has come."""
    end_waiting(problem, now)


@holding.action(
    source=States.PENDING,
    back_to=WAITS_IN,
    label=_("Resume by itself"),
    done=_("goes on: the wait is over"),
    tells=("wait_over",),
    system=True,
    icon="player-play",
)
def resume_by_time(problem: Problem, *, user: None, now: datetime) -> None:
    """Go on at the end of a wait, as its reason says; the owner is told (INC-22)."""
    end_waiting(problem, now)
