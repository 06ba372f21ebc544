"""Input of the plan's steps and of configuration items: both are of substance."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approvals.falling import standing
from approvals.forms import KeepsApprovals
from changes.forms import check_window
from changes.models import PlanStep
from tickets.action_forms import ItemsForm as PlainItemsForm
from tickets.action_forms import RemoveItemsForm as PlainRemoveItemsForm
from tickets.action_forms import moment_field, text_field
from tickets.forms import ActionForm, PersonField, RemoteSelect


class AlwaysOfSubstance(KeepsApprovals):
    """Whatever is typed here changes what was approved."""

    def clean(self) -> dict[str, Any]:
        """While an approval stands, it must be said that it falls."""
        cleaned = super().clean()
        if not cleaned.get("let_approvals_fall") and self.ticket.pk is not None and standing(self.ticket):
            self.add_error(
                "let_approvals_fall", gettext("What was approved would change, and the approval would fall.")
            )
        return cleaned


class StepForm(AlwaysOfSubstance):
    """A new step."""

    what = forms.CharField(label=_("What is done"), max_length=300)
    person = PersonField(label=_("Person"), required=False, widget=RemoteSelect("tickets:find_people"))
    planned_from = moment_field(_("Planned from"), required=False)
    planned_to = moment_field(_("Planned until"), required=False)
    check_text = forms.CharField(label=_("How it is checked"), max_length=300, required=False)
    back_out = forms.CharField(label=_("How it is backed out"), max_length=300, required=False)

    field_order = ("what", "person", "planned_from", "planned_to", "check_text", "back_out", "let_approvals_fall")

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """A step starts empty."""
        return {}

    def clean(self) -> dict[str, Any]:
        """Its span has both ends."""
        cleaned = super().clean()
        check_window(self, cleaned, "planned_from", "planned_to")
        return cleaned


class StepField(forms.ModelChoiceField):
    """A step of the change, named by its number."""

    def __init__(self) -> None:
        super().__init__(PlanStep.objects.none(), label=_("Step"), to_field_name="position", empty_label=None)


class RemoveStepForm(AlwaysOfSubstance):
    """The step to take out."""

    step = StepField()

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nothing is chosen."""
        return {}

    def limit_choices(self) -> None:
        """Steps of this change."""
        self.fields["step"].queryset = PlanStep.objects.filter(change_id=self.ticket.pk)  # type: ignore[attr-defined]


class ReportForm(ActionForm):
    """How a step goes."""

    step = StepField()
    status = forms.ChoiceField(
        label=_("Status"),
        choices=[choice for choice in PlanStep.Status.choices if choice[0] != PlanStep.Status.PLANNED],
        widget=forms.RadioSelect,
    )
    text = text_field(_("Note"), required=False, rows=2)

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """The first step that is not over."""
        over = (PlanStep.Status.DONE, PlanStep.Status.FAILED)
        step = PlanStep.objects.filter(change_id=ticket.pk).exclude(status__in=over).first()
        return {"step": step.position if step else None, "status": PlanStep.Status.DONE}

    def limit_choices(self) -> None:
        """Steps of this change."""
        self.fields["step"].queryset = PlanStep.objects.filter(change_id=self.ticket.pk)  # type: ignore[attr-defined]


class ItemsForm(PlainItemsForm, AlwaysOfSubstance):
    """Configuration items to add."""

    field_order = ("items", "let_approvals_fall")


class RemoveItemsForm(PlainRemoveItemsForm, AlwaysOfSubstance):
    """Configuration items to take off."""

    field_order = ("items", "let_approvals_fall")
