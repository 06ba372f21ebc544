"""Input of meetings, for pages and API alike; and what each step of a meeting does with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from changes.cab import services
from changes.cab.models import Meeting
from changes.forms import check_window
from changes.models import Change
from tickets.forms import CodeChoiceField, PersonField, RemoteSelect
from tickets.shared.forms import moment_field, text_field


class MeetingForm(forms.Form):
    """A new meeting."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=120)
    starts_at = moment_field(gettext_lazy("Begins"))
    ends_at = moment_field(gettext_lazy("Ends"))
    electronic = forms.BooleanField(
        label=gettext_lazy("Electronic"),
        required=False,
        help_text=gettext_lazy("Members vote in the portal between beginning and end; nobody meets."),
    )
    place = forms.CharField(label=gettext_lazy("Place, or link"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        """It ends after it begins."""
        cleaned = super().clean() or {}
        check_window(self, cleaned, "starts_at", "ends_at")
        return cleaned


class MeetingStepForm(forms.Form):
    """Base of the input of a step: knows the meeting and who does it."""

    def __init__(self, *args: Any, meeting: Meeting, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.meeting, self.user = meeting, user
        if "change" in self.fields:
            self.fields["change"].queryset = Change.objects.visible_to(user)  # type: ignore[attr-defined]


class NothingForm(MeetingStepForm):
    """Nothing is asked."""


class ChangeForm(MeetingStepForm):
    """A change, by its number."""

    change = CodeChoiceField(Change.objects.none(), key="number", label=gettext_lazy("Change"), widget=forms.TextInput)


class MoveForm(ChangeForm):
    """Where it goes."""

    up = forms.BooleanField(label=gettext_lazy("Up"), required=False)


class NoteForm(ChangeForm):
    """What was said about it."""

    text = text_field(gettext_lazy("Note"), required=False, rows=2)


class PresenceForm(MeetingStepForm):
    """Who is there."""

    person = PersonField(label=gettext_lazy("Person"), widget=RemoteSelect("tickets:find_people"))
    present = forms.BooleanField(label=gettext_lazy("Present"), required=False)

    def clean_person(self) -> User:
        """Somebody whom the reader may know of, and who sees changes."""
        person: User = self.cleaned_data["person"]
        if not person.is_agent or not User.objects.visible_to(self.user).filter(pk=person.pk).exists():
            raise forms.ValidationError(_("Only staff take part."))
        return person


class CloseForm(MeetingStepForm):
    """What else was said."""

    minutes = text_field(gettext_lazy("Minutes"), required=False, rows=4)


@dataclass(frozen=True)
class Step:
    """A step of a meeting: what it asks, what it does; ``stamped``: whether it keeps who did it and when."""

    form: type[MeetingStepForm]
    run: Callable[..., Any]
    stamped: bool = False

    def __call__(self, meeting: Meeting, typed: dict[str, Any], by: User, now: datetime) -> None:
        """Do it. Raises ActionConflict."""
        stamp = {"by": by, "now": now} if self.stamped else {}
        self.run(meeting=meeting, **typed, **stamp)


#: Everything that change managers do with a meeting, by the word in its address.
STEPS = {
    "add": Step(ChangeForm, services.add_to_agenda),
    "remove": Step(ChangeForm, services.take_off_agenda),
    "move": Step(MoveForm, services.move_on_agenda),
    "note": Step(NoteForm, services.write_note),
    "presence": Step(PresenceForm, services.note_presence),
    "invite": Step(NothingForm, services.invite, stamped=True),
    "open": Step(NothingForm, services.open_meeting, stamped=True),
    "close": Step(CloseForm, services.close_meeting, stamped=True),
    "cancel": Step(NothingForm, services.cancel_meeting, stamped=True),
}
