"""Saying of an incident whether a change caused it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from changes import rules
from changes.states import ENDED, States
from tickets.lifecycle import ActionSet

if TYPE_CHECKING:
    from accounts.models import User
    from changes.models import Change


#: What came of the change.
attributing_incidents = ActionSet()


@attributing_incidents.action(
    source=[States.IMPLEMENTING, *ENDED],
    label=_("Attribute an incident"),
    done=_("said of an incident whether this change caused it"),
    allow=rules.may_implement,
    form="changes.afterwards.forms.AttributeForm",
    effect="changes.afterwards.services.keep_verdict",
    icon="urgent",
    public=False,
    versioned=False,
    menu=False,
)
def attribute_incident(change: Change, *, user: User, now: datetime, **fields: Any) -> None:
    """Say of an incident that came during the change, or after it, whether the change caused it."""
