"""What can happen to an incident, on one page (INC-05). Read it from top to bottom: a ticket's life."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from incidents import guards, rules
from incidents.by_itself.by_portal import by_portal
from incidents.by_itself.by_time import by_time
from incidents.corrections import corrections
from incidents.emergencies.procedure import emergency_actions
from incidents.following_up.follow_ups import follow_ups
from incidents.problem_actions import joining_problems
from incidents.states import LIVE, States
from incidents.support import support
from records.lifecycle import NEW
from tasks.lifecycle import splitting
from tickets.lifecycle import RESTORE, ActionSet
from tickets.rules import may_register
from tickets.shared.change_actions import raising_changes
from tickets.shared.common import common_actions
from tickets.shared.waiting import begin_waiting, end_waiting

if TYPE_CHECKING:
    from accounts.models import SupportGroup, User
    from incidents.models import Incident

#: Registered, assigned, in progress, resolved, closed; pending while it waits.
incident_actions = ActionSet(
    by_portal,
    corrections,
    support,
    follow_ups,
    by_time,
    emergency_actions,
    joining_problems,
    raising_changes,
    splitting(worked_on=LIVE),
    common_actions,
)


@incident_actions.action(
    source=NEW,
    target=States.REGISTERED,
    label=_("Register incident"),
    done=_("registered this incident"),
    tells=("received",),
    allow=may_register,
    form="incidents.register_form.RegisterForm",
    effect="incidents.services.complete_registration",
    intent="primary",
    icon="plus",
    key="n",
)
def register(incident: Incident, *, user: User, now: datetime, **fields: Any) -> None:
    """Register an incident; with a group it is assigned at once."""
    incident.fill(fields, user)


@incident_actions.action(
    source=[States.REGISTERED, States.ASSIGNED],
    target=States.ASSIGNED,
    label=_("Assign"),
    done=_("assigned it"),
    tells=("assigned",),
    allow=rules.may_assign,
    form="incidents.routing_forms.AssignForm",
    intent="primary",
    icon="arrow-right",
    key="a",
    edits=("group", "assignee"),
    private_text=True,
    bulk=True,
    undo="return_to_desk",
)
def assign(
    incident: Incident, *, user: User, now: datetime, group: SupportGroup, assignee: User | None, text: str
) -> None:
    """Give it to a group, or to a person in it; the response limit starts."""
    incident.give_to(group, assignee, now)


@incident_actions.action(
    source=States.ASSIGNED,
    label=_("Claim"),
    done=_("claimed it"),
    allow=rules.works_in_group,
    guards=(guards.is_unclaimed,),
    intent="primary",
    icon="hand-grab",
    key="c",
    versioned=False,
    bulk=True,
    undo="unclaim",
)
def claim(incident: Incident, *, user: User, now: datetime) -> None:
    """Take it from the group's queue. Of two who claim at once one gets it (INC-06)."""
    incident.assignee = user


@incident_actions.action(
    source=States.ASSIGNED,
    label=_("Give back to the group"),
    done=_("gave it back to the group"),
    allow=rules.is_assignee,
    icon="hand-stop",
    bulk=True,
)
def unclaim(incident: Incident, *, user: User, now: datetime) -> None:
    """Leave it to the group's queue again; anybody in the group may claim it."""
    incident.assignee = None


@incident_actions.action(
    source=[States.REGISTERED, States.ASSIGNED],
    target=States.IN_PROGRESS,
    label=_("Start work"),
    done=_("started work"),
    allow=rules.may_start,
    form="tickets.shared.assignment.StartForm",
    intent="primary",
    icon="player-play",
    key="s",
    bulk=True,
    quiet=True,
)
def start(incident: Incident, *, user: User, now: datetime, group: SupportGroup | None = None) -> None:
    """Begin work: the response is given, the time to resolve runs. Whoever starts owns it."""
    incident.group = incident.group or group
    incident.assignee = user
    incident.assigned_at = incident.assigned_at or now
    incident.responded_at = incident.responded_at or now


