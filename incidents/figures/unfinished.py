"""Figures of what is not finished: how old it is, and what runs into its limit next (DESK-03, RPT-01)."""

from __future__ import annotations

from typing import Any

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, Value
from django.utils.translation import gettext_lazy as _

from incidents.figures.measures import measure
from incidents.figures.records import OPEN, incident_set
from incidents.figures.standing import AT_RISK
from tickets.figures.measures import Measure, Reading, register_measures
from tickets.figures.records import AGES, Span, aged

#: What was registered longer ago than this is old: the last stretch of the chart of ages but one, in days.
OLD = len(AGES) - 1


def age(span: Span) -> Any:
    """Since its registration until the end of the period, by the clock on the wall."""
    end = Value(span.edge, DateTimeField())
    return ExpressionWrapper(end - F("created_at"), output_field=DurationField())


def _at_risk(span: Span) -> Q:
    soon = Q(planned_completion_at__gte=span.edge, planned_completion_at__lt=span.edge + AT_RISK)
    return span.open_at_edge() & soon & Q(waiting_since=None, duplicate_of=None)


def _old(span: Span) -> Q:
    return span.open_at_edge() & (aged(span.edge, OLD) | aged(span.edge, OLD + 1))


RISK = incident_set(
    "at_risk",
    _("Limit of solving within an hour"),
    _("Not solved at the end of the period, not waiting, and its limit of solving is over within the hour after it."),
    "",
    _at_risk,
    is_open=True,
    internal=True,
    ahead=AT_RISK,
)
OLD_OPEN = incident_set(
    "open_old",
    _("Open for 30 days or longer"),
    _("Not ended at the end of the period, and registered 30 days before that or earlier."),
    "",
    _old,
)


def _age(code: str, label: Any, meaning: Any, reading: Reading, **more: Any) -> Measure:
    named: dict[str, Any] = {"reading": reading, "better": "less", **more}
    return measure(code, label, meaning, OPEN, amount=age, amount_of_period=True, **named)


MEASURES = (
    _age(
        "backlog_age_median",
        _("Age of the backlog: median"),
        _("Half of what was open at the end of the period was registered no longer ago, by the clock on the wall."),
        Reading.MEDIAN,
        beside=("backlog_age_p90", "backlog_old"),
    ),
    _age(
        "backlog_age_p90",
        _("Age of the backlog: 90 %"),
        _("Nine of ten that were open at the end of the period were registered no longer ago than this."),
        Reading.P90,
    ),
    measure(
        "backlog_old",
        _("Old backlog"),
        _("The share that was registered 30 days ago or earlier, of all that was open at the period's end."),
        OLD_OPEN,
        denominator=OPEN,
        reading=Reading.SHARE,
        better="less",
    ),
    measure(
        "at_risk",
        _("At risk"),
        _(
            "How many incidents would be past their limit of solving within an hour of the end of the period. The "
            "live board counts whatever limit runs, that of the response, too."
        ),
        RISK,
        better="less",
        beside=("overdue_open",),
        internal=True,
    ),
)


def register() -> None:
    """Make them known; called once when the portal starts."""
    register_measures(*MEASURES)
