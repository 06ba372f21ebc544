"""Input of tasks, for pages and API."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup
from tasks.codes import TaskCloseCode, TaskKind
from tickets.action_forms import text_field
from tickets.assignment import AssignmentForm
from tickets.forms import ActionForm, AttachmentsField, CodeChoiceField


class TaskForm(AssignmentForm):
    """A new task in a ticket."""

    summary = forms.CharField(label=_("Summary"), max_length=200)
    description = text_field(_("Work to do"), required=False)
    task_kind = CodeChoiceField(TaskKind.objects.active(), label=_("Kind of task"), required=False)
    in_order = forms.BooleanField(label=_("Start only when the task before is finished"), required=False)

    field_order = ("summary", "description", "task_kind", "group", "assignee", "in_order")

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """A task starts empty, for the ticket's group."""
        return {"group": ticket.group.code if ticket.group else None}


class HandOverForm(AssignmentForm):
    """Another group or person, and why."""

    text = text_field(_("Reason"), rows=2)

    def limit_choices(self) -> None:
        """Any active group."""
        super().limit_choices()
        self.fields["group"].queryset = SupportGroup.objects.filter(active=True)  # type: ignore[attr-defined]


class GroupForm(ActionForm):
    """The group that a task goes to; none while nobody has the ticket."""

    group = CodeChoiceField(SupportGroup.objects.all(), label=_("Group"), required=False)


class FinishForm(ActionForm):
    """How the task ended."""

    close_code = CodeChoiceField(TaskCloseCode.objects.active(), label=_("Close code"))
    result = text_field(_("Result"))
    attachments = AttachmentsField()
