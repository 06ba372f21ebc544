"""Tasks and their parents. Effects of actions: they run in the action's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max

from accounts.models import SupportGroup, User
from tasks.lifecycle import States
from tasks.models import Task
from tickets.actions import perform
from tickets.models import Ticket, TimelineEntry
from tickets.services import log_event


def open_task(*, ticket: Ticket, user: User, now: datetime, cleaned: dict[str, Any], **context: Any) -> Task:
    """Create a task of ``ticket`` from the checked form. The ticket has counted it already."""
    before = Task.objects.filter(parent_id=ticket.pk).aggregate(last=Max("position"))["last"] or 0
    waits = cleaned["in_order"] and _unfinished(ticket).filter(holds_parent=True).exists()
    task = Task(
        parent_id=ticket.pk,
        summary=cleaned["summary"],
        description=cleaned["description"],
        task_kind=cleaned["task_kind"],
        group=cleaned["group"],
        assignee=cleaned["assignee"],
        in_order=cleaned["in_order"],
        position=before + 1,
        organisation_id=ticket.organisation_id,
        business_system_id=ticket.business_system_id,
        category=cleaned["category"],
        priority=ticket.priority,
        registered_by=user,
        assigned_at=None if waits else now,
    )
    return perform(task, "enqueue" if waits else "register", user=None, now=now).ticket  # type: ignore[return-value]


def count_finished(*, ticket: Task, entry: TimelineEntry, user: User, now: datetime, **context: Any) -> None:
    """Tell the parent that a task is over, and let the next one in order start.

    The parent is locked already: ``perform`` locks it before the task. The count is not a change that people could
    overwrite: no new version, but it shows.
    """
    parent = Ticket.objects.get(children=ticket)
    parent.children_open -= ticket.holds_parent
    parent.updated_at = max(parent.updated_at, now)
    parent.save(update_fields=["children_open", "updated_at"])
    log_event(
        ticket=parent,
        event="task_over",
        user=user,
        now=now,
        number=ticket.number,
        summary=ticket.summary,
        state=ticket.state,
    )
    _release_next(parent, now)


def open_first_task(
    *,
    ticket: Ticket,
    summary: str,
    description: str,
    group: SupportGroup | None,
    assignee: User | None,
    now: datetime,
) -> Task:
    """Open a task that the portal adds by itself, and that holds nobody back: the ticket does not wait for it."""
    task = Task(
        parent_id=ticket.pk,
        summary=summary,
        description=description,
        group=group,
        assignee=assignee,
        holds_parent=False,
        organisation_id=ticket.organisation_id,
        business_system_id=ticket.business_system_id,
        category_id=ticket.category_id,
        priority=ticket.priority,
    )
    if group is None and assignee is None:
        return perform(task, "note_down", user=None, now=now).ticket  # type: ignore[return-value]
    task.assigned_at = now
    return perform(task, "register", user=None, now=now).ticket  # type: ignore[return-value]


def move_first_tasks(*, ticket: Ticket, before: str | None, now: datetime) -> None:
    """Give the portal's own tasks of the group ``before`` (a code, None for none) to the group of ``ticket``.

    Only those that nobody claimed or began.
    """
    own = _unbegun(ticket).filter(assignee=None, group__code=before)
    for task in own:
        if ticket.group is None:
            perform(task, "go_back", user=None, now=now)
        else:
            name = "be_dispatched" if task.state == States.REGISTERED else "go_along"
            perform(task, name, user=None, data={"group": ticket.group.code}, now=now)


def lapse_tasks(*, ticket: Ticket, now: datetime) -> None:
    """End the portal's own tasks of ``ticket`` that nobody began: they are not needed any more."""
    for task in _unbegun(ticket):
        perform(task, "lapse", user=None, now=now)


def has_first_tasks(*, ticket: Ticket) -> bool:
    """Whether ``ticket`` has tasks of its own procedure, other than lapsed ones."""
    return Task.objects.filter(parent_id=ticket.pk, holds_parent=False).exclude(state=States.CANCELLED).exists()


def _unbegun(parent: Ticket) -> Any:
    """The portal's own tasks that nobody began."""
    return Task.objects.filter(parent_id=parent.pk, holds_parent=False, state__in=[States.REGISTERED, States.ASSIGNED])


def _unfinished(parent: Ticket) -> Any:
    return Task.objects.filter(parent_id=parent.pk).exclude(state__in=[States.FINISHED, States.CANCELLED])


def _release_next(parent: Ticket, now: datetime) -> None:
    """Let the first unfinished task start when it waits for its turn."""
    first = _unfinished(parent).filter(holds_parent=True).order_by("position").first()
    if first is not None and first.state == States.QUEUED:
        perform(first, "release", user=None, now=now)
