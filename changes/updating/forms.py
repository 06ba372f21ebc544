"""Input of the order to update items, and of its return."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from tickets.forms import ActionForm, PersonField
from tickets.shared.forms import text_field


class NoticeForm(ActionForm):
    """What the change altered."""

    text = text_field(_("What it altered in configuration items"))


class OrderUpdateForm(ActionForm):
    """Who updates the items, and what is to be done."""

    operator = PersonField(User.objects.active(), label=_("Configuration operator"))
    text = text_field(_("What is to be updated"), required=False, rows=2)

    def limit_choices(self) -> None:
        """Those who record configuration items."""
        people = User.objects.active().holding(Permission.CMDB_EDIT)
        self.fields["operator"].queryset = people  # type: ignore[attr-defined]


class ReturnForm(ActionForm):
    """What was done."""

    text = text_field(_("What was updated, and the result"), rows=2)
