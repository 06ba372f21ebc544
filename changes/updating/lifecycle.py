"""The notice of what changed in the items (配置信息变更通知), and the order to update them (配置变更单)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from changes import guards, rules
from changes.states import States
from tickets.lifecycle import ActionSet

if TYPE_CHECKING:
    from accounts.models import User
    from changes.models import Change

AFTER = (States.IMPLEMENTED, States.BACKED_OUT, States.REVIEWED)


#: Between the end of the work and the end of the record. What each owes is timed by the policies.
updating_items = ActionSet()


@updating_items.action(
    source=[*AFTER],
    label=_("Owe the configuration notice"),
    done=_("owes the configuration notice: something was written to its items after it had ended"),
    system=True,
    icon="clock-exclamation",
    public=False,
    versioned=False,
)
def owe_notice(change: Change, *, user: None, now: datetime) -> None:
    """Let its notice be owed from now on, also when one was sent before something was written.

    What it wrote is told, whatever its type and however it ended.
    """
    change.notice_since, change.noticed_at = now, None


@updating_items.action(
    source=[*AFTER],
    label=_("Send the configuration notice"),
    done=_("sent the configuration notice"),
    allow=rules.may_implement,
    guards=(guards.owes_notice,),
    form="changes.updating.forms.NoticeForm",
    tells=("items_noticed",),
    icon="file-export",
    public=False,
    versioned=False,
)
def send_notice(change: Change, *, user: User, now: datetime, text: str) -> None:
    """Tell the configuration managers what the change altered in its items."""
    change.notice_since = change.notice_since or now
    change.noticed_at = now


@updating_items.action(
    source=[*AFTER],
    label=_("Order the update of its items"),
    done=_("ordered the update of its items"),
    allow=rules.may_order_update,
    guards=(guards.has_no_open_order,),
    form="changes.updating.forms.OrderUpdateForm",
    effect="changes.updating.services.order",
    tells=("update_ordered",),
    icon="clipboard-list",
    public=False,
    versioned=False,
)
def order_update(change: Change, *, user: User, now: datetime, operator: Any, text: str) -> None:
    """Let somebody update the items as the change left them; whoever does it returns the order."""
    change.operator, change.ordered_at, change.returned_at = operator, now, None


@updating_items.action(
    source=[*AFTER],
    label=_("Return the order"),
    done=_("returned the order: its items are updated"),
    allow=rules.may_return_order,
    guards=(guards.has_open_order,),
    form="changes.updating.forms.ReturnForm",
    tells=("update_returned",),
    icon="clipboard-check",
    public=False,
    versioned=False,
)
def return_order(change: Change, *, user: User, now: datetime, text: str) -> None:
    """Say what was updated, and with which result."""
    change.returned_at = now
