"""Preparing edits of the configuration database, writing them while it runs, settling what differs (CHG-08)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from changes import rules
from changes.guards import decided_nothing, keeps_its_template, signed_nothing
from changes.prepared import guards
from changes.states import PLANNED, WRITING, States
from tickets.lifecycle import ActionSet

if TYPE_CHECKING:
    from accounts.models import User
    from changes.models import Change

_OFFER: Any = {
    "source": [*PLANNED],
    "allow": rules.may_plan,
    "hidden_by": (keeps_its_template,),
    "public": False,
    "versioned": False,
    "menu": False,
}


#: What the change does to the record of configuration items.
preparing_edits = ActionSet()


@preparing_edits.action(
    label=_("Prepare a value"),
    done=_("prepared another value of a configuration item"),
    form="changes.prepared.forms.PrepareValueForm",
    effect="changes.prepared.services.prepare_value",
    icon="edit",
    **_OFFER,
)
def prepare_value(change: Change, *, user: User, now: datetime, **fields: Any) -> None:
    """Say which item gets which value; it is approved with the change and written in its window."""


@preparing_edits.action(
    label=_("Prepare an item"),
    done=_("prepared a new configuration item"),
    form="changes.prepared.forms.PrepareItemForm",
    effect="changes.prepared.services.prepare_item",
    icon="server",
    **_OFFER,
)
def prepare_item(change: Change, *, user: User, now: datetime, **fields: Any) -> None:
    """Say which item comes with the change."""


@preparing_edits.action(
    label=_("Prepare a relation"),
    done=_("prepared a relation of configuration items"),
    form="changes.prepared.forms.PrepareRelationForm",
    effect="changes.prepared.services.prepare_relation",
    icon="topology-star-3",
    **_OFFER,
)
def prepare_relation(change: Change, *, user: User, now: datetime, **fields: Any) -> None:
    """Say which relation begins or ends with the change."""


@preparing_edits.action(
    label=_("Drop a prepared edit"),
    done=_("dropped a prepared edit"),
    form="changes.prepared.forms.DropEditForm",
    guards=(guards.has_edits_to_write,),
    effect="changes.prepared.services.drop_edit",
    icon="playlist-x",
    **_OFFER,
)
def drop_edit(change: Change, *, user: User, now: datetime, **fields: Any) -> None:
    """Take it out of what is written."""


@preparing_edits.action(
    source=[*WRITING],
    label=_("Write the prepared edits"),
    done=_("wrote the prepared edits to the configuration database"),
    allow=rules.may_carry_out,
    guards=(guards.stands, guards.has_edits_to_write, decided_nothing, signed_nothing),
    effect="changes.prepared.services.apply_edits",
    icon="database-edit",
    public=False,
    versioned=False,
    menu=False,
)
def apply_edits(change: Change, *, user: User, now: datetime) -> None:
    """Write all of them at once, with this change as their ground; none is written when one is refused."""


@preparing_edits.action(
    source=[States.IMPLEMENTED, States.BACKED_OUT, States.REVIEWED],
    label=_("Settle the difference"),
    done=_("settled what differs between plan and record"),
    allow=rules.may_implement,
    guards=(guards.has_difference,),
    form="tickets.shared.forms.ReasonForm",
    icon="git-compare",
    public=False,
    versioned=False,
    menu=False,
)
def settle_difference(change: Change, *, user: User, now: datetime, text: str) -> None:
    """Explain what was planned and not written, and what was written and not planned; then it can be closed."""
    change.difference_settled_at = now
