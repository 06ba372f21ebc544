"""Looking back at a change, and correcting how long it interrupted (CHG-07)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from changes import guards, rules
from changes.states import Rating, States
from tickets.lifecycle import ActionSet

if TYPE_CHECKING:
    from accounts.models import User
    from changes.models import Change


def _keep(change: Any, answers: dict[str, Any], user: User, now: datetime) -> None:
    for name, value in answers.items():
        setattr(change, name, value)
    change.reviewed_by, change.reviewed_at = user, now


#: Between the work and the end of the record.
reviewing = ActionSet()


@reviewing.action(
    source=States.IMPLEMENTED,
    target=States.REVIEWED,
    label=_("Confirm the result"),
    done=_("reviewed it: it went as planned"),
    allow=rules.may_implement,
    guards=(guards.went_as_planned,),
    intent="primary",
    icon="circle-check",
    key="m",
    public=False,
    bulk=True,
    quiet=True,
)
def confirm_result(change: Change, *, user: User, now: datetime) -> None:
    """Confirm with one tap that a simple or standard change went as planned."""
    change.expected_reached, change.rating = True, Rating.GOOD
    change.reviewed_by, change.reviewed_at = user, now


@reviewing.action(
    source=[States.IMPLEMENTED, States.BACKED_OUT],
    target=States.REVIEWED,
    label=pgettext_lazy("change", "Review"),
    done=_("reviewed it"),
    allow=rules.may_implement,
    guards=(guards.reviews_as_another,),
    form="changes.reviewing.forms.ReviewForm",
    effect="changes.reviewing.services.record",
    intent="primary",
    icon="report-search",
    key="v",
    public=False,
    quiet=True,
)
def review(change: Change, *, user: User, now: datetime, **answers: Any) -> None:
    """Look back: result, rating, satisfaction, interruption, incidents, lessons."""
    _keep(change, answers, user, now)


@reviewing.action(
    source=[States.REVIEWED, States.CLOSED],
    label=_("Review in full"),
    done=_("reviewed it in full: trouble came to light after it was confirmed"),
    allow=rules.may_manage,
    guards=(guards.owes_full_review, guards.reviews_as_another),
    form="changes.reviewing.forms.ReviewForm",
    effect="changes.reviewing.services.record",
    icon="report-search",
    public=False,
)
def review_in_full(change: Change, *, user: User, now: datetime, **answers: Any) -> None:
    """Look back once more at what was confirmed with one tap, since it turned out to have caused an incident."""
    _keep(change, answers, user, now)


@reviewing.action(
    source=[States.REVIEWED, States.CLOSED],
    label=_("Correct the interruption"),
    done=_("corrected how long it interrupted"),
    allow=rules.may_manage,
    form="changes.reviewing.forms.CorrectForm",
    effect="changes.reviewing.services.correct",
    icon="clock-edit",
    public=False,
)
def correct_interruption(change: Change, *, user: User, now: datetime, interruption_minutes: int, text: str) -> None:
    """Say what the minutes of interruption really were, and why; what was recorded stands beside it."""
    change.interruption_minutes = interruption_minutes
