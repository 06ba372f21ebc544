"""A device that is lent: a record of a family that lives in the tests, and what wears it down."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from records.lifecycle import register_family
from records.models import ADDED_ONLY, Record, RecordEntry
from tests.second_family.lifecycle import States, loan_steps


@register_family("loan", States)
class Loan(Record):
    """A device in somebody's hands."""

    lifecycle = loan_steps

    device = models.CharField(max_length=40)
    borrower = models.ForeignKey(User, models.PROTECT, related_name="+")
    shape = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return self.device


class LoanEntry(RecordEntry):
    """A line of the log of a loan."""

    record = models.ForeignKey(Loan, models.CASCADE, related_name="log")

    class Meta(RecordEntry.Meta):
        triggers = [ADDED_ONLY]


class Wear(models.Model):
    """What giving back writes elsewhere."""

    loan = models.ForeignKey(Loan, models.CASCADE, related_name="wears")

    def __str__(self) -> str:
        return str(self.loan_id)
