"""Holding the engine back, and letting it go on."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SwitchForm(forms.Form):
    """Why, and whether one knows what follows. ``paused``: the engine is held back now."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
    sure = forms.BooleanField(label="")

    def __init__(self, *args: object, paused: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["sure"].label = (
            _("I know that what fell due meanwhile is told at once, marked as late.")
            if paused
            else _("I know that nobody is told of limits, and no notice leaves, until it is let go on.")
        )
