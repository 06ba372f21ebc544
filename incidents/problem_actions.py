"""What incidents have to do with problems: raising one, waiting for one, taking a workaround (PRB-01, PRB-05)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from incidents.states import LIVE, States
from records.lifecycle import ANY
from tickets.lifecycle import ActionSet, Section
from tickets.rules import may_handle, may_raise_problem, may_work_on
from tickets.shared.waiting import end_waiting

if TYPE_CHECKING:
    from accounts.models import User
    from incidents.models import Incident


#: Actions that join an incident to the problem behind it. What they do there is the problems' business.
joining_problems = ActionSet()


@joining_problems.action(
    source=ANY,
    label=_("Raise problem"),
    done=_("raised a problem from it"),
    allow=may_raise_problem,
    form="problems.forms.RaiseForm",
    effect="problems.services.raise_from_incident",
    icon="puzzle",
    public=False,
    versioned=False,
    section=Section.HELP,
)
def raise_problem(incident: Incident, *, user: User, now: datetime, **fields: Any) -> None:
    """Have the cause looked for: a problem is raised and joined to this incident."""


@joining_problems.action(
    source=ANY,
    label=_("Join to problem"),
    done=_("joined it to a problem"),
    allow=may_raise_problem,
    form="problems.forms.AttachForm",
    effect="problems.services.attach_incident",
    icon="puzzle",
    public=False,
    versioned=False,
    bulk=("problem",),
    section=Section.HELP,
)
def join_problem(incident: Incident, *, user: User, now: datetime, problem: Any, waits: bool) -> None:
    """Say that a known problem causes it, and perhaps wait for its solution."""


@joining_problems.action(
    source=LIVE,
    label=_("Take known error"),
    done=_("took the workaround of a known error"),
    allow=may_handle,
    form="problems.known_errors.forms.TakeForm",
    effect="problems.known_errors.publishing.take",
    icon="book",
    public=False,
    bulk=True,
)
def take_known_error(incident: Incident, *, user: User, now: datetime, known_error: Any) -> None:
    """Fill cause and handling from a known error; what is written there already stays."""
    incident.cause = incident.cause or known_error.cause
    incident.handling = incident.handling or known_error.steps


@joining_problems.action(
    source=LIVE,
    label=_("Drop known error"),
    done=_("found that a known error does not fit"),
    allow=may_work_on,
    form="problems.known_errors.forms.DropForm",
    effect="problems.known_errors.publishing.drop",
    icon="book-off",
    public=False,
    menu=False,
)
def drop_known_error(incident: Incident, *, user: User, now: datetime, known_error: Any) -> None:
    """The workaround did not fit: it is not counted, and its text is taken out again."""
    incident.cause = "" if incident.cause == known_error.cause else incident.cause
    incident.handling = "" if incident.handling == known_error.steps else incident.handling


@joining_problems.action(
    source=LIVE,
    label=_("Hear of workaround"),
    done=_("was told a workaround"),
    tells=("noted",),
    system=True,
    form="problems.known_errors.forms.HearForm",
    icon="bandage",
    public=False,
    versioned=False,
)
def hear_workaround(incident: Incident, *, user: None, now: datetime, text: str) -> None:
    """Get the workaround of its problem, for whoever works on it."""


@joining_problems.action(
    source=States.PENDING,
    target=States.IN_PROGRESS,
    label=_("Go on after problem"),
    done=_("goes on: the problem that it waited for is over"),
    tells=("assigned",),
    system=True,
    icon="player-play",
    public=False,
)
def problem_over(incident: Incident, *, user: None, now: datetime) -> None:
    """Come back to its assignee because the problem that it waited for is over."""
    end_waiting(incident, now)
