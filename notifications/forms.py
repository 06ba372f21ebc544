"""Input about notices: personal choices, templates, a period."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notifications.choices import ROOM
from notifications.events import CHOSEN, Channel, Event, events
from notifications.models import EventChoice, NoticeTemplate
from notifications.texts import unknown_words

LABELS = dict(Channel.choices)


class ChoicesForm(forms.Form):
    """For each event the channels that a person wants, among those allowed; and quiet hours."""

    quiet_from = forms.TimeField(
        label=_("Quiet from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=_("Quiet until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        kept = user.preferences.get(ROOM, {})
        edited = {row.event: row for row in EventChoice.objects.all()}
        self.rows: list[tuple[Event, EventChoice]] = []
        for event in events():
            choice = edited.get(event.code) or EventChoice.shipped(event.code, urgent=False)
            self.rows.append((event, choice))
            self.fields[event.code] = _channels_field(event, choice, (kept.get("channels") or {}).get(event.code))
        quiet = kept.get("quiet") or {}
        self.initial.update(quiet_from=quiet.get("from"), quiet_until=quiet.get("until"))

    def lines(self) -> list[dict[str, Any]]:
        """The events as the page draws them: field, and what cannot be refused."""
        fixed = {event.code: [LABELS[name] for name in choice.fixed] for event, choice in self.rows}
        return [{"field": self[event.code], "fixed": fixed[event.code]} for event, _choice in self.rows]

    def clean(self) -> dict[str, Any]:
        """Both ends of quiet hours, or none."""
        cleaned = super().clean() or {}
        if (cleaned.get("quiet_from") is None) != (cleaned.get("quiet_until") is None):
            self.add_error("quiet_until", _("Say both when the quiet hours begin and when they end."))
        return cleaned

    def as_preferences(self) -> dict[str, Any]:
        """What is kept: only where the person chose otherwise than the defaults, so that those may change."""
        chosen = {
            event.code: self.cleaned_data[event.code]
            for event, choice in self.rows
            if set(self.cleaned_data[event.code]) != set(choice.default) & set(choice.allowed)
        }
        start, end = self.cleaned_data["quiet_from"], self.cleaned_data["quiet_until"]
        quiet = {"from": f"{start:%H:%M}", "until": f"{end:%H:%M}"} if start and end else None
        return {"channels": chosen or None, "quiet": quiet}


def _channels_field(event: Event, choice: EventChoice, chosen: list[str] | None) -> forms.MultipleChoiceField:
    allowed = [name for name in CHOSEN if name in choice.allowed and name not in choice.fixed]
    return forms.MultipleChoiceField(
        label=str(event.label),
        choices=[(name, LABELS[name]) for name in allowed],
        initial=[name for name in (choice.default if chosen is None else chosen) if name in allowed],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class TemplateForm(forms.ModelForm):
    """What a notice says in the place of the shipped text. Knows a fixed list of words, and nothing else."""

    class Meta:
        model = NoticeTemplate
        fields = ("subject", "body")
        widgets = {"body": forms.Textarea(attrs={"rows": 8})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        if self.instance.channel == NoticeTemplate.Form.SHORT:
            del self.fields["subject"]

    def _known(self, name: str) -> str:
        text: str = self.cleaned_data[name]
        unknown = unknown_words(text)
        if unknown:
            words = ", ".join(f"{{{word}}}" for word in unknown)
            raise ValidationError(_("There is no such placeholder: %(words)s.") % {"words": words})
        return text

    def clean_subject(self) -> str:
        """Only known placeholders."""
        return self._known("subject")

    def clean_body(self) -> str:
        """Only known placeholders."""
        return self._known("body")


class GiveUpForm(forms.Form):
    """Why a delivery is given up."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class PeriodForm(forms.Form):
    """The days and the event that receipts are shown for."""

    since = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    event = forms.ChoiceField(label=_("Event"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["event"].choices = [("", _("All")), *((event.code, event.label) for event in events())]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """In order."""
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("The end lies before the beginning."))
        return cleaned
