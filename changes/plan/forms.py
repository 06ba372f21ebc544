"""Input of the plan's steps and of configuration items: both are of substance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approvals.decisions.falling import standing
from approvals.forms import KeepsApprovals
from approvals.services import same_person
from changes.forms import check_window
from changes.models import PlanStep
from changes.plan.reading import ReadStepForm
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

    field_order: tuple[str, ...] = (
        *("what", "person", "planned_from", "planned_to", "check_text", "back_out", "no_return"),
        "let_approvals_fall",
    )

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """A step starts empty."""
        return {}

    def others(self, cleaned: dict[str, Any]) -> QuerySet[PlanStep]:
        """The steps beside which it stands."""
        return PlanStep.objects.filter(change_id=self.ticket.pk)

    def clean(self) -> dict[str, Any]:
        """Its span has both ends and lies in the change's window."""
        cleaned = super().clean()
        check_window(self, cleaned, "planned_from", "planned_to")
        self._check_inside(cleaned)
        self._check_person(cleaned)
        if cleaned.get("no_return"):
            self._check_no_return(cleaned)
        return cleaned

    def _check_inside(self, cleaned: dict[str, Any]) -> None:
        change: Any = self.ticket.specific
        for name in ("planned_from", "planned_to"):
            if is_outside(cleaned.get(name), (change.planned_start, change.planned_end)):
                self.add_error(name, gettext("This lies outside the planned window of the change."))

    def _check_person(self, cleaned: dict[str, Any]) -> None:
        """Nobody does two steps of a plan at once; of two changes that is a collision (CHG-05)."""
        person, begin, end = (cleaned.get(name) for name in ("person", "planned_from", "planned_to"))
        if person is None or begin is None or end is None:
            return
        own = self.others(cleaned).filter(person__in=same_person(person))
        if (other := own.filter(planned_from__lt=end, planned_to__gt=begin).first()) is not None:
            said = gettext("%(name)s does step %(number)s at that time.")
            self.add_error("person", said % {"name": person.display_name, "number": other.position})

    def _check_no_return(self, cleaned: dict[str, Any]) -> None:
        """It says by when it is decided, and a plan has one such point."""
        if not cleaned.get("planned_from") and "planned_from" not in self.errors:
            self.add_error("planned_from", gettext("Say when it begins: by then it is decided."))
        if self.others(cleaned).filter(no_return=True).exists():
            self.add_error("no_return", gettext("The plan has its point of no return already."))


class EditStepForm(ReadStepForm, StepForm):
    """A step as it shall be, and its place among the others. Nothing is kept of what is left out."""

    from_address = frozenset({"step"})
    place = forms.IntegerField(
        label=_("Place in the plan"), min_value=1, max_value=1000, required=False, widget=forms.Select
    )
    field_order = ("step", *StepForm.field_order[:-1], "place", "let_approvals_fall")

    def begin_with(self, given: Mapping[str, str]) -> None:
        """The step that the address names, as it is; the first one without such."""
        super().begin_with(given)
        number = str(self.initial.get("step", ""))
        steps = super().others({})
        step = (steps.filter(position=number) if number.isascii() and number.isdigit() else steps).first()
        if step is not None:
            self.initial = {name: getattr(step, name) for name in StepForm.base_fields if hasattr(step, name)}
            person = step.person.username if step.person else None
            self.initial |= {"step": step.position, "seen": step.read, "person": person}
            self._offer_places(str(step.position))

    def limit_choices(self) -> None:
        """Places are those beside the other steps."""
        super().limit_choices()
        self._offer_places(str(self.data.get("step", "")) if self.is_bound else "")

    def _offer_places(self, number: str) -> None:
        """Before the first of the other steps, or after any of them."""
        others = [step for step in super().others({}) if str(step.position) != number]
        after = [(place, gettext("after %(step)s") % {"step": step}) for place, step in enumerate(others, start=2)]
        places = [("", gettext("where it is")), (1, gettext("at the beginning")), *after]
        self.fields["place"].widget.choices = places

    def others(self, cleaned: dict[str, Any]) -> QuerySet[PlanStep]:
        """All but itself."""
        step, rows = cleaned.get("step"), super().others(cleaned)
        return rows.exclude(pk=step.pk) if step else rows


class RemoveStepForm(ReadStepForm, AlwaysOfSubstance):
    """The step to take out."""

    field_order = ("step", "let_approvals_fall")

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nothing is chosen; all of them are read."""
        return {"seen": " ".join(str(step.read) for step in PlanStep.objects.filter(change_id=ticket.pk))}


class ItemsForm(PlainItemsForm, AlwaysOfSubstance):
    """Configuration items to add."""

    field_order = ("items", "let_approvals_fall")


class RemoveItemsForm(PlainRemoveItemsForm, AlwaysOfSubstance):
    """Configuration items to take off."""

    field_order = ("items", "let_approvals_fall")
