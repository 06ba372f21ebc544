"""Input of actions about time: agreed times, and what the portal itself says when a time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup
from tickets.forms import ActionForm, CodeChoiceField
from tickets.models import Ticket
from tickets.shared.forms import moment_field, text_field

#: Whose time is over, as ``agreement.metric``.
LIMITS = [
    ("sla.response", _("SLA: response")),
    ("sla.on_site", _("SLA: on site")),
    ("sla.resolve", _("SLA: resolution")),
    ("sla.update", _("SLA: status update")),
    ("ola.dispatch", _("OLA: dispatch")),
    ("ola.response", _("OLA: response")),
    ("ola.resolve", _("OLA: resolution")),
    ("uc.resolve", _("UC: resolution")),
]


class OutOfTimeForm(ActionForm):
    """Whose time is over. Filled by the portal itself."""

    limit = forms.ChoiceField(label=_("Out of time"), choices=LIMITS)


class OutOfTimeMoveForm(OutOfTimeForm):
    """And the group of the next line."""

    group = CodeChoiceField(SupportGroup.objects.filter(active=True), label=_("Group"))
    field_order = ("group", "limit")


class TakeNoteForm(ActionForm):
    """What happens now."""

    text = text_field(_("What happens now"), required=False, rows=2)


class AgreeForm(ActionForm):
    """Until when the requester agreed to wait, and why the limit cannot be met."""

    agreed_at = moment_field(_("Agreed time"), ahead=True)
    text = text_field(_("Reason"), rows=2, help_text=_("The requester reads it."))

    def initial_from(self, ticket: Ticket) -> dict[str, Any]:
        """What was agreed before."""
        return {"agreed_at": ticket.agreed_at}

    def clean_agreed_at(self) -> datetime:
        """Not a moment that is over."""
        agreed = self.cleaned_data["agreed_at"]
        if self.now is not None and agreed <= self.now:
            raise forms.ValidationError(_("This time is in the past."))
        return agreed
