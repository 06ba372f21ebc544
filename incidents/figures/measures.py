"""The figures of incidents: the indicators of the process, and those that keep them honest (RPT-01)."""

from __future__ import annotations

from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F
from django.utils.translation import gettext_lazy as _

from incidents.figures import records, satisfaction, uncounted
from incidents.figures.complaints import complaints_beside
from tickets.figures.charts import (
    Ages,
    Categories,
    Flow,
    HandOvers,
    Hours,
    Kept,
    Parts,
    Promise,
    Staffing,
    names_of,
    register_charts,
)
from tickets.figures.measures import Measure, Reading, register_measures
from tickets.figures.records import register_records
from tickets.models import Satisfaction, Source


def _elapsed() -> Any:
    """From registration to the last solution, by the clock on the wall."""
    return ExpressionWrapper(F("resolved_at") - F("created_at"), output_field=DurationField())


def measure(code: str, label: Any, meaning: Any, numerator: Any, left_out: Any = (), **more: Any) -> Measure:
    """A figure of incidents: complaints stand among what it leaves out."""
    left_out = (*left_out, *complaints_beside(more.get("denominator") or numerator))
    named = {"code": code, "kind": "incident", "label": label, "meaning": meaning, "numerator": numerator}
    return Measure(**named, left_out=left_out, **more)


#: The indicators of the reference, in its order; the mean time to solve is the fourth (``reports.working_time``).
PLACES: tuple[str, ...] = ("desk_total", "closed_ok", "overdue", "", "desk_resolve_rate", "repeated", "overdue_open")
PLACES += ("person_total", "person_overdue_open", "by_category")


def _indicator(code: str, label: Any, meaning: Any, numerator: Any, **more: Any) -> Measure:
    return measure(code, label, meaning, numerator, sheet="indicators", place=PLACES.index(code), **more)


def _monthly(code: str, label: Any, meaning: Any, numerator: Any, **more: Any) -> Measure:
    return measure(code, label, meaning, numerator, sheet="month", **more)


INDICATORS = (
    _indicator(
        "desk_total",
        _("Incidents taken in"),
        _("How many incidents were registered in the period, by whatever way they came, complaints apart."),
        records.REGISTERED,
        beside=("follow_ups",),
    ),
    _indicator(
        "closed_ok",
        _("Closed successfully"),
        _("The share of incidents closed in the period that were solved by a line of support or recovered."),
        records.CLOSED_OK,
        denominator=records.CLOSED,
        left_out=(records.NOT_TIMED, records.CLOSED_WITHOUT_CODE),
        reading=Reading.SHARE,
        better="more",
        beside=("follow_ups",),
    ),
    _indicator(
        "overdue",
        _("Overdue rate"),
        _(
            "The share that was solved late, or is past its limit at the end of the period, of all solved in "
            "the period or are past their limit: what is late and still open is not hidden."
        ),
        records.OVERDUE,
        denominator=records.JUDGED,
        left_out=(*uncounted.UNTIMED, uncounted.RESOLVED_UNPROMISED, uncounted.LATE_DUPLICATES),
        reading=Reading.SHARE,
        better="less",
        beside=("kept_of_ended", "overdue_open"),
    ),
    _indicator(
        "desk_resolve_rate",
        _("Desk resolution rate"),
        _("The share that the desk solved of all that a line of support solved in the period."),
        records.BY_DESK,
        denominator=records.BY_LINE,
        left_out=(records.BY_NONE, uncounted.RESOLVED_DUPLICATES),
        reading=Reading.SHARE,
        better="more",
        beside=("follow_ups",),
    ),
    _indicator(
        "repeated",
        _("Repeated incidents"),
        _(
            "How many incidents came within 7 days after one of the same customer, category and business system had "
            "been solved. Those without a category cannot be compared."
        ),
        records.REPEATED,
        left_out=(records.WITHOUT_CATEGORY,),
        better="less",
    ),
    _indicator(
        "overdue_open",
        _("Overdue and not solved"),
        _("How many incidents were not solved at the end of the period and past their limit by then."),
        records.LATE_OPEN,
        left_out=(uncounted.LATE_DUPLICATES,),
        better="less",
    ),
    _indicator(
        "person_total",
        _("Incidents of persons"),
        _("How many incidents of the period a person has or had last; the table by person says whose."),
        records.OF_PERSON,
        left_out=(records.WITHOUT_PERSON,),
        internal=True,
    ),
    _indicator(
        "person_overdue_open",
        _("Overdue with persons"),
        _("How many incidents that a person has were past their limit and not solved at the end of the period."),
        records.OF_PERSON_LATE,
        better="less",
        internal=True,
    ),
    _indicator(
        "by_category",
        _("Incidents by category"),
        _("How many incidents of the period have a category; the chart and the table say of which."),
        records.WITH_CATEGORY,
        left_out=(records.WITHOUT_CATEGORY,),
    ),
)

