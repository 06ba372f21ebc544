"""Input about rosters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup, User
from duty.models import Absence, Override, Roster
from duty.rules import may_keep_roster
from duty.turns import Turn


def moment(label: Any) -> forms.DateTimeField:
    """A date and time in the person's zone."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget)


def kept_groups(user: User) -> list[SupportGroup]:
    """Groups without a roster for which ``user`` may make one."""
    free = SupportGroup.objects.filter(active=True, roster=None)
    return [group for group in free if may_keep_roster(group, user)]


class RosterForm(forms.ModelForm):
    """Length and beginning of turns, and the members with their places: an empty place is not in the roster."""

    class Meta:
        model = Roster
        fields = ("period", "starts_on", "handover", "time_zone", "management")
        widgets = {
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "handover": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def __init__(self, *args: Any, group: SupportGroup, manages: bool, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.instance.group = group
        if not manages:
            del self.fields["management"]
        places: dict[int, int] = {}
        if self.instance.pk:
            places = dict(self.instance.places.values_list("user_id", "position"))
        self.people = list(User.objects.active().filter(support_groups=group).order_by("username"))
        for person in self.people:
            self.fields[f"place_{person.pk}"] = forms.IntegerField(
                label=person.display_name,
                min_value=1,
                max_value=99,
                required=False,
                initial=places.get(person.pk),
            )

    def place_fields(self) -> list[Any]:
        """The fields of places, for the page."""
        return [self[f"place_{person.pk}"] for person in self.people]

    def clean(self) -> dict[str, Any]:
        """Somebody must be in it."""
        cleaned = super().clean() or {}
        if not any(cleaned.get(f"place_{person.pk}") for person in self.people):
            raise ValidationError(_("Give at least one person a place."))
        return cleaned

    def members(self) -> list[User]:
        """The people in the order of their places."""
        chosen = [person for person in self.people if self.cleaned_data.get(f"place_{person.pk}")]
        return sorted(chosen, key=lambda person: (self.cleaned_data[f"place_{person.pk}"], person.username))


class GroupForm(forms.Form):
    """For which group a roster is made."""

    group = forms.ChoiceField(label=_("Group"))

    def __init__(self, *args: Any, groups: Sequence[SupportGroup], **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.groups = {group.code: group for group in groups}
        self.fields["group"].choices = [(code, group.name) for code, group in self.groups.items()]  # type: ignore[attr-defined]


class SpanForm(forms.ModelForm):
    """Somebody and a span. Whoever is chosen works in the roster's group."""

    starts_at = moment(_("From"))
    ends_at = moment(_("Until"))

    def __init__(self, *args: Any, roster: Roster, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        people = User.objects.active().filter(support_groups=roster.group_id)
        for name in ("user", "deputy"):
            if name in self.fields:
                self.fields[name].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """In order; a deputy is somebody else."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("starts_at"), cleaned.get("ends_at")
        if start and end and end <= start:
            self.add_error("ends_at", _("The end lies before the beginning."))
        if cleaned.get("deputy") and cleaned.get("deputy") == cleaned.get("user"):
            self.add_error("deputy", _("A deputy is somebody else."))
        return cleaned


class StandInForm(SpanForm):
    """Who has the duty for a span."""

    class Meta:
        model = Override
        fields = ("user", "starts_at", "ends_at", "note")


class AbsenceForm(SpanForm):
    """Who is away, and who has their turns meanwhile."""

    class Meta:
        model = Absence
        fields = ("user", "deputy", "starts_at", "ends_at", "note")


class SwapForm(forms.Form):
    """Two turns whose people change places."""

    first = forms.ChoiceField(label=_("This turn"))
    second = forms.ChoiceField(label=_("with this one"))

    def __init__(self, *args: Any, turns: Sequence[Turn], **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        choices = [(turn.start.isoformat(), _label(turn)) for turn in turns if turn.user]
        for name in ("first", "second"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def moments(self) -> tuple[datetime, datetime]:
        """When the chosen turns begin."""
        first, second = (parse_datetime(self.cleaned_data[name]) for name in ("first", "second"))
        assert first is not None and second is not None  # noqa: S101, PT018 - both are choices that we wrote
        return first, second


class ProposalForm(SwapForm):
    """A turn of the own, for one of somebody else; both still to come."""

    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, turns: Sequence[Turn], user: User, now: datetime, **kwargs: Any) -> None:
        later = [turn for turn in turns if turn.start > now]
        super().__init__(*args, turns=later, **kwargs)
        self.fields["first"].label, self.fields["second"].label = _("My turn"), _("for this one")
        groups: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
        for turn in later:
            if turn.user:
                groups[turn.user == user].append((turn.start.isoformat(), _label(turn)))
        self.fields["first"].choices = groups[True]  # type: ignore[attr-defined]
        self.fields["second"].choices = groups[False]  # type: ignore[attr-defined]

    @property
    def is_possible(self) -> bool:
        """Whether there is anything to swap."""
        return bool(self.fields["first"].choices and self.fields["second"].choices)  # type: ignore[attr-defined]


def _label(turn: Turn) -> str:
    """The whole span that would move, and whose it is."""
    start, end = timezone.localtime(turn.start), timezone.localtime(turn.end)
    return f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M} {turn.user}"
