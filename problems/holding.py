"""A problem waits: for a vendor, for information, for a window; and goes on where it was (PRB-03)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from problems import rules
from problems.states import WAITS_IN, States
from tickets.lifecycle import Section, action
from tickets.shared.waiting import Waits

if TYPE_CHECKING:
    from accounts.models import User


class Holding(Waits):
    """Waiting while the cause is looked for, a solution is sought, or it is carried out."""

    timeline: Any

    def came_from(self) -> str:
        """The state in which it was before it waits; under investigation where nobody knows. One query."""
        steps = self.timeline.filter(state_to=States.PENDING).exclude(state_from=States.PENDING).order_by("-pk")
        found = steps.values_list("state_from", flat=True).first()
        return found if found in WAITS_IN else States.INVESTIGATING.value

    @action(
        source=WAITS_IN,
        target=States.PENDING,
        label=_("Wait"),
        done=_("put it on hold"),
        allow=rules.may_investigate,
        form="tickets.shared.holding.WaitForm",
        icon="player-pause",
        undo="resume",
    )
    def wait(self, *, user: User, now: datetime, wait_reason: Any, wait_until: datetime, text: str) -> None:
        """Wait for a vendor, for information, for a change or its window; say until when."""
        self.begin_waiting(wait_reason, wait_until, now)

    @action(
        source=States.PENDING,
        back_to=WAITS_IN,
        label=_("Resume"),
        done=_("resumed work"),
        allow=rules.may_investigate,
        intent="primary",
        icon="player-play",
        key="s",
    )
    def resume(self, *, user: User, now: datetime) -> None:
        """Go on where it was; what it waited for has come."""
        self.end_waiting(now)

    @action(
        source=States.PENDING,
        back_to=WAITS_IN,
        label=_("Resume by itself"),
        done=_("goes on: the wait is over"),
        tells=("wait_over",),
        system=True,
        icon="player-play",
    )
    def resume_by_time(self, *, user: None, now: datetime) -> None:
        """Go on at the end of a wait, as its reason says; the owner is told (INC-22)."""
        self.end_waiting(now)

    @action(
        source=States.PENDING,
        label=_("Remind of the wait"),
        done=_("the wait is over: whoever handles it was reminded"),
        tells=("wait_over",),
        system=True,
        icon="bell-ringing",
        public=False,
        versioned=False,
        section=Section.STEP,
    )
    def remind_of_wait(self, *, user: None, now: datetime) -> None:
        """Say at the end of a wait that it is over; the clocks count again (INC-22)."""
