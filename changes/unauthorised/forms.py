"""Input of the verdict on a write without a change, for pages and API alike."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from changes.unauthorised.models import WriteVerdict
from tickets.shared.forms import text_field


class VerdictForm(forms.Form):
    """What becomes of it, and why."""

    verdict = forms.ChoiceField(
        label=_("What becomes of it"), choices=WriteVerdict.Verdict.choices, widget=forms.RadioSelect
    )
    reason = text_field(_("Reason"), rows=2)
