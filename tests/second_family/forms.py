"""What the steps of a loan ask."""

from django import forms

from records.forms import RecordForm, StepForm
from tests.second_family.models import Loan


class LoanForm(RecordForm):
    """What, to whom."""

    class Meta:
        model = Loan
        fields = ("device", "borrower")


class BackForm(StepForm):
    """In what shape it came back."""

    shape = forms.CharField(label="Shape", max_length=40)
