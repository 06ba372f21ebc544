"""What follows from giving a device back."""

from typing import Any

from tests.second_family.models import Loan, Wear


def note_wear(*, record: Loan, **context: Any) -> None:
    """Each loan wears it down."""
    Wear.objects.create(loan=record)
