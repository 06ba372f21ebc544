"""Input of the plan's steps and of configuration items: both are of substance."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approvals.decisions.falling import standing
from approvals.forms import KeepsApprovals
from changes.forms import check_window
from changes.models import PlanStep
from changes.schedule.windows import is_outside
from tickets.forms import PersonField, RemoteSelect
from tickets.shared.forms import ItemsForm as PlainItemsForm
from tickets.shared.forms import RemoveItemsForm as PlainRemoveItemsForm
from tickets.shared.forms import moment_field


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
    no_return = forms.BooleanField(
        label=_("Point of no return"),
        required=False,
        help_text=_(
            "From this step on nothing is backed out; go or no go is decided before, at the latest when it begins."
        ),
    )

    field_order = (
        *("what", "person", "planned_from", "planned_to", "check_text", "back_out", "no_return"),
        "let_approvals_fall",
    )

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """A step starts empty."""
        return {}

    def clean(self) -> dict[str, Any]:
        """Its span has both ends and lies in the change's window."""
        cleaned = super().clean()
        check_window(self, cleaned, "planned_from", "planned_to")
        self._check_inside(cleaned)
        if cleaned.get("no_return"):
            self._check_no_return(cleaned)
        return cleaned

    def _check_inside(self, cleaned: dict[str, Any]) -> None:
        change: Any = self.ticket.specific
        for name in ("planned_from", "planned_to"):
            if is_outside(cleaned.get(name), (change.planned_start, change.planned_end)):
                self.add_error(name, gettext("This lies outside the planned window of the change."))

    def _check_no_return(self, cleaned: dict[str, Any]) -> None:
        """It says by when it is decided, and a plan has one such point."""
        if not cleaned.get("planned_from") and "planned_from" not in self.errors:
            self.add_error("planned_from", gettext("Say when it begins: by then it is decided."))
        if PlanStep.objects.filter(change_id=self.ticket.pk, no_return=True).exists():
            self.add_error("no_return", gettext("The plan has its point of no return already."))


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


class ItemsForm(PlainItemsForm, AlwaysOfSubstance):
    """Configuration items to add."""

    field_order = ("items", "let_approvals_fall")


class RemoveItemsForm(PlainRemoveItemsForm, AlwaysOfSubstance):
    """Configuration items to take off."""

    field_order = ("items", "let_approvals_fall")
