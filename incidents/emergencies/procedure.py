"""The emergency procedure of P1 and P2: who commands, who is called in, what is said to whom (MAJ-01, MAJ-02)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from incidents.emergencies import rules
from incidents.states import LIVE
from records.lifecycle import ANY
from tickets.lifecycle import ActionSet, Section

if TYPE_CHECKING:
    from accounts.models import User
    from incidents.models import Incident


#: Begins and ends by itself with the priority; between, people command, call in, talk, escalate.
emergency_actions = ActionSet()


@emergency_actions.action(
    source=LIVE,
    label=_("Start the emergency procedure"),
    done=_("started the emergency procedure"),
    tells=("commands",),
    form="incidents.emergencies.forms.CommanderForm",
    effect="incidents.emergencies.beginning.open_first_tasks",
    system=True,
    follows=True,
    icon="urgent",
    public=False,
    versioned=False,
)
def start_emergency(incident: Incident, *, user: None, now: datetime, commander: User | None) -> None:
    """Begin the emergency procedure, because it is P1 or P2: an incident manager takes command (MAJ-01)."""
    incident.emergency_since, incident.emergency_over_at, incident.commander = now, None, commander


@emergency_actions.action(
    source=LIVE,
    label=_("Continue the emergency procedure"),
    done=_("continued the emergency procedure"),
    tells=("commands",),
    form="incidents.emergencies.forms.CommanderForm",
    effect="incidents.emergencies.beginning.go_on",
    system=True,
    follows=True,
    icon="urgent",
    public=False,
    versioned=False,
)
def continue_emergency(incident: Incident, *, user: None, now: datetime, commander: User | None) -> None:
    """Go on with the procedure, because it is P1 or P2 again; whoever commanded before still does."""
    incident.emergency_over_at, incident.commander = None, commander


@emergency_actions.action(
    source=ANY,
    label=_("End the emergency procedure"),
    done=_("ended the emergency procedure"),
    tells=("emergency_over",),
    effect="incidents.emergencies.beginning.close_emergency",
    system=True,
    follows=True,
    icon="flag-check",
    public=False,
    versioned=False,
)
def end_emergency(incident: Incident, *, user: None, now: datetime) -> None:
    """End the procedure, because the priority was lowered, or it is solved."""
    incident.emergency_over_at = now


@emergency_actions.action(
    source=LIVE,
    label=_("Pass on command"),
    done=_("passed on command: whoever commanded was switched off"),
    tells=("commands",),
    form="incidents.emergencies.forms.CommanderForm",
    system=True,
    icon="user-off",
    public=False,
    versioned=False,
)
def pass_on_command(incident: Incident, *, user: None, now: datetime, commander: User | None) -> None:
    """Let the incident manager on duty command, because whoever did does not come back (INC-22)."""
    incident.commander = commander


@emergency_actions.action(
    source=LIVE,
    label=_("Take command"),
    done=_("took command"),
    allow=rules.may_command,
    guards=(rules.has_emergency, rules.does_not_command),
    icon="flag",
    public=False,
    versioned=False,
    menu=False,
)
def take_command(incident: Incident, *, user: User, now: datetime) -> None:
    """Lead the emergency procedure yourself."""
    incident.commander = user


@emergency_actions.action(
    source=LIVE,
    label=_("Hand over command"),
    done=_("handed over command"),
    tells=("commands",),
    allow=rules.may_command,
    guards=(rules.has_emergency,),
    form="incidents.emergencies.forms.HandOverCommandForm",
    icon="switch-horizontal",
    public=False,
    versioned=False,
    menu=False,
)
def hand_over_command(incident: Incident, *, user: User, now: datetime, commander: User, text: str) -> None:
    """Let somebody else lead the emergency procedure; they are told at once."""
    incident.commander = commander


@emergency_actions.action(
    source=LIVE,
    label=_("Call in"),
    done=_("called people in"),
    tells=("called_in",),
    allow=rules.may_coordinate,
    guards=(rules.is_late_or_difficult,),
    form="incidents.emergencies.forms.CallInForm",
    effect="incidents.emergencies.beginning.call_people",
    intent="primary",
    icon="users-plus",
    key="+",
    public=False,
    versioned=False,
    section=Section.HELP,
)
def call_in(incident: Incident, *, user: User, now: datetime, text: str, people: Any, groups: Any) -> None:
    """Call experts of any group: people, or whoever is on duty in a group. Each answers (MAJ-02)."""
    incident.called_in_at = incident.called_in_at or now


@emergency_actions.action(
    source=LIVE,
    label=_("I am coming"),
    done=_("is coming"),
    tells=("call_answered",),
    allow=rules.is_called,
    guards=(rules.is_calling, rules.has_not_promised),
    effect="incidents.emergencies.beginning.note_coming",
    intent="primary",
    icon="run",
    public=False,
    versioned=False,
    menu=False,
)
def answer_coming(incident: Incident, *, user: User, now: datetime) -> None:
    """Answer a call: you are on your way."""


@emergency_actions.action(
    source=LIVE,
    label=_("I cannot come"),
    done=_("cannot come"),
    tells=("call_answered",),
    allow=rules.is_called,
    guards=(rules.is_calling, rules.has_not_joined),
    form="incidents.emergencies.forms.CannotForm",
    effect="incidents.emergencies.beginning.note_cannot",
    icon="x",
    public=False,
    versioned=False,
    menu=False,
)
def answer_cannot(incident: Incident, *, user: User, now: datetime, text: str) -> None:
    """Answer a call: somebody else is needed; say why, and who."""


@emergency_actions.action(
    source=LIVE,
    label=_("I have joined"),
    done=_("joined"),
    tells=("call_answered",),
    allow=rules.is_called,
    guards=(rules.is_calling, rules.has_not_joined),
    effect="incidents.emergencies.beginning.note_joined",
    icon="user-check",
    public=False,
    versioned=False,
    menu=False,
)
def join_call(incident: Incident, *, user: User, now: datetime) -> None:
    """Say that you work on it now."""


@emergency_actions.action(
    source=LIVE,
    label=_("Record an answer"),
    done=_("recorded an answer"),
    allow=rules.may_coordinate,
    guards=(rules.is_calling, rules.has_open_calls),
    form="incidents.emergencies.forms.RecordAnswerForm",
    effect="incidents.emergencies.beginning.record_answer",
    icon="phone",
    public=False,
    versioned=False,
    menu=False,
)
def record_call_answer(incident: Incident, *, user: User, now: datetime, person: User, answer: str, text: str) -> None:
    """Record what somebody who was called answered by telephone, or that they joined."""


@emergency_actions.action(
    source=LIVE,
    label=_("Escalate to leadership"),
    done=_("escalated it to the leadership"),
    tells=("leadership_called",),
    allow=rules.may_coordinate,
    guards=(rules.has_emergency,),
    intent="danger",
    icon="arrow-big-up-lines",
    key="f",
    public=False,
    versioned=False,
    menu=False,
)
def escalate_to_leadership(incident: Incident, *, user: User, now: datetime) -> None:
    """Tell the centre's leadership at once that their help is needed (MAJ-02)."""


@emergency_actions.action(
    source=LIVE,
    label=_("Log communication"),
    done=_("logged a communication"),
    allow=rules.may_log,
    guards=(rules.has_had_emergency,),
    form="incidents.emergencies.forms.CommunicationForm",
    icon="message-2-share",
    key="-",
    public=False,
    versioned=False,
    menu=False,
)
def log_communication(incident: Incident, *, user: User, now: datetime, text: str, **fields: Any) -> None:
    """Record what was said to whom, through which channel; a time typed here moves no clock (MAJ-04)."""