#: The month of the service desk, beside volumes and satisfaction.
DESK_MONTH = (
    _monthly(
        "responses",
        _("Responses"),
        _("On how many incidents work began in the period."),
        records.RESPONDED,
        left_out=(uncounted.RESPONDED_DUPLICATES,),
    ),
    _monthly(
        "resolved_second",
        _("Resolved by second line"),
        _("How many incidents were solved in the period by second line."),
        records.BY_SECOND,
    ),
    _monthly(
        "resolved_third",
        _("Resolved by third line"),
        _("How many incidents were solved in the period by third line, the vendors."),
        records.BY_THIRD,
    ),
    _monthly(
        "satisfied",
        _("Satisfaction"),
        _("The share of answers without complaint; beside it stands how many answered of those who could."),
        satisfaction.RATED_GOOD,
        denominator=satisfaction.RATED,
        left_out=(satisfaction.RATED_UNASKED,),
        reading=Reading.SHARE,
        better="more",
        beside=("answered",),
    ),
    _monthly(
        "answered",
        _("Answers to the question"),
        _("The share of requesters who said what they think of the result."),
        satisfaction.RATED,
        denominator=satisfaction.ASKED,
        left_out=(records.NOT_TIMED, satisfaction.WITHOUT_REQUESTER),
        reading=Reading.SHARE,
        better="more",
    ),
)

