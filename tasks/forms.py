"""Input of tasks, for pages and API."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup
from tasks.codes import TaskKind
from tickets.forms import ActionForm, AttachmentsField, CodeChoiceField
from tickets.models import Category, CloseCode
from tickets.shared.assignment import AssignmentForm
from tickets.shared.forms import text_field
from tickets.shared.lines import check_line


class TaskForm(AssignmentForm):
    """A new task in a ticket."""

    summary = forms.CharField(label=_("Summary"), max_length=200)
    description = text_field(_("Work to do"), required=False)
    category = CodeChoiceField(Category.objects.active(), label=_("Category"), required=False)
    task_kind = CodeChoiceField(TaskKind.objects.active(), label=_("Kind of work"), required=False)
    in_order = forms.BooleanField(label=_("Start only when the task before is finished"), required=False)

    field_order = ("summary", "description", "category", "task_kind", "group", "assignee", "in_order")

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """A task starts empty, for the ticket's group and of its category."""
        group, category = ticket.group, ticket.category
        return {"group": group.code if group else None, "category": category.code if category else None}

    def clean_category(self) -> Category | None:
        """What is left out is the ticket's."""
        return self.cleaned_data["category"] or self.ticket.category


class HandOverForm(AssignmentForm):
    """Another group or person, and why."""

    text = text_field(_("Reason"), rows=2)

    def limit_choices(self) -> None:
        """Any active group."""
        super().limit_choices()
        self.fields["group"].queryset = SupportGroup.objects.filter(active=True)  # type: ignore[attr-defined]


class GroupForm(ActionForm):
    """The group that a task goes to."""

    group = CodeChoiceField(SupportGroup.objects.all(), label=_("Group"))


class FinishForm(ActionForm):
    """How the task ended: by which line it was done, or that it was not; the codes are those of incidents (TSK-01)."""

    close_code = CodeChoiceField(
        CloseCode.objects.active().filter(Q(on_resolve=True) | Q(code="unresolved")), label=_("Close code")
    )
    result = text_field(_("Result"))
    attachments = AttachmentsField()

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """The code of the line that has the task."""
        return {"close_code": ticket.group.tier if ticket.group else None}

    def clean_close_code(self) -> CloseCode:
        """The code must agree with the line that did it; a vendor may have."""
        code: CloseCode = self.cleaned_data["close_code"]
        check_line(code, self.ticket.group)
        return code
