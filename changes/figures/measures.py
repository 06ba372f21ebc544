"""The figures of changes: the monthly report of the process (CHG-10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F, Value
from django.utils.translation import gettext_lazy as _

from changes.codes import ChangeDomain, ChangeType
from changes.figures import records
from changes.states import Result, Risk
from tickets.figures.charts import Ages, Flow, Parts, names_of, register_charts
from tickets.figures.measures import Reading, register_measures, staff_figures


def _interruption() -> Any:
    """Minutes of interruption as a time."""
    minute = Value(timedelta(minutes=1), output_field=DurationField())
    return ExpressionWrapper(F("change__interruption_minutes") * minute, output_field=DurationField())


def _lead_time() -> Any:
    """From the request to the beginning of the work."""
    return ExpressionWrapper(F("change__actual_start") - F("created_at"), output_field=DurationField())


#: Behind those of incidents where all kinds are listed together.
_figure = staff_figures("change", first=200)

INDICATORS = (
    _figure("total", _("Changes"), _("How many changes were requested or ordered in the period."), records.REGISTERED),
    _figure(
        "success",
        _("Success rate"),
        _("The share that went as planned or with deviations, of all carried out or backed out in the period."),
        records.SUCCEEDED,
        denominator=records.CARRIED_OUT,
        reading=Reading.SHARE,
        better="more",
        beside=("change_missed",),
    ),
    _figure(
        "major_in_time",
        _("Major changes in planned time"),
        _(
            "The share that ended by its planned end, of the major changes that were begun and whose planned end lies "
            "in the period. What still runs, was backed out, or has no actual end, missed it; what was cancelled is "
            "not counted."
        ),
        records.MAJOR_IN_TIME,
        denominator=records.MAJOR_DUE,
        reading=Reading.SHARE,
        better="more",
        beside=("change_major_late", "change_major_backed_out", "change_major_untimed", "change_major_cancelled"),
    ),
    _figure(
        "interruption",
        _("Interruption by changes"),
        _("The time of interruption that the reviews of the period name, together."),
        records.INTERRUPTING,
        amount=_interruption,
        reading=Reading.SUM,
        better="less",
    ),
    _figure(
        "emergency_share",
        _("Share of emergencies"),
        _("The share of emergency changes of all requested or ordered in the period."),
        records.EMERGENCIES,
        denominator=records.REGISTERED,
        reading=Reading.SHARE,
        better="less",
        beside=("change_late_records",),
    ),
    _figure(
        "missed",
        _("Missed the expected result"),
        _("The share whose review says that the expected result was not reached, of all reviewed in the period."),
        records.MISSED,
        denominator=records.JUDGED,
        reading=Reading.SHARE,
        better="less",
    ),
)
MONTH = (
    _figure("standard", _("Standard changes"), _("How many were ordered."), records.STANDARD_ONES, "month"),
    _figure("simple", _("Simple changes"), _("How many were requested."), records.SIMPLE_ONES, "month"),
    _figure("major", _("Major changes"), _("How many were requested."), records.MAJOR_ONES, "month"),
    _figure("emergency", _("Emergency changes"), _("How many were requested."), records.EMERGENCIES, "month"),
)
OTHERS = (
    _figure(
        "lead_time",
        _("Time from request to start: median"),
        _("Half of those begun in the period waited no longer, from the request to the beginning of the work."),
        records.BEGUN,
        "others",
        amount=_lead_time,
        reading=Reading.MEDIAN,
        better="less",
    ),
    _figure(
        "lead_time_p90",
        _("Time from request to start: 90 %"),
        _("Nine of ten of those begun in the period waited no longer."),
        records.BEGUN,
        "others",
        amount=_lead_time,
        reading=Reading.P90,
        better="less",
    ),
    *(
        _figure(code, found.label, found.meaning, found, "others", better="less")
        for code, found in (
            ("major_late", records.MAJOR_LATE),
            ("major_backed_out", records.MAJOR_BACKED_OUT),
            ("major_untimed", records.MAJOR_UNTIMED),
            ("major_cancelled", records.MAJOR_CANCELLED),
        )
    ),
    _figure(
        "overrides",
        _("Hard collisions signed for"),
        _("For how many changes somebody signed in the period that they go on in spite of a hard collision."),
        records.OVERRIDDEN,
        "others",
        better="less",
    ),
    _figure(
        "late_records",
        _("Records of emergencies overdue"),
        _("How many emergencies had no complete record at the limit that lies in the period."),
        records.LATE_RECORDS,
        "others",
        better="less",
    ),
)


def _parts(code: str, title: Any, column: str, names: Any, counted: Any = records.REGISTERED, **more: Any) -> Parts:
    path: dict[str, Any] = {"column": f"change__{column}", "narrows": column, "names": names}
    return Parts(code=code, kind="change", title=title, records=counted, **path, **more)


def _choices(choices: Any) -> Any:
    return lambda: {value: str(label) for value, label in choices.choices}


CHARTS = (
    Flow(
        code="trend",
        kind="change",
        title=_("In, out and backlog"),
        came=records.REGISTERED,
        resolved=records.CARRIED_OUT,
        standing=records.OPEN,
    ),
    _parts("types", _("Types of changes"), "change_type", names_of(ChangeType), shape="columns"),
    _parts("risk", _("Risk"), "risk", _choices(Risk)),
    _parts("results", _("Results"), "result", _choices(Result), records.CARRIED_OUT, shape="columns"),
    _parts("domains", _("Domains of changes"), "domain", names_of(ChangeDomain), shape="bars"),
    Ages(code="ageing", kind="change", title=_("Age of the backlog"), records=records.OPEN),
)


def register() -> None:
    """Make them known; called once when the portal starts."""
    register_measures(*INDICATORS, *MONTH, *OTHERS)
    register_charts(*CHARTS)
