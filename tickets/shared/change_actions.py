"""What tickets have to do with changes that come of them: raising one, saying whether it helped (CHG-01, INC-20)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from records.lifecycle import ANY
from tickets.lifecycle import ActionSet
from tickets.rules import may_handle, may_raise_change

if TYPE_CHECKING:
    from accounts.models import User
    from tickets.models import Ticket


#: Gives a kind of ticket the actions that join it to its changes. What they do there is the changes' business.
raising_changes = ActionSet()


@raising_changes.action(
    source=ANY,
    label=_("Raise change"),
    done=_("raised a standard change from it"),
    allow=may_raise_change,
    form="changes.catalogue.forms.RaiseForm",
    effect="changes.origins.raising.order_from_ticket",
    icon="replace",
    public=False,
    versioned=False,
)
def raise_change(ticket: Ticket, *, user: User, now: datetime, **fields: Any) -> None:
    """Order a standard change, approved beforehand, for the items of this ticket; it is joined to it."""


@raising_changes.action(
    source=ANY,
    label=_("Did the change help?"),
    done=_("said whether a change helped"),
    allow=may_handle,
    form="changes.catalogue.forms.VerdictForm",
    effect="changes.origins.raising.take_verdict",
    icon="replace",
    public=False,
    versioned=False,
    menu=False,
)
def judge_change(ticket: Ticket, *, user: User, now: datetime, **fields: Any) -> None:
    """Say whether a change that was raised from this ticket and has ended helped."""
