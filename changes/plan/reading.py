"""Forms about a step of a plan as whoever sends them read it: nobody overwrites unseen what somebody else wrote."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approvals.content import shown
from approvals.forms import KeepsApprovals
from changes.models import PlanStep
from changes.plan.models import PLANNED_COLUMNS, Read
from tickets.forms import json_value


class StepField(forms.ModelChoiceField):
    """A step of the change, named by its number, which the API gives as one."""

    takes_numbers = True

    def __init__(self) -> None:
        super().__init__(PlanStep.objects.none(), label=_("Step"), to_field_name="position", empty_label=None)


class ReadStepForm(KeepsApprovals):
    """``seen``: what was read. The step that had the number ``step`` then is meant, whatever its number is by now."""

    step = StepField()
    seen = forms.CharField(
        label=_("Step that was read"),
        max_length=40_000,
        required=False,
        widget=forms.HiddenInput,
        help_text=_("`seen` of the step, as it was read: that one is meant. Refused when somebody changed it."),
    )
    unlogged = KeepsApprovals.unlogged | {"seen"}
    #: What was read of the step that is meant, and the step as it is; None where there is none.
    read: Read | None = None
    current: PlanStep | None = None

    def limit_choices(self) -> None:
        """Steps of this change; none in place of one that is gone."""
        super().limit_choices()
        steps = PlanStep.objects.filter(change_id=self.ticket.pk)
        if self.data.get("seen"):
            self._follow({str(step.pk): step for step in steps})
        gone = self.read is not None and self.current is None
        self.fields["step"].queryset = steps.none() if gone else steps  # type: ignore[attr-defined]

    def _follow(self, steps: dict[str, PlanStep]) -> None:
        """Numbers are those that were read; from here on they are those of today."""
        read = Read.all_in(str(self.data["seen"]))
        self.read = next((one for one in read if one.number == str(self.data.get("step"))), None)
        self.current = steps.get(self.read.key) if self.read else None
        if self.current is not None:
            today = [replace(one, number=str(steps[one.key].position)) for one in read if one.key in steps]
            self._send_on(step=str(self.current.position), seen=" ".join(map(str, today)))

    def _send_on(self, **values: str) -> None:
        """As if these had been sent."""
        data: Any = copy(self.data)
        for name, value in values.items():
            data[name] = value
        self.data = data

    def clean(self) -> dict[str, Any]:
        """It is as it was read. Once told, whoever sends it again has read what stands there now."""
        cleaned = super().clean() or {}
        if not self.data.get("seen") or (self.read and self.current and self.read.digest == self.current.read.digest):
            return cleaned
        self.errors.pop("step", None)  # that one is needed says less
        if self.read is None:
            self.add_error("step", gettext("Another step was opened; open this one instead."))
        elif self.current is None:
            self.add_error("step", gettext("Somebody removed this step meanwhile."))
        else:
            self._tell_change(self.current, cleaned)
            self._send_on(seen=str(self.current.read))
        return cleaned

    def _tell_change(self, step: PlanStep, cleaned: dict[str, Any]) -> None:
        """That somebody changed it, and beside each field that would be another what stands there now."""
        said = gettext("Somebody changed this step meanwhile; now it is: %(step)s. Look at it, then send again.")
        self.add_error("step", said % {"step": step})
        for name in PLANNED_COLUMNS:
            if name in cleaned and cleaned[name] != getattr(step, name):
                value = shown(json_value(getattr(step, name)))
                self.add_error(name, gettext("Somebody else saved: %(value)s") % {"value": value})
