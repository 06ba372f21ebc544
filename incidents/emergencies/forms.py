"""Input of the emergency procedure, for pages and API alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import SupportGroup, User
from accounts.permissions import Permission
from duty.services import on_duty
from incidents.emergencies.models import CallIn
from tickets.forms import ActionForm, PersonField, RemoteSelectMultiple
from tickets.shared.forms import moment_field, text_field

AUDIENCES = [
    ("leadership", _("Leadership")),
    ("requester", _("Requester")),
    ("users", _("Users")),
    ("team", _("Emergency team")),
    ("vendor", pgettext_lazy("audience", "Vendor")),
    ("authority", _("Supervisory authority")),
    ("public", _("Media and public")),
    ("other", pgettext_lazy("audience", "Others")),
]
CHANNELS = [
    ("phone", _("Telephone")),
    ("meeting", _("Meeting or conference call")),
    ("chat", _("Chat group")),
    ("mail", pgettext_lazy("channel", "Email")),
    ("sms", _("SMS")),
    ("announcement", _("Announcement")),
    ("other", pgettext_lazy("channel", "Other")),
]


def callees_of(
    people: Iterable[User], groups: Iterable[SupportGroup], at: datetime
) -> list[tuple[User, SupportGroup | None]]:
    """Who is called, each once: the chosen people, and for each group whoever is on duty, else its lead, else all."""
    found: dict[int, tuple[User, SupportGroup | None]] = {person.pk: (person, None) for person in people}
    for group in groups:
        one = on_duty(group, at) or group.lead
        for person in [one] if one and one.is_active else group.members.filter(is_active=True):
            found.setdefault(person.pk, (person, group))
    return list(found.values())


class CommanderForm(ActionForm):
    """Who commands, found by the portal; nobody when nobody can be found."""

    commander = PersonField(label=_("Commander"), required=False)


class HandOverCommandForm(ActionForm):
    """Who commands from now on: staff who see every ticket."""

    commander = PersonField(User.objects.none(), label=_("Commander"))
    text = text_field(_("Reason"), required=False, rows=2)

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nobody is proposed: the one who commands hands over."""
        return {}

    def limit_choices(self) -> None:
        """Incident managers, leads of groups, members of the assigned group; not who commands already."""
        able = Q(pk__in=User.objects.holding(Permission.PRIORITY))
        able |= Q(led_groups__active=True) | Q(support_groups=self.ticket.group_id)
        found = User.objects.active().filter(able, organisation__kind="provider")
        commander = getattr(self.ticket, "commander_id", None)
        self.fields["commander"].queryset = found.exclude(pk=commander).distinct()  # type: ignore[attr-defined]


class CallInForm(ActionForm):
    """Whom to call: people of any group, or whoever is on duty in a group; and what for."""

    people = forms.ModelMultipleChoiceField(
        User.objects.none(),
        to_field_name="username",
        label=_("People"),
        required=False,
        widget=RemoteSelectMultiple("tickets:find_members"),
    )
    groups = forms.ModelMultipleChoiceField(
        SupportGroup.objects.filter(active=True),
        to_field_name="code",
        label=_("Whoever is on duty in"),
        required=False,
        widget=forms.SelectMultiple(attrs={"data-select": ""}),
    )
    text = text_field(_("What for"), required=False, rows=2)

    def limit_choices(self) -> None:
        """Whoever works in some group: never a customer."""
        people = User.objects.active().filter(support_groups__active=True).exclude(organisation__kind="customer")
        self.fields["people"].queryset = people.distinct()  # type: ignore[attr-defined]

    def as_record(self) -> dict[str, Any]:
        """Without a list that is empty."""
        return {name: value for name, value in super().as_record().items() if value != []}

    def clean(self) -> dict[str, Any]:
        """Somebody must be called, and nobody twice before they answered."""
        cleaned = super().clean() or {}
        if self.errors or self.now is None:
            return cleaned
        callees = callees_of(cleaned["people"], cleaned["groups"], self.now)
        if not callees:
            raise ValidationError(now_("Choose somebody to call."))
        known = {call.person_id for call in self.ticket.calls if call.answer != CallIn.Answer.CANNOT}  # type: ignore[attr-defined]
        doubled = [person.display_name for person, _group in callees if person.pk in known]
        if doubled:
            raise ValidationError(now_("Called already: %(names)s.") % {"names": ", ".join(doubled)})
        return cleaned


class CannotForm(ActionForm):
    """Why not, and who could come instead."""

    text = text_field(_("Why, and who could come instead"), required=False, rows=2)


class RecordAnswerForm(ActionForm):
    """What somebody answered who was called."""

    person = PersonField(User.objects.none(), label=_("Person"))
    answer = forms.ChoiceField(label=pgettext_lazy("call", "Answer"), choices=CallIn.Answer.choices)
    text = text_field(_("What they said"), required=False, rows=2)

    def limit_choices(self) -> None:
        """Those who were called on this ticket."""
        called = [call.person_id for call in self.ticket.calls]  # type: ignore[attr-defined]
        self.fields["person"].queryset = User.objects.filter(pk__in=called)  # type: ignore[attr-defined]


class SaidAtField(forms.DateTimeField):
    """A time typed by hand: it stands beside the recorded one, also in the timeline."""

    @staticmethod
    def shown(value: str) -> str:
        """As people read it, in their time zone."""
        moment = parse_datetime(value)
        return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else value


class CommunicationForm(ActionForm):
    """What was said, to whom, through which channel; when, if it was not just now."""

    audience = forms.ChoiceField(label=_("To whom"), choices=AUDIENCES)
    channel = forms.ChoiceField(label=pgettext_lazy("communication", "Through"), choices=CHANNELS)
    said_at = SaidAtField(label=_("When, if not just now"), required=False, widget=moment_field("").widget)
    text = text_field(_("What was said"))

    def clean_said_at(self) -> datetime | None:
        """Nothing was said in the future. The moment is known when the action runs."""
        said_at = self.cleaned_data["said_at"]
        if said_at and self.now and said_at > self.now:
            raise ValidationError(now_("This lies in the future."))
        return said_at