#: What keeps the others honest, and what the work looks like.
OTHERS = (
    measure(
        "kept_of_ended",
        _("Solved in time"),
        _("The share solved in time of what was solved in the period; blind to what is late and still open."),
        records.IN_TIME,
        denominator=records.PROMISED,
        left_out=(*uncounted.UNTIMED, uncounted.RESOLVED_UNPROMISED),
        reading=Reading.SHARE,
        better="more",
        beside=("overdue_open", "follow_ups"),
    ),
    measure(
        "response_kept",
        _("Response in time"),
        _("The share on which work began in time, of all with a promised time on which it began in the period."),
        records.ANSWERED_IN_TIME,
        denominator=records.ANSWERED,
        left_out=(uncounted.RESPONDED_DUPLICATES, uncounted.RESPONDED_NOTHING, uncounted.RESPONDED_UNPROMISED),
        reading=Reading.SHARE,
        better="more",
        beside=("overdue_open",),
    ),
    measure(
        "elapsed_mean",
        _("Time to solve, on the wall: mean"),
        _("From registration to the last solution, nights and waiting included, of those solved in the period."),
        records.RESOLVED,
        left_out=uncounted.UNTIMED,
        amount=_elapsed,
        reading=Reading.MEAN,
        better="less",
        beside=("elapsed_median", "elapsed_p90"),
    ),
    measure(
        "elapsed_median",
        _("Time to solve, on the wall: median"),
        _("Half of those solved in the period took no longer, from registration to the last solution."),
        records.RESOLVED,
        left_out=uncounted.UNTIMED,
        amount=_elapsed,
        reading=Reading.MEDIAN,
        better="less",
    ),
    measure(
        "elapsed_p90",
        _("Time to solve, on the wall: 90 %"),
        _("Nine of ten of those solved in the period took no longer, from registration to the last solution."),
        records.RESOLVED,
        left_out=uncounted.UNTIMED,
        amount=_elapsed,
        reading=Reading.P90,
        better="less",
    ),
    measure(
        "first_contact",
        _("Solved at first contact"),
        _("The share that the desk solved without handing it on and without it coming back, of all solved by a line."),
        records.AT_ONCE,
        denominator=records.BY_LINE,
        left_out=(records.BY_NONE, uncounted.RESOLVED_DUPLICATES),
        reading=Reading.SHARE,
        better="more",
        beside=("follow_ups",),
    ),
    measure(
        "follow_ups",
        _("Follow-ups"),
        _("How many incidents of the period go on with one that was closed as not solved."),
        records.FOLLOW_UPS,
        better="less",
    ),
    measure(
        "reopened",
        _("Reopened elsewhere"),
        _("How many incidents of the period were reopened in the system that they were imported from."),
        records.REOPENED,
        better="less",
    ),
    measure(
        "handed_on",
        _("Handed over more than twice"),
        _("The share that went from group to group more than twice, of those solved in the period."),
        records.HANDED_ON,
        denominator=records.RESOLVED,
        left_out=uncounted.UNTIMED,
        reading=Reading.SHARE,
        better="less",
        internal=True,
    ),
    measure(
        "backlog",
        _("Backlog"),
        _("How many incidents were open at the end of the period."),
        records.OPEN,
        better="less",
    ),
    measure(
        "agreed_kept",
        _("Agreed times kept"),
        _("The share solved by the time agreed with the requester, of those whose agreed time lies in the period."),
        records.AGREED_KEPT,
        denominator=records.AGREED,
        reading=Reading.SHARE,
        better="more",
        beside=("overdue",),
    ),
)

CHARTS = (
    Flow(
        code="trend",
        kind="incident",
        title=_("In, out and backlog"),
        came=records.REGISTERED,
        resolved=records.RESOLVED,
        standing=records.OPEN,
    ),
    Kept(
        code="compliance",
        kind="incident",
        title=_("Kept promises by priority and clock"),
        promises=(
            Promise(
                name=_("Response"),
                kept=records.ANSWERED_IN_TIME,
                promised=records.ANSWERED,
                open=records.UNANSWERED_LATE,
                filter="responded_in_time",
            ),
            Promise(
                name=_("Solving"),
                kept=records.IN_TIME,
                promised=records.PROMISED,
                open=records.LATE_OPEN,
                filter="completed_in_time",
            ),
        ),
    ),
    Parts(
        code="sources",
        kind="incident",
        title=_("Sources"),
        records=records.REGISTERED,
        column="source",
        narrows="source",
        names=names_of(Source),
    ),
    Parts(
        code="answers",
        kind="incident",
        title=_("Satisfaction by answer"),
        records=satisfaction.RATED,
        column="satisfaction",
        narrows="satisfaction",
        names=names_of(Satisfaction),
        shape="columns",
    ),
    Categories(code="categories", kind="incident", title=_("Categories"), records=records.REGISTERED),
    Hours(code="hours", kind="incident", title=_("Arrivals by weekday and hour"), records=records.REGISTERED),
    Staffing(code="staffing", kind="incident", title=_("Contacts against the roster"), records=records.REGISTERED),
    HandOvers(
        code="hand_overs", kind="incident", title=_("Hand-overs, and what came back"), records=records.REGISTERED
    ),
    Ages(code="ageing", kind="incident", title=_("Age of the backlog"), records=records.OPEN),
)


def register() -> None:
    """Make them known; called once when the portal starts."""
    register_measures(*INDICATORS, *DESK_MONTH, *OTHERS)
    register_charts(*CHARTS)
    register_records(records.LATE)
