"""What happens to incidents when a time is over: the portal's own actions, and people's answers to them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from incidents import guards, rules
from incidents.states import LIVE, States
from tickets.lifecycle import ActionSet, Section
from tickets.shared.waiting import end_waiting, reminding_of_waits

if TYPE_CHECKING:
    from accounts.models import SupportGroup, User
    from incidents.models import Incident


#: Escalation by time (INC-13), times agreed with the requester (INC-19), the end of a wait (INC-22).
out_of_time = ActionSet()


@out_of_time.action(
    source=[States.ASSIGNED, States.IN_PROGRESS],
    target=States.ASSIGNED,
    label=_("Escalate by time"),
    done=_("went to the next line, because time was over"),
    tells=("assigned",),
    form="incidents.by_itself.forms.OutOfTimeMoveForm",
    icon="arrow-up-right",
    public=False,
    system=True,
)
def escalate_by_time(incident: Incident, *, user: None, now: datetime, group: SupportGroup, limit: str) -> None:
    """Give it to the queue of the next line; it counts as escalated until somebody acts (INC-13)."""
    incident.group, incident.assignee = group, None
    incident.escalated_at = incident.escalated_at or now


@out_of_time.action(
    source=LIVE,
    label=_("Report that time is over"),
    done=_("was escalated to people, because time was over"),
    form="incidents.by_itself.forms.OutOfTimeForm",
    icon="alert-triangle",
    public=False,
    system=True,
)
def report_out_of_time(incident: Incident, *, user: None, now: datetime, limit: str) -> None:
    """Leave it where it is and tell people; it counts as escalated until somebody acts (INC-13)."""
    incident.escalated_at = incident.escalated_at or now


@out_of_time.action(
    source=LIVE,
    label=_("Take note of the escalation"),
    done=_("took note of the escalation"),
    allow=rules.may_answer_escalation,
    guards=(guards.is_escalated,),
    form="incidents.by_itself.forms.TakeNoteForm",
    icon="eye-check",
    public=False,
    versioned=False,
    menu=False,
)
def acknowledge(incident: Incident, *, user: User, now: datetime, text: str) -> None:
    """Say that you have seen it and what happens now; it leaves the list of what is escalated (INC-13)."""
    incident.escalated_at = None


@out_of_time.action(
    source=LIVE,
    label=_("Agree on a time"),
    done=_("agreed on a time with the requester"),
    tells=("moved",),
    allow=rules.may_hand_over,
    form="incidents.by_itself.forms.AgreeForm",
    icon="calendar-time",
    key=",",
    section=Section.RECORD,
)
def agree_time(incident: Incident, *, user: User, now: datetime, agreed_at: datetime, text: str) -> None:
    """Record until when the requester agreed to wait, and why; the limits stay as they are (INC-19)."""
    incident.agreed_at, incident.agreed_reason = agreed_at, text


@out_of_time.action(
    source=States.PENDING,
    target=States.IN_PROGRESS,
    label=_("Resume by itself"),
    done=_("goes on: the wait is over"),
    tells=("wait_over",),
    system=True,
    icon="player-play",
)
def resume_by_time(incident: Incident, *, user: None, now: datetime) -> None:
    """Go on at the end of a wait, as its reason says; whoever handles it is told (INC-22)."""
    end_waiting(incident, now)


#: Closing by itself (INC-09).
closing = ActionSet()


@closing.action(
    source=States.RESOLVED,
    target=States.CLOSED,
    label=_("Close by itself"),
    done=_("was closed: nobody objected in time"),
    tells=("rate_asked", "closed_by_time"),
    icon="circle-check",
    system=True,
)
def close_by_time(incident: Incident, *, user: None, now: datetime) -> None:
    """Close what was resolved some time ago and nobody objected to (INC-09)."""
    incident.closed_at, incident.closes_at = now, None


#: The set that incidents take: the portal's own actions in the order of a life.
by_time = ActionSet(out_of_time, reminding_of_waits(waits_in=States.PENDING), closing)
