"""Waiting: what any kind shares that can be put on hold for a reason, until a moment (INC-22).

A kind that can wait declares ``wait`` with ``WaitForm``, ``resume``, and for the end of the wait ``resume_by_time``
(``sla.orders.waiting``), and takes ``reminding_of_waits``; ``tickets.shared.waiting`` keeps the columns. Policies say
for which reasons its clocks stop.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tickets.forms import ActionForm, CodeChoiceField
from tickets.models import WaitReason
from tickets.shared.forms import moment_field, text_field
from tickets.shared.waiting import pausing_reasons


class WaitReasonField(CodeChoiceField):
    """A reason for waiting, with what it means for the clocks of the ticket that the form is about."""

    ticket: Any = None

    @cached_property
    def pausing(self) -> frozenset[str] | None:
        """The reasons that stop the clocks; asked once, and only when the choices are drawn."""
        return pausing_reasons(self.ticket) if self.ticket is not None else None

    def label_from_instance(self, obj: Any) -> str:
        """Its name; and whether the clocks go on."""
        if self.pausing is None:
            return str(obj)
        meaning = gettext("the clock stops") if obj.pk in self.pausing else gettext("the clock goes on")
        return f"{obj} · {meaning}"


class WaitForm(ActionForm):
    """What it waits for, and until when."""

    wait_reason = WaitReasonField(WaitReason.objects.active(), label=_("Waits for"), empty_label=None)
    wait_until = moment_field(_("Until"), ahead=True)
    text = text_field(_("Remark"), required=False, rows=2)

    def limit_choices(self) -> None:
        """Say of each reason what it means for this ticket's clocks."""
        self.fields["wait_reason"].ticket = self.ticket  # type: ignore[attr-defined]

    def clean_wait_until(self) -> datetime:
        """Not a moment that is over."""
        until: datetime = self.cleaned_data["wait_until"]
        if self.now is not None and until <= self.now:
            raise forms.ValidationError(_("This time is in the past."))
        return until
