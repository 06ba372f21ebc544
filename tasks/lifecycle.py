"""What can happen to a task, and how tickets are split into tasks (TSK-01, TSK-02)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from records.lifecycle import NEW
from tasks import rules
from tickets import guards
from tickets.lifecycle import RESTORE, ActionSet, Phase, Section
from tickets.rules import is_assignee, may_dispatch, may_start, may_work_on, works_in_group
from tickets.shared.common import common_actions

if TYPE_CHECKING:
    from accounts.models import SupportGroup, User
    from tasks.models import Task
    from tickets.models import Ticket


class States(models.TextChoices):
    """States of a task, called like those of incidents (TSK-01); what has an order or ends undone says so."""

    REGISTERED = "registered", _("Registered")
    QUEUED = "queued", _("Pending: waits for the task before")
    ASSIGNED = "assigned", _("Assigned")
    IN_PROGRESS = "in_progress", _("In progress")
    FINISHED = "finished", _("Closed")
    CANCELLED = "cancelled", _("Closed, not done")


PHASES = {
    States.REGISTERED: Phase.OPEN,
    States.QUEUED: Phase.WAITING,
    States.ASSIGNED: Phase.OPEN,
    States.IN_PROGRESS: Phase.OPEN,
    States.FINISHED: Phase.CLOSED,
    States.CANCELLED: Phase.CLOSED,
}


def splitting(*, worked_on: Sequence[str]) -> ActionSet:
    """The action that opens tasks in a ticket of a kind, in the states in which it is ``worked_on``."""
    splitting = ActionSet()

    @splitting.action(
        source=worked_on,
        label=_("Add task"),
        done=_("opened a task"),
        allow=rules.may_split,
        form="tasks.forms.TaskForm",
        effect="tasks.services.open_task",
        icon="subtask",
        key="t",
        public=False,
        versioned=False,
        section=Section.HELP,
    )
    def add_task(ticket: Ticket, *, user: User, now: datetime, **fields: Any) -> None:
        """Split off a part of the work for a group or a person; the ticket waits for its tasks."""
        ticket.children_total += 1
        ticket.children_open += 1

    return splitting


#: Opened in a ticket, claimed, started, finished or cancelled.
task_actions = ActionSet(common_actions)


@task_actions.action(
    source=NEW,
    target=States.ASSIGNED,
    label=_("Open task"),
    done=_("opened this task"),
    tells=("received", "assigned"),
    system=True,
    icon="subtask",
    public=False,
)
def register(task: Task, *, user: None, now: datetime) -> None:
    """Open a task that can be started at once."""


@task_actions.action(
    source=NEW,
    target=States.REGISTERED,
    label=_("Note task"),
    done=_("opened this task"),
    tells=("received",),
    system=True,
    icon="subtask",
    public=False,
)
def note_down(task: Task, *, user: None, now: datetime) -> None:
    """Open a task of a ticket that nobody has yet: it waits with it for a group, and no limit runs."""


@task_actions.action(
    source=NEW,
    target=States.QUEUED,
    label=_("Queue task"),
    done=_("queued this task"),
    system=True,
    icon="subtask",
    public=False,
    quiet=True,
)
def enqueue(task: Task, *, user: None, now: datetime) -> None:
    """Open a task that starts when the one before it is finished."""


@task_actions.action(
    source=States.QUEUED,
    target=States.ASSIGNED,
    label=pgettext_lazy("task", "Release"),
    done=_("the task before is finished"),
    tells=("assigned",),
    system=True,
    icon="arrow-right",
    public=False,
)
def release(task: Task, *, user: None, now: datetime) -> None:
    """Let the next task in order start; its response limit starts too."""
    task.assigned_at = now


@task_actions.action(
    source=States.ASSIGNED,
    label=pgettext_lazy("task", "Go along"),
    done=_("went along to the ticket's new group"),
    form="tasks.forms.GroupForm",
    system=True,
    icon="arrows-transfer-down",
    public=False,
)
def go_along(task: Task, *, user: None, now: datetime, group: SupportGroup) -> None:
    """Follow the ticket to its new group: a first task of an emergency that nobody claimed."""
    task.group = group


@task_actions.action(
    source=States.REGISTERED,
    target=States.ASSIGNED,
    label=pgettext_lazy("task", "Be dispatched along"),
    done=_("went along to the ticket's new group"),
    form="tasks.forms.GroupForm",
    system=True,
    icon="arrows-transfer-down",
    public=False,
    quiet=True,
)
def be_dispatched(task: Task, *, user: None, now: datetime, group: SupportGroup) -> None:
    """Go to the group that the ticket was given to: its response limit starts."""
    task.group, task.assigned_at = group, now


@task_actions.action(
    source=States.ASSIGNED,
    target=States.REGISTERED,
    label=pgettext_lazy("task", "Go back along"),
    done=_("went back with the ticket, which nobody has now"),
    system=True,
    icon="arrow-back-up",
    public=False,
    quiet=True,
)
def go_back(task: Task, *, user: None, now: datetime) -> None:
    """Wait for a group again: the ticket was returned, and nobody claimed the task."""
    task.group = None


@task_actions.action(
    source=[States.REGISTERED, States.ASSIGNED],
    target=States.CANCELLED,
    label=pgettext_lazy("task", "Let lapse"),
    done=_("let this task lapse: the emergency is over"),
    system=True,
    icon="x",
    public=False,
    quiet=True,
)
def lapse(task: Task, *, user: None, now: datetime) -> None:
    """End a first task of an emergency that nobody began before the emergency was over."""
    task.closed_at = now


@task_actions.action(
    source=States.REGISTERED,
    target=States.ASSIGNED,
    label=_("Assign"),
    done=_("assigned it"),
    tells=("assigned", "moved"),
    allow=may_dispatch,
    form="tickets.shared.assignment.AssignmentForm",
    intent="primary",
    icon="arrow-right",
    key="a",
    edits=("group", "assignee"),
    public=False,
    bulk=True,
)
def assign(task: Task, *, user: User, now: datetime, group: SupportGroup, assignee: User | None) -> None:
    """Give it to a group, or to a person in it, before its ticket is given to anybody."""
    task.group, task.assignee, task.assigned_at = group, assignee, now


@task_actions.action(
    source=[States.ASSIGNED, States.IN_PROGRESS],
    label=_("Claim"),
    done=_("claimed this task"),
    allow=works_in_group,
    guards=(guards.is_unclaimed,),
    intent="primary",
    icon="hand-grab",
    key="c",
    public=False,
    bulk=True,
    undo="unclaim",
)
def claim(task: Task, *, user: User, now: datetime) -> None:
    """Take the task from the group's queue."""
    task.assignee = user


