"""Input of a verdict on an incident that came with a change."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from changes import guards
from tickets.forms import ActionForm
from tickets.models import Ticket
from tickets.shared.forms import TicketField, text_field


class AttributeForm(ActionForm):
    """Which incident, and whether the change caused it."""

    incident = TicketField(label=_("Incident"))
    caused = forms.TypedChoiceField(
        label=_("Caused by the change"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    text = text_field(_("Why"), required=False, rows=2)

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nothing is answered beforehand."""
        return {}

    def limit_choices(self) -> None:
        """Incidents that the person sees."""
        if self.user is not None:
            found = Ticket.objects.visible_to(self.user).filter(kind="incident")
            self.fields["incident"].queryset = found  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A change causes what comes after it began; what others found is not taken back by its implementers."""
        cleaned = super().clean() or {}
        change: Any = self.ticket.specific
        incident, begun = cleaned.get("incident"), change.began_at
        if incident is not None and cleaned.get("caused") and (begun is None or incident.created_at < begun):
            self.add_error("caused", gettext("It was there before this change began."))
        if self.user is None or incident is None or cleaned.get("caused") is not False:
            return cleaned
        if reason := guards.takes_back(change, incident, self.user):
            self.add_error("caused", reason)
        return cleaned
