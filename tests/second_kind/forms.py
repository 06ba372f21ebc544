"""Input of visits."""

from django import forms

from tickets.forms import ActionForm, CodeChoiceField
from tickets.models import ImpactLevel
from tickets.shared.forms import text_field


class PlanForm(ActionForm):
    """Where and how bad."""

    summary = forms.CharField(max_length=200)
    impact = CodeChoiceField(ImpactLevel.objects.all(), required=False)


class ReportForm(ActionForm):
    """What was done and how far it was."""

    distance = forms.IntegerField(min_value=1)
    text = text_field("Report")
