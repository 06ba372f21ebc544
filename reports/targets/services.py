"""Setting targets, judging figures by them, and telling their owners once a month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.codes import in_both
from accounts.models import Role, User
from accounts.permissions import Permission
from notifications.events import Event, register_event
from notifications.services import give_notice
from reports.figures import Figure, Scope, figures
from reports.periods import named_period
from reports.targets.models import Target
from reports.texts import shown
from sla.boards import may_see_board
from tickets.figures.measures import Measure, Unit, measure_of, measures_of
from tickets.figures.records import Records
from tickets.lifecycle import kind_of

HOUR = 3600
#: A share of fewer records than these crosses nothing: the first of the month would be 0 or 100 %.
FEWEST = 10

register_event(
    Event(
        code="target_crossed",
        label=gettext_lazy("A figure is beyond its alert threshold"),
        subject=gettext_lazy("Beyond the alert threshold: {summary}"),
        body=gettext_lazy("The figure with its records:\n{link}"),
        icon="target",
        presses=False,
    )
)


class TargetForm(forms.Form):
    """Target, threshold and owner of a figure, for page and API. Times are hours."""

    aim = forms.FloatField(label=gettext_lazy("Target"), min_value=0, max_value=1e6, required=False)
    alert = forms.FloatField(
        label=gettext_lazy("Alert threshold"),
        min_value=0,
        max_value=1e6,
        required=False,
        help_text=gettext_lazy("Those with the role are told, once a month, when the figure is worse than this."),
    )
    owner = forms.ModelChoiceField(
        Role.objects.filter(active=True), to_field_name="code", label=gettext_lazy("Role that owns it")
    )

    def __init__(self, *args: Any, measure: Measure, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.measure = measure
        if measure.unit == Unit.PERCENT:
            for name in ("aim", "alert"):
                self.fields[name].max_value = 100  # type: ignore[attr-defined]
                self.fields[name].widget.attrs["max"] = 100

    def clean(self) -> dict[str, Any]:
        """One of both is given, a share is no more than all, and the threshold is no better than the target."""
        data = super().clean() or {}
        aim, alert = data.get("aim"), data.get("alert")
        if aim is None and alert is None and not self.errors:
            raise forms.ValidationError(_("Give a target, a threshold, or both."))
        for name, value in (("aim", aim), ("alert", alert)):
            if value is not None and self.measure.unit == Unit.PERCENT and value > 100:
                self.add_error(name, _("At most 100 percent."))
        if aim is not None and alert is not None and _is_worse(aim, alert, self.measure):
            self.add_error("alert", _("The threshold must not be better than the target."))
        return data


def _is_worse(value: float, limit: float, measure: Measure) -> bool:
    """Where neither more nor less is better, as of a volume, a limit is an upper bound."""
    return value < limit if measure.better == "more" else value > limit


def may_set_targets(user: User) -> bool:
    """Who sees boards and manages reports."""
    return may_see_board(user) and user.may(Permission.MANAGE_REPORTS)


def with_targets(user: User) -> list[Measure]:
    """The figures that ``user`` may count: each is one number, so each can have a target."""
    return [m for m in measures_of(on_demand=True) if not m.internal or user.may(Permission.INTERNAL)]


def set_target(*, measure: Measure, cleaned: dict[str, Any], user: User, now: datetime) -> Target:
    """Store it in place of what was there."""
    values = {name: cleaned[name] for name in ("aim", "alert", "owner")}
    target, _made = Target.objects.update_or_create(
        measure=measure.code, defaults=values | {"edited_by": user, "edited_at": now}
    )
    return target


def remove_target(*, measure: Measure) -> None:
    """Judge the figure no longer. Idempotent."""
    Target.objects.filter(measure=measure.code).delete()


@dataclass(frozen=True)
class Judged:
    """How a figure stands to its target. ``tone``: ok, soon (target missed), late (beyond the threshold) or quiet."""

    aim: str
    alert: str
    tone: str
    owner: str


def targets_of(measures: Iterable[Measure]) -> dict[str, Target]:
    """The targets of ``measures`` by code; one query."""
    codes = [measure.code for measure in measures]
    return {row.measure: row for row in Target.objects.filter(measure__in=codes).select_related("owner")}


def judged(figure: Figure, target: Target | None) -> Judged | None:
    """How a figure stands; None without a target. What has no value is not judged."""
    if target is None:
        return None
    measure, tone = figure.measure, "quiet"
    value = in_unit(figure)
    if value is not None:
        missed = target.aim is not None and _is_worse(value, target.aim, measure)
        tone = "late" if crosses(figure, target) else "soon" if missed else "ok"
    return Judged(as_text(target.aim, measure), as_text(target.alert, measure), tone, str(target.owner))


def aims_of(pairs: Iterable[tuple[Records, Records]]) -> list[dict[str, Any]]:
    """The targets of the shares that are made of such pairs (counted, of which), for a chart that draws them."""
    wanted = list(pairs)
    found = [m for m in measures_of() if m.denominator and (m.numerator, m.denominator) in wanted]
    targets = targets_of(found)
    drawn = [(measure, targets[measure.code].aim) for measure in found if measure.code in targets]
    return [
        {"value": aim, "name": f"{measure.label} {as_text(aim, measure)}"} for measure, aim in drawn if aim is not None
    ]


def level_aims(records: Records) -> list[dict[str, Any]]:
    """The targets of what stands open, which a chart of it draws as a level; counts of a period have none there."""
    found = [m for m in measures_of(records.kind) if m.numerator == records and m.unit == Unit.RECORDS]
    targets = targets_of(found)
    drawn = [(measure, targets[measure.code].aim) for measure in found if measure.code in targets]
    return [
        {"value": aim, "name": f"{measure.label} {as_text(aim, measure)}"} for measure, aim in drawn if aim is not None
    ]


def in_unit(figure: Figure) -> float | None:
    """The value in the unit of targets: times in hours."""
    if figure.value is None:
        return None
    return figure.value / HOUR if figure.measure.unit == Unit.SECONDS else figure.value


def as_text(value: float | None, measure: Measure) -> str:
    """A target for people, with the side on which it is kept; empty without one."""
    if value is None:
        return ""
    text = shown(value * HOUR if measure.unit == Unit.SECONDS else value, measure.unit)
    return f"{'≥' if measure.better == 'more' else '≤'} {text}"


def crosses(figure: Figure, target: Target) -> bool:
    """Whether a figure is beyond the threshold; of a share only when it rests on enough records."""
    value = in_unit(figure)
    if value is None or target.alert is None:
        return False
    if figure.measure.unit != Unit.RECORDS and figure.n < FEWEST:
        return False
    return _is_worse(value, target.alert, figure.measure)


def tell_crossings(now: datetime) -> int:
    """Tell the owners of figures that are beyond their threshold in the month that runs; how many figures were told.

    Once per figure and month, however often this runs. A figure is what the first of its owners sees.
    """
    told = 0
    for target in Target.objects.filter(alert__isnull=False).select_related("owner"):
        people = User.objects.with_access().filter(roles=target.owner, is_active=True).order_by("pk")
        readers = [person for person in people if may_see_board(person)]
        try:
            measure = measure_of(target.measure)
        except KeyError:  # a figure that there is no more
            continue
        if readers:
            told += _tell(target, measure, readers, now)
    return told


def _tell(target: Target, measure: Measure, readers: list[User], now: datetime) -> int:
    period = named_period("month", now)
    scope = Scope(readers[0], kind_of(measure.kind), QueryDict(), period.span)
    figure = figures([measure], scope).get(measure.code)
    if figure is None or not crosses(figure, target):
        return 0
    path = f"{reverse('reports:explain', args=[scope.kind.slug, measure.code])}?period=month"
    said = in_both(lambda: f"{measure.label} {shown(figure.value, measure.unit)} ({as_text(target.alert, measure)})")
    given = give_notice(
        key=f"target:{measure.code}:{period.first_day:%Y-%m}",
        event="target_crossed",
        ticket=None,
        recipients=readers,
        urgent=False,
        at=now,
        payload={"summary": said, "path": path},
        rooms=False,
    )
    return int(given is not None)
