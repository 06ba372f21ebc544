"""Setting a baseline, and reviewing a half-year against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from reports.comparing import Change, change
from reports.figures import Figure, Scope, figures
from reports.known.keeping import kept_figures
from reports.meetings.services import may_write
from reports.periods import Period, PeriodError, dated_period
from reports.quarters import Half
from reports.reviews.models import FigureBaseline, ProcessReview
from reports.texts import shown
from tickets.figures.measures import Measure, measures_of
from tickets.lifecycle import Kind
from tickets.shared.forms import text_field

__all__ = ["may_write"]


class BaselineForm(forms.Form):
    """The period whose figures are the baseline, and why, for page and API."""

    start = forms.DateField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label=gettext_lazy("to, not included"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = text_field(gettext_lazy("Why this period"), rows=2)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.now = now

    def clean(self) -> dict[str, Any]:
        """The period is one, and over: a baseline never changes."""
        data = super().clean() or {}
        start, end = data.get("start"), data.get("end")
        if start and end:
            try:
                period = dated_period(start.isoformat(), end.isoformat(), self.now)
            except PeriodError as error:
                self.add_error("start" if error.parameter == "from" else "end", str(error))
            else:
                if period.is_running:
                    self.add_error("end", _("The period is not over yet."))
        return data


class ReviewForm(forms.Form):
    """What was found, for page and API."""

    occasion = forms.ChoiceField(label=gettext_lazy("Occasion"), choices=ProcessReview.Occasion.choices)
    efficiency = text_field(gettext_lazy("Efficiency of the process"), rows=4)
    tools = text_field(gettext_lazy("Effectiveness of the tools"), rows=4)
    improvements = text_field(gettext_lazy("Improvements decided"), rows=4, required=False)


def scope_of(kind: Kind, period: Period, user: User) -> Scope:
    """The period as the person sees it now."""
    return Scope(user, kind, QueryDict(), period.span)


@transaction.atomic
def set_baseline(*, kind: Kind, cleaned: dict[str, Any], user: User, now: datetime) -> FigureBaseline:
    """Keep the figures of a period as what later ones are held against; the one before stays on record."""
    period = dated_period(cleaned["start"].isoformat(), cleaned["end"].isoformat(), now)
    rows, known_at = kept_figures(scope_of(kind, period, user))
    return FigureBaseline.objects.create(
        kind=kind.code, figures=rows, known_at=known_at, set_by=user, set_at=now, **cleaned
    )


@transaction.atomic
def write_review(*, kind: Kind, half: Half, cleaned: dict[str, Any], user: User, now: datetime) -> ProcessReview:
    """Put a review on record, with the figures of this moment and the baseline that holds; none of it ever changes."""
    rows, known_at = kept_figures(scope_of(kind, half.period(now), user))
    return ProcessReview.objects.create(
        kind=kind.code,
        half=half.start,
        figures=rows,
        known_at=known_at,
        baseline=baseline_of(kind),
        written_by=user,
        written_at=now,
        **cleaned,
    )


def baseline_of(kind: Kind) -> FigureBaseline | None:
    """The baseline that holds."""
    return FigureBaseline.objects.filter(kind=kind.code).select_related("set_by").first()


def reviews_of(kind: Kind, half: Half) -> list[ProcessReview]:
    """The reviews of a half-year, the newest first."""
    found = ProcessReview.objects.filter(kind=kind.code, half=half.start)
    return list(found.select_related("written_by", "baseline"))


@dataclass(frozen=True)
class Line:
    """A figure of the half-year beside the baseline and the half-year before, compared as boards do."""

    measure: Measure
    text: str
    url: str
    baseline: str
    against_baseline: Change | None
    before: str
    against_before: Change | None


def lines_of(kind: Kind, half: Half, user: User, now: datetime) -> list[Line]:
    """Every figure of the half-year against the baseline and the half-year before."""
    measures = measures_of(kind.code)
    found = figures(measures, scope_of(kind, half.period(now), user))
    before = figures(measures, scope_of(kind, half.moved(-1).period(now), user))
    held = baseline_of(kind)
    rows = {row["id"]: row for row in held.figures} if held else {}
    months = 1.0 if held is None else _months(held.start, held.end) / 6
    lines = []
    for code, figure in found.items():
        base = _of_baseline(figure, rows.get(code), months)
        lines.append(
            Line(
                measure=figure.measure,
                text=shown(figure.value, figure.measure.unit),
                url=figure.url,
                baseline=shown(base.value if base else None, figure.measure.unit),
                against_baseline=change(figure, base) if base else None,
                before=shown(before[code].value, figure.measure.unit),
                against_before=change(figure, before[code]),
            )
        )
    return lines


def _months(start: date, end: date) -> float:
    return (end - start).days / 365.25 * 12


def _of_baseline(figure: Figure, row: dict[str, Any] | None, halves: float) -> Figure | None:
    """The figure of the baseline; None where it meant something else. A count is that of as much time as half a year.

    What stands at the end of a period is no count of it and stays what it is.
    """
    if row is None or row["version"] != figure.measure.version:
        return None
    value, numerator = row["value"], row["numerator"]
    measure = figure.measure
    if measure.reading == "count" and not measure.numerator.is_open and value is not None:
        value = numerator = round(value / halves)
    return Figure(measure, figure.scope, value, numerator, row["denominator"], [], row.get("spread"))
