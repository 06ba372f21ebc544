"""Input of the talk about an incident that came back (INC-21)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets.forms import ActionForm, PersonField, RemoteSelect
from tickets.models import TicketLink
from tickets.shared.forms import text_field


class TalkForm(ActionForm):
    """Whom one talked with, how, and what they said."""

    spoke_with = PersonField(label=_("Previous handler"), widget=RemoteSelect("tickets:find_people"))
    spoke_how = forms.ChoiceField(
        label=_("How"),
        choices=[
            ("", "—"),
            ("phone", _("By phone")),
            ("chat", _("By chat or remote help")),
            ("person", _("In person")),
        ],
    )
    text = text_field(_("What they said"))

    def limit_choices(self) -> None:
        """People whom the person finds, those who left the house too: they may have handled it."""
        if self.user is not None:
            self.fields["spoke_with"].queryset = User.objects.visible_to(self.user)  # type: ignore[attr-defined]

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Whoever solved the incident that this one continues."""
        link = (
            TicketLink.objects.filter(source=ticket.pk, meaning=TicketLink.Meaning.FOLLOW_UP).order_by("-pk").first()
        )
        before = link.target.specific if link else None
        person = getattr(before, "resolved_by", None) or getattr(before, "assignee", None)
        return {"spoke_with": person.username if person else None}
