"""Input of announcements, for pages and API alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from announcements.models import Announcement
from cmdb.models import BusinessSystem
from records.forms import RecordForm
from tickets.models import Ticket
from tickets.shared.forms import TicketField, moment_field, text_field

#: What a new announcement proposes.
PROPOSED_DAYS = 7


def several(model: Any, label: Any, **kwargs: Any) -> forms.ModelMultipleChoiceField:
    """Rows that people and programs name by their code."""
    widget = forms.SelectMultiple(attrs={"data-select": "", "size": 4})
    return forms.ModelMultipleChoiceField(
        model.objects.filter(active=True), label=label, to_field_name="code", required=False, widget=widget, **kwargs
    )


class AnnouncementForm(RecordForm):
    """A text in one or both languages, when it is, whom it is for, how long it is shown."""

    keeps_missing = True

    kind = forms.ChoiceField(label=_("Kind"), choices=Announcement.Kind.choices, widget=forms.RadioSelect)
    text_zh = text_field(_("Chinese text"), required=False, rows=2)
    text_en = text_field(_("English text"), required=False, rows=2)
    starts_at = moment_field(_("Interruption from"), required=False)
    ends_at = moment_field(_("Interruption until"), required=False)
    shown_from = moment_field(_("Shown from"))
    shown_until = moment_field(_("Shown until"), help_text=_("Then it ends by itself."))
    systems = several(BusinessSystem, _("Affected business systems"))
    organisations = several(Organisation, _("For these organisations"), help_text=_("None: for everybody."))
    ticket = TicketField(label=_("Number of the ticket about it"), required=False)

    class Meta:
        model = Announcement
        fields = (
            *("kind", "text_zh", "text_en", "starts_at", "ends_at"),
            *("shown_from", "shown_until", "systems", "organisations", "ticket"),
        )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        for name in ("text_zh", "text_en"):
            self.fields[name].max_length = 500  # type: ignore[attr-defined]
        customers = Organisation.objects.filter(active=True).exclude(kind=Organisation.Kind.PROVIDER)
        self.fields["organisations"].queryset = customers  # type: ignore[attr-defined]
        self.fields["ticket"].queryset = Ticket.objects.visible_to(user)  # type: ignore[attr-defined]
        self.initial.update(self._proposed() if self.instance.pk is None else self._stored())

    def _proposed(self) -> dict[str, Any]:
        """A planned interruption, shown from now on."""
        now = timezone.localtime().replace(second=0, microsecond=0)
        return {"kind": "planned", "shown_from": now, "shown_until": now + timedelta(days=PROPOSED_DAYS)}

    def _stored(self) -> dict[str, Any]:
        """Choices are named by their codes and numbers, not by ids."""
        codes = {
            name: [row.code for row in getattr(self.instance, name).all()] for name in ("systems", "organisations")
        }
        return {**codes, "ticket": self.instance.ticket.number if self.instance.ticket else ""}

    def kept(self) -> dict[str, Any]:
        """A new one needs to be told its times."""
        return super().kept() or {"kind": self.initial["kind"]}

    def clean(self) -> dict[str, Any]:
        """Something is said, and times follow one another."""
        cleaned = super().clean() or {}
        if not cleaned.get("text_zh") and not cleaned.get("text_en"):
            self.add_error("text_zh", _("Write it in one language at least."))
        for first, last in (("starts_at", "ends_at"), ("shown_from", "shown_until")):
            if cleaned.get(first) and cleaned.get(last) and cleaned[first] >= cleaned[last]:
                self.add_error(last, _("This time must be after the first one."))
        if cleaned.get("ends_at") and not cleaned.get("starts_at"):
            self.add_error("starts_at", _("Say when it begins."))
        return cleaned


class WordsOfChangeForm(RecordForm):
    """What the portal rewrites when the change of an announcement moves, ends, or says it in other words."""

    class Meta:
        model = Announcement
        fields = ("kind", "text_zh", "text_en", "starts_at", "ends_at", "shown_from", "shown_until")
