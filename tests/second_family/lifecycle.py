"""What can happen to a loan."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models

from accounts.models import User
from accounts.permissions import Permission
from records.lifecycle import ANY, NEW, StepSet

if TYPE_CHECKING:
    from tests.second_family.models import Loan


class States(models.TextChoices):
    """The states of a loan."""

    LENT = "lent", "Lent"
    BACK = "back", "Back"
    LOST = "lost", "Lost"


def anybody_at_work(loan: Any, user: User) -> bool:
    """Engineers lend to one another."""
    return user.may(Permission.WORK)


def the_borrower_has_it(loan: Any, user: User) -> Any:
    """Only who has it loses it."""
    return None if loan.borrower_id == user.pk else "Somebody else has it."


#: Lent, given back, or lost.
loan_steps = StepSet()


@loan_steps.step(
    source=NEW,
    target=States.LENT,
    label="Lend",
    done="Lent",
    allow=anybody_at_work,
    form="tests.second_family.forms.LoanForm",
)
def lend(loan: Loan, *, user: User, now: datetime, form: Any) -> None:
    """Hand it to somebody."""


@loan_steps.step(
    source=States.LENT,
    target=States.BACK,
    label="Give back",
    done="Back",
    allow=anybody_at_work,
    form="tests.second_family.forms.BackForm",
    effect="tests.second_family.services.note_wear",
)
def give_back(loan: Loan, *, user: User, now: datetime, form: Any) -> None:
    """Say in what shape it is."""
    loan.shape = form.cleaned_data["shape"]


@loan_steps.step(
    source=States.LENT,
    target=States.LOST,
    label="Lose",
    done="Lost",
    allow=anybody_at_work,
    guards=(the_borrower_has_it,),
)
def lose(loan: Loan, *, user: User, now: datetime, form: Any) -> None:
    """It is gone."""


@loan_steps.step(source=ANY, label="Recount", done="Counted", system=True)
def count(loan: Loan, *, user: User, now: datetime, form: Any) -> None:
    """The portal looks whether it is still there."""
