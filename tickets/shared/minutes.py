"""Minutes of meetings, in the form that pages and API share (INC-17, RPT-03)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tickets.shared.forms import moment_field, text_field


class MinutesForm(forms.Form):
    """When a meeting was held, who attended, what was said and decided. ``now``: what is held later is refused."""

    held_at = moment_field(_("Held"))
    attendance = text_field(_("Who attended"), rows=2)
    minutes = text_field(_("Minutes"), rows=6)
    decisions = text_field(_("Decisions"), rows=4, required=False)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.now = now

    def clean_held_at(self) -> datetime:
        """Minutes never change: those of a meeting that is still to come would say what nobody said."""
        held_at: datetime = self.cleaned_data["held_at"]
        if held_at > self.now:
            raise forms.ValidationError(_("This lies in the future."))
        return held_at
