"""The task: a part of the work on a ticket, given to a group or a person."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from tasks.codes import TaskKind
from tasks.lifecycle import PHASES, States, task_actions
from tickets.lifecycle import Kind, register_kind
from tickets.meaning import ALL_VIEWS, Audience, Grade, desk_clocks
from tickets.models import CloseCode, Ticket
from tickets.search.triggers import searched_texts


@register_kind(
    Kind(
        code="task",
        prefix="TK",
        slug="tasks",
        label=_("Task"),
        label_plural=_("Tasks"),
        icon="subtask",
        states=States,
        phases=PHASES,
        steps=(States.ASSIGNED, States.IN_PROGRESS, States.FINISHED),
        registers="",
        details="tasks.details.details_of",
        audience=Audience.STAFF,
        registering=Permission.DISPATCH,
        managing=Permission.DISPATCH,
        clocks=desk_clocks(at_work=frozenset({States.IN_PROGRESS})),
        grade=Grade.PRIORITY,
        can_be_major=False,
        views=ALL_VIEWS,
        tiles=(),
    )
)
class Task(Ticket):
    """A task (任务单) of a parent ticket. ``position`` orders the tasks of a parent.

    Its kind in the source's sense is the ticket's ``category``, its close code one of incidents (TSK-01). Beside them
    ``task_kind`` says what sort of work it is.
    """

    lifecycle = task_actions

    task_kind = models.ForeignKey(TaskKind, models.PROTECT, null=True, verbose_name=_("kind of work"))
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    #: False for tasks that the portal opened by itself: the parent may be resolved without them.
    holds_parent = models.BooleanField(default=True, db_default=True, editable=False)
    in_order = models.BooleanField(_("after the task before"), default=False)
    close_code = models.ForeignKey(CloseCode, models.PROTECT, null=True, verbose_name=_("close code"), db_index=False)
    result = models.TextField(_("result"), blank=True)

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        triggers = searched_texts(internal=["result"])
