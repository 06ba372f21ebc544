"""A figure month by month, with its target and its alert threshold as levels."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from reports.charts import Board, Cell, Chart, Line
from reports.figures import Scope, figures
from reports.targets.models import Target
from reports.targets.services import as_text, in_unit, targets_of
from reports.texts import shown
from tickets.figures.measures import Measure, Unit
from tickets.figures.records import Span, midnight, zone

#: What the code of such a chart begins with; the code of the figure follows.
PREFIX = "course-"
MONTHS = 12
UNITS = {
    Unit.RECORDS: gettext_lazy("records per month"),
    Unit.PERCENT: gettext_lazy("percent"),
    Unit.SECONDS: pgettext_lazy("unit", "hours"),
}


def title_of(measure: Measure) -> str:
    """What the chart is called."""
    return _("%(figure)s, month by month") % {"figure": measure.label}


def course(measure: Measure, scope: Scope, board: Board) -> Chart:
    """The figure in each of the twelve months up to the one in which the period ends, in the unit of targets."""
    lines = []
    for month in months_of(scope.span):
        figure = figures([measure], scope.of(month))[measure.code]
        value = in_unit(figure)
        text = shown(figure.value, measure.unit)
        cell = Cell(None if value is None else round(value, 2), figure.url, text)
        first, end = (moment.astimezone(zone()).date() for moment in (month.start, month.end))
        lines.append(Line(f"{first:%Y-%m}", [cell], board(**{"from": str(first), "to": str(end)})))
    levels = _levels(targets_of([measure]).get(measure.code), measure)
    last = _("The last month is not over.") if scope.span.at < month.end else ""
    note = " · ".join(text for text in (*(level["name"] for level in levels), last) if text)
    series = [(str(measure.label), "bar" if measure.unit == Unit.RECORDS else "line", "info")]
    extra = {"aims": levels}
    return Chart(
        f"{PREFIX}{measure.code}", title_of(measure), UNITS[measure.unit], "trend", series, lines, note, extra
    )


def months_of(span: Span) -> list[Span]:
    """Twelve whole months, the last of them the one in which the known part of ``span`` ends."""
    last = (span.edge.astimezone(zone()) - relativedelta(microseconds=1)).date().replace(day=1)
    firsts = [last - relativedelta(months=back) for back in reversed(range(MONTHS))]
    return [replace(span, start=midnight(first), end=_end(first)) for first in firsts]


def _end(first: Any) -> datetime:
    return midnight(first + relativedelta(months=1))


def _levels(target: Target | None, measure: Measure) -> list[dict[str, Any]]:
    if target is None:
        return []
    named = ((_("Target"), target.aim, "ok"), (_("Alert threshold"), target.alert, "late"))
    return [
        {"value": value, "name": f"{name} {as_text(value, measure)}", "tone": tone}
        for name, value, tone in named
        if value is not None
    ]