@incident_actions.action(
    source=States.IN_PROGRESS,
    target=States.RESOLVED,
    label=_("Resolve"),
    done=_("resolved it"),
    tells=("resolved",),
    allow=rules.may_work_on,
    guards=(guards.has_finished_children,),
    form="incidents.forms.ResolveForm",
    effect="incidents.services.resolve_duplicates",
    intent="primary",
    icon="check",
    key="e",
    bulk=True,
)
def resolve(incident: Incident, *, user: User, now: datetime, **solution: Any) -> None:
    """Record cause, handling, close code and who verified it; the desk confirms with the requester (INC-07)."""
    incident.solve_with(solution)
    incident.resolved_at, incident.resolved_by = now, user


@incident_actions.action(
    source=States.IN_PROGRESS,
    target=States.PENDING,
    label=_("Wait"),
    done=_("put it on hold"),
    tells=("waiting", "waits_again"),
    allow=rules.may_work_on,
    form="tickets.shared.holding.WaitForm",
    icon="player-pause",
    key="w",
    bulk=True,
    undo="resume",
)
def wait(incident: Incident, *, user: User, now: datetime, wait_reason: Any, wait_until: datetime, text: str) -> None:
    """Wait for the requester, a vendor, a change; say until when."""
    begin_waiting(incident, wait_reason, wait_until, now)


@incident_actions.action(
    source=States.PENDING,
    target=States.IN_PROGRESS,
    label=_("Resume"),
    done=_("resumed work"),
    allow=rules.may_handle,
    intent="primary",
    icon="player-play",
    key="s",
    bulk=True,
    quiet=True,
)
def resume(incident: Incident, *, user: User, now: datetime) -> None:
    """Go on; what it waited for has come."""
    end_waiting(incident, now)


@incident_actions.action(
    source=[States.ASSIGNED, States.IN_PROGRESS],
    target=States.REGISTERED,
    label=_("Return to desk"),
    done=_("returned it to the service desk"),
    tells=("returned",),
    allow=rules.may_handle,
    form="tickets.shared.forms.ReasonForm",
    icon="arrow-back-up",
    key="b",
    private_text=True,
)
def return_to_desk(incident: Incident, *, user: User, now: datetime, text: str) -> None:
    """Send it back with a reason; the desk dispatches it anew."""
    incident.group = incident.assignee = None


@incident_actions.action(
    source=[States.ASSIGNED, States.IN_PROGRESS],
    target=States.ASSIGNED,
    label=_("Hand over"),
    done=_("handed it over"),
    tells=("assigned",),
    allow=rules.may_hand_over,
    form="incidents.routing_forms.HandOverForm",
    icon="arrows-transfer-down",
    key="h",
    private_text=True,
    edits=("group", "assignee"),
    bulk=True,
    undo=RESTORE,
)
def hand_over(
    incident: Incident, *, user: User, now: datetime, group: SupportGroup, assignee: User | None, text: str
) -> None:
    """Give it to another group of the same line, or to a colleague."""
    incident.give_to(group, assignee, now)


@incident_actions.action(
    source=[States.ASSIGNED, States.IN_PROGRESS],
    target=States.ASSIGNED,
    label=_("Escalate"),
    done=_("escalated it to the next line"),
    tells=("assigned",),
    allow=rules.may_hand_over,
    form="incidents.routing_forms.EscalateForm",
    icon="arrow-up-right",
    key="g",
    private_text=True,
    bulk=True,
    undo=RESTORE,
)
def escalate(
    incident: Incident, *, user: User, now: datetime, group: SupportGroup, assignee: User | None, text: str
) -> None:
    """Give it to a group of a higher line: desk, first, second (INC-13)."""
    incident.give_to(group, assignee, now)


@incident_actions.action(
    source=States.RESOLVED,
    target=States.CLOSED,
    label=_("Confirm and close"),
    done=_("closed it"),
    tells=("rate_asked", "closed"),
    allow=rules.may_close,
    guards=(guards.is_unconfirmed,),
    form="incidents.forms.CloseForm",
    intent="primary",
    icon="circle-check",
    key="q",
)
def close(incident: Incident, *, user: User, now: datetime, text: str, **answers: Any) -> None:
    """Close it after confirming with the requester that it is solved: who said so, how and when (INC-08)."""
    incident.confirm_with(answers)
    incident.finish_with(answers, now, heard=user.pk != incident.requester_id)


