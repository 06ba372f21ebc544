"""Making, changing, pausing and ending scheduled reports; who sees them."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Role, User
from accounts.permissions import Permission
from reports.own.models import OwnBoard
from reports.own.services import boards_for, kept_parameters, kind_called
from reports.schedules.models import Schedule, ScheduleRun, Sending
from reports.schedules.rhythm import WEEKDAYS, next_of
from sla.boards import may_see_board
from tickets.models import SavedView

Rhythm = Schedule.Rhythm
#: So many runs are shown of a schedule, and of what was sent to a person.
SHOWN = 50


class ScheduleForm(forms.ModelForm):
    """For whom, when and as what, for page and API. Without a role it is for whoever makes it."""

    role = forms.ModelChoiceField(
        Role.objects.none(), to_field_name="code", required=False, label=gettext_lazy("For everybody with the role"),
        help_text=gettext_lazy("Each gets what they may see themselves. Empty: only for you."),
    )  # fmt: skip
    weekday = forms.TypedChoiceField(
        label=gettext_lazy("Weekday"), choices=WEEKDAYS, coerce=int, empty_value=None, required=False
    )
    monthday = forms.IntegerField(
        label=gettext_lazy("Day of the month"), min_value=1, max_value=31, required=False,
        help_text=gettext_lazy("In a shorter month its last day."),
    )  # fmt: skip
    at = forms.TimeField(label=gettext_lazy("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), required=False)

    class Meta:
        model = Schedule
        fields = ["name", "role", "rhythm", "weekday", "monthday", "at", "zone", "format"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["role"].queryset = roles_for(user)  # type: ignore[attr-defined]
        zones = [(name, name) for name in sorted(zoneinfo.available_timezones()) if "/" in name]
        self.fields["zone"].choices = zones  # type: ignore[attr-defined]
        self.fields["zone"].widget.attrs["data-select"] = ""
        self.initial["zone"] = self.initial.get("zone") or self.usual_zone
        if not user.may(Permission.EXPORT):
            self.fields["format"].choices = [(Schedule.Format.LINK, Schedule.Format.LINK.label)]  # type: ignore[attr-defined]

    @cached_property
    def usual_zone(self) -> str:
        """The person's, else the portal's."""
        return self.user.time_zone or settings.TIME_ZONE

    def clean_zone(self) -> str:
        """The usual one unless another is chosen."""
        return self.cleaned_data["zone"] or self.usual_zone

    def clean(self) -> dict[str, Any]:
        """What the rhythm needs is there; what it does not need is not kept."""
        data = super().clean() or {}
        for name, rhythm in (("weekday", Rhythm.WEEKLY), ("monthday", Rhythm.MONTHLY)):
            if data.get("rhythm") != rhythm:
                data[name] = None
            elif data.get(name) is None and name not in self.errors:
                self.add_error(name, _("This rhythm needs it."))
        return data


def roles_for(user: User) -> QuerySet[Role]:
    """Roles to whose people ``user`` may send: the own ones; all of them for who manages reports."""
    found = Role.objects.filter(active=True)
    return found if user.may(Permission.MANAGE_REPORTS) else found.filter(pk__in=user.roles.values("pk"))


def begin_with(*, user: User, view: str = "", board: str = "", kind: str = "", parameters: str = "") -> Schedule:
    """A schedule that is not stored yet, of the list or board that is named. Raises KeyError where there is none."""
    if view:
        found = SavedView.objects.visible_to(user).filter(pk=view).first() if view.isdecimal() else None
        if found is None:
            raise KeyError(view)
        return Schedule(view=found, name=found.name)
    if not may_see_board(user):
        raise KeyError(kind)
    if board:
        own: OwnBoard | None = boards_for(user).filter(pk=board).first() if board.isdecimal() else None
        if own is None:
            raise KeyError(board)
        return Schedule(board=own, name=own.name)
    of = kind_called(kind)
    name = _("Indicators: %(name)s") % {"name": of.label_plural}
    return Schedule(kind=of.code, name=name[:60], parameters=kept_parameters(QueryDict(parameters)))


def save_schedule(*, form: ScheduleForm, user: User, now: datetime) -> Schedule:
    """Store what a valid form says; it is due next as it says from now on, also when it was paused."""
    schedule: Schedule = form.save(commit=False)
    if schedule.pk is None:
        schedule.owner, schedule.made_at = user, now
    schedule.ended_at = None
    schedule.next_at = next_of(schedule, now)
    schedule.save()
    return schedule


def step(*, schedule: Schedule, name: str, now: datetime) -> None:
    """Pause, resume or end it. Idempotent. Raises KeyError for another step."""
    if name not in ("pause", "resume", "end"):
        raise KeyError(name)
    schedule.next_at = next_of(schedule, now) if name == "resume" else None
    ended = now if name == "end" else None
    Schedule.objects.filter(pk=schedule.pk, ended_at=None).update(next_at=schedule.next_at, ended_at=ended)


def schedules_of(user: User) -> QuerySet[Schedule]:
    """Those that ``user`` made; all of them for who manages reports, who may stop any of them."""
    found = Schedule.objects.select_related("owner", "role", "view", "board").order_by("name", "pk")
    manages = may_see_board(user) and user.may(Permission.MANAGE_REPORTS)
    return found if manages else found.filter(owner=user)


def may_change(schedule: Schedule, user: User) -> bool:
    """Whoever made it; others who see it may only pause and end it."""
    return schedule.owner_id == user.pk and not schedule.is_lost


def runs_of(schedule: Schedule) -> list[ScheduleRun]:
    """The last times, with what each reader got."""
    found = schedule.runs.prefetch_related("sendings__reader")
    return list(found.order_by("-due_at", "-pk")[:SHOWN])


def sent_to(user: User) -> QuerySet[Sending]:
    """What was sent to ``user``, the newest first."""
    found = Sending.objects.filter(reader=user, state=Sending.State.SENT)
    return found.select_related("run__schedule").order_by("-sent_at", "-pk")


def what_of(schedule: Schedule) -> str:
    """What it sends, for people."""
    if schedule.view:
        return _("List: %(name)s") % {"name": schedule.view.name}
    if schedule.board:
        return _("Board: %(name)s") % {"name": schedule.board.name}
    if schedule.kind:
        return _("Indicators: %(name)s") % {"name": kind_called(schedule.kind).label_plural}
    return _("Deleted")
