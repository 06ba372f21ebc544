"""The workaround of a problem and its known error: written down, published, told to open incidents (PRB-05)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from problems import guards, rules
from problems.states import LIVE, States
from tickets.lifecycle import ActionSet

if TYPE_CHECKING:
    from accounts.models import User
    from problems.models import Problem

#: A known error helps until the problem is closed for good.
PUBLISHED_IN = [*LIVE, States.RESOLVED, States.REVIEWED]


#: What helps while the cause is not gone.
workarounds = ActionSet()


@workarounds.action(
    source=LIVE,
    label=_("Record workaround"),
    done=_("recorded a workaround"),
    allow=rules.may_investigate,
    form="problems.forms.WorkaroundForm",
    icon="bandage",
    key="w",
)
def record_workaround(problem: Problem, *, user: User, now: datetime, workaround: str) -> None:
    """Write down what helps until the cause is gone: first of all when it keeps hurting."""
    problem.workaround = workaround


@workarounds.action(
    source=PUBLISHED_IN,
    label=_("Publish known error"),
    done=_("published the known error"),
    allow=rules.may_lead,
    guards=(guards.has_cause_or_workaround,),
    form="problems.known_errors.forms.PublishForm",
    effect="problems.known_errors.publishing.publish",
    icon="book-upload",
)
def publish(problem: Problem, *, user: User, now: datetime, **fields: Any) -> None:
    """Let agents find symptoms and workaround while they take a call; again to publish a newer text."""
    problem.published_at = now


@workarounds.action(
    source=[*PUBLISHED_IN, States.CLOSED],
    label=_("Withdraw known error"),
    done=_("withdrew the known error"),
    allow=rules.may_lead,
    guards=(guards.is_published,),
    form="tickets.shared.forms.ReasonForm",
    effect="problems.known_errors.publishing.withdraw",
    icon="book-off",
)
def withdraw(problem: Problem, *, user: User, now: datetime, text: str) -> None:
    """Offer it to nobody any more; what it helped with stays on record."""
    problem.published_at = None


@workarounds.action(
    source=PUBLISHED_IN,
    label=_("Tell all open incidents"),
    done=_("told the open incidents"),
    allow=rules.may_lead,
    guards=(guards.is_published,),
    effect="problems.known_errors.publishing.tell_incidents",
    icon="send",
    versioned=False,
)
def tell_incidents(problem: Problem, *, user: User, now: datetime) -> None:
    """Put the workaround on every open incident of this problem: each gets it once, whoever presses."""