@incident_actions.action(
    source=States.RESOLVED,
    target=States.CLOSED,
    label=_("Close as confirmed"),
    done=_("closed it, as the requester had confirmed"),
    allow=rules.may_close,
    guards=(guards.has_confirmation,),
    intent="primary",
    icon="circle-check",
    tells=("rate_asked", "closed"),
    key="q",
    bulk=True,
)
def close_confirmed(incident: Incident, *, user: User, now: datetime) -> None:
    """Close what the requester has confirmed: their own word is the evidence (INC-08)."""
    incident.closed_at = now


@incident_actions.action(
    source=States.RESOLVED,
    target=States.CLOSED,
    label=_("Close by confirmation"),
    done=_("was closed by the confirmation"),
    guards=(guards.has_confirmation,),
    system=True,
    icon="circle-check",
    tells=("rate_asked", "closed"),
)
def close_by_confirmation(incident: Incident, *, user: None, now: datetime) -> None:
    """Close it because the requester confirmed and the customer's policy lets that close (INC-08)."""
    incident.closed_at = now


@incident_actions.action(
    source=States.RESOLVED,
    label=_("It is solved"),
    done=_("confirmed that it is solved"),
    tells=("moved",),
    allow=rules.may_confirm,
    guards=(guards.is_unconfirmed,),
    form="incidents.forms.ConfirmForm",
    effect="incidents.services.close_where_that_is_enough",
    intent="primary",
    icon="circle-check",
)
def confirm(incident: Incident, *, user: User, now: datetime, **answers: Any) -> None:
    """Say that it is solved and what you think of the result; the service desk closes it with that."""
    said = {"confirmed_at": now, "confirmed_by": user.display_name, "confirmed_how": incident.own_word}
    incident.confirm_with(said)
    incident.rate_with(answers, heard=False)


@incident_actions.action(
    source=States.RESOLVED,
    target=States.CLOSED,
    label=_("Not solved"),
    done=_("reported that it is not solved"),
    tells=("not_solved",),
    allow=rules.may_dispute,
    form="incidents.forms.NotSolvedForm",
    effect="incidents.services.open_follow_up",
    intent="danger",
    icon="rotate-clockwise",
    key="o",
)
def not_solved(incident: Incident, *, user: User, now: datetime, text: str) -> None:
    """Close it as unresolved; a follow-up goes to the previous assignee at once (INC-12)."""
    incident.close_code_id = "unresolved"
    incident.closed_at = now


@incident_actions.action(
    source=[States.REGISTERED, States.ASSIGNED],
    target=States.CLOSED,
    label=_("Reject"),
    done=_("rejected it"),
    tells=("closed",),
    allow=rules.may_dispatch,
    guards=(guards.has_finished_children,),
    form="incidents.forms.RejectForm",
    effect="incidents.services.release_duplicates",
    intent="danger",
    icon="ban",
    key="y",
    bulk=True,
)
def reject(incident: Incident, *, user: User, now: datetime, reject_reason: Any, text: str) -> None:
    """Answer and close what is out of contract or scope, with a reason (INC-03)."""
    incident.reject_reason = reject_reason
    incident.close_code_id, incident.closed_at = "rejected", now


@incident_actions.action(
    source=[States.REGISTERED, States.ASSIGNED],
    target=States.CLOSED,
    label=_("Withdraw"),
    done=_("withdrew it"),
    tells=("withdrawn",),
    allow=rules.may_withdraw,
    guards=(guards.has_finished_children,),
    form="tickets.shared.forms.ReasonForm",
    effect="incidents.services.release_duplicates",
    intent="danger",
    icon="x",
)
def withdraw(incident: Incident, *, user: User, now: datetime, text: str) -> None:
    """Take back a report that nobody works on yet."""
    incident.reject_reason_id, incident.close_code_id, incident.closed_at = "withdrawn", "rejected", now
