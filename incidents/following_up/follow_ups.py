"""What is still owed to an incident: a talk with who had it before, what the requester thinks (INC-10, INC-21)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from incidents import guards, rules
from incidents.states import LIVE, States
from tickets.lifecycle import ActionSet

if TYPE_CHECKING:
    from accounts.models import User
    from incidents.models import Incident


#: What comes after somebody else has done their part.
follow_ups = ActionSet()


@follow_ups.action(
    source=LIVE,
    label=_("Talk with the previous handler"),
    done=_("talked with the previous handler"),
    allow=rules.may_handle,
    guards=(guards.is_follow_up,),
    form="incidents.following_up.forms.TalkForm",
    icon="messages",
    public=False,
)
def record_talk(incident: Incident, *, user: User, now: datetime, text: str, **fields: Any) -> None:
    """Record what the previous handler of an incident that came back said about it (INC-21)."""
    incident.talked_at = now


@follow_ups.action(
    source=States.CLOSED,
    label=_("Rate"),
    done=_("rated the result"),
    allow=rules.may_confirm,
    guards=(guards.is_unrated,),
    form="incidents.forms.RateForm",
    icon="star",
    versioned=False,
)
def rate(incident: Incident, *, user: User, now: datetime, satisfaction: Any, satisfaction_comment: str) -> None:
    """Say what you think of the result (INC-10)."""
    incident.rate_with({"satisfaction": satisfaction, "satisfaction_comment": satisfaction_comment}, heard=False)