@task_actions.action(
    source=States.ASSIGNED,
    label=_("Give back to the group"),
    done=_("gave it back to the group"),
    allow=is_assignee,
    icon="hand-stop",
    public=False,
    bulk=True,
)
def unclaim(task: Task, *, user: User, now: datetime) -> None:
    """Leave it to the group's queue again; anybody in the group may claim it."""
    task.assignee = None


@task_actions.action(
    source=[States.REGISTERED, States.ASSIGNED],
    target=States.IN_PROGRESS,
    label=_("Start work"),
    done=_("started work"),
    allow=may_start,
    form="tickets.shared.assignment.StartForm",
    intent="primary",
    icon="player-play",
    key="s",
    public=False,
    bulk=True,
    quiet=True,
)
def start(task: Task, *, user: User, now: datetime, group: SupportGroup | None = None) -> None:
    """Begin; whoever starts an unclaimed task takes it."""
    task.group = task.group or group
    task.assignee = task.assignee or user
    task.assigned_at = task.assigned_at or now
    task.responded_at = now


@task_actions.action(
    source=[States.QUEUED, States.ASSIGNED, States.IN_PROGRESS],
    label=_("Hand over"),
    done=_("handed over"),
    tells=("assigned", "moved"),
    allow=rules.may_steer,
    form="tasks.forms.HandOverForm",
    icon="arrows-transfer-down",
    key="h",
    edits=("group", "assignee"),
    public=False,
    bulk=True,
    undo=RESTORE,
)
def hand_over(task: Task, *, user: User, now: datetime, group: SupportGroup, assignee: User | None, text: str) -> None:
    """Give the task to another group or person."""
    task.group, task.assignee = group, assignee


@task_actions.action(
    source=States.IN_PROGRESS,
    target=States.FINISHED,
    label=_("Finish"),
    done=_("finished this task"),
    tells=("task_over",),
    allow=may_work_on,
    form="tasks.forms.FinishForm",
    effect="tasks.services.count_finished",
    intent="primary",
    icon="check",
    key="f",
    public=False,
)
def finish(task: Task, *, user: User, now: datetime, close_code: Any, result: str) -> None:
    """Record the result; the handler of the parent ticket is told."""
    task.close_code, task.result = close_code, result
    task.resolved_at = task.closed_at = now


@task_actions.action(
    source=[States.REGISTERED, States.QUEUED, States.ASSIGNED, States.IN_PROGRESS],
    target=States.CANCELLED,
    label=_("Cancel task"),
    done=_("cancelled this task"),
    tells=("task_over",),
    allow=rules.may_steer,
    form="tickets.shared.forms.ReasonForm",
    effect="tasks.services.count_finished",
    intent="danger",
    icon="x",
    public=False,
)
def cancel(task: Task, *, user: User, now: datetime, text: str) -> None:
    """End the task undone, with a reason; the parent no longer waits for it."""
    task.close_code_id, task.closed_at = "rejected", now
