"""Ordering a standard change from the catalogue: a window, and done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from changes.forms import check_window, limit_to_visible
from changes.models import ChangeTemplate
from changes.templates import offered
from cmdb.models import ConfigurationItem
from tickets import clock
from tickets.action_forms import TicketField, moment_field
from tickets.forms import ActionForm, CodeChoiceField, PersonField, RemoteSelect, RemoteSelectMultiple


class OrderForm(ActionForm):
    """What is ordered, for when, on what. Without a window: now, for as long as the template says."""

    template = CodeChoiceField(ChangeTemplate.objects.none(), label=_("Standard change"), empty_label=None)
    summary = forms.CharField(label=_("Summary"), max_length=200, required=False)
    planned_start = moment_field(_("Planned start"), required=False, help_text=_("Empty: now."))
    planned_end = moment_field(_("Planned end"), required=False, help_text=_("Empty: as long as the template says."))
    items = forms.ModelMultipleChoiceField(
        ConfigurationItem.objects.none(),
        label=_("Configuration items"),
        to_field_name="identifier",
        required=False,
        widget=RemoteSelectMultiple("tickets:find_items"),
    )
    requester = PersonField(
        label=_("Requester"),
        required=False,
        widget=RemoteSelect("tickets:find_people"),
        help_text=_("Empty: yourself."),
    )
    raised_from = TicketField(label=_("Raised from"), required=False)

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nothing is chosen."""
        return {}

    def limit_choices(self) -> None:
        """The catalogue as it stands, and what the person sees."""
        self.fields["template"].queryset = offered()  # type: ignore[attr-defined]
        if self.user is not None:
            limit_to_visible(self, self.user)

    def clean(self) -> dict[str, Any]:
        """Fill the window in."""
        cleaned = super().clean() or {}
        template = cleaned.get("template")
        if template is None:
            return cleaned
        begin = cleaned.get("planned_start") or self.now or clock.now()
        cleaned["planned_start"] = begin
        cleaned["planned_end"] = cleaned.get("planned_end") or begin + timedelta(minutes=template.minutes)
        check_window(self, cleaned, "planned_start", "planned_end")
        return cleaned

    def body_values(self) -> dict[str, Any]:
        """Items are written by the effect."""
        return {k: v for k, v in super().body_values().items() if k != "items"}
