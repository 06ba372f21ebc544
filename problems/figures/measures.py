"""The figures of problems: the monthly report of the process (PRB-09)."""

from __future__ import annotations

from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F, OuterRef, Q, Subquery, Sum
from django.utils.translation import gettext_lazy as _

from problems.codes import ProblemCategory, ProblemLevel, ProblemSource
from problems.figures import records
from problems.known_errors.models import KnownError
from tickets.figures.charts import Ages, Flow, Parts, names_of, register_charts
from tickets.figures.measures import Reading, register_measures, staff_figures
from tickets.models import TicketLink
from tickets.shared.causes import CAUSED_BY


def _interruption() -> Any:
    """From registration to solution of the incidents of a problem, together; what is not solved is not counted yet."""
    lasted = ExpressionWrapper(F("source__resolved_at") - F("source__created_at"), output_field=DurationField())
    links = TicketLink.objects.filter(target=OuterRef("pk"), meaning=CAUSED_BY, source__kind="incident").order_by()
    return Subquery(links.values("target").annotate(lost=Sum(lasted)).values("lost"), output_field=DurationField())


def _elapsed() -> Any:
    """From being raised to being resolved, by the clock on the wall."""
    return ExpressionWrapper(F("resolved_at") - F("created_at"), output_field=DurationField())


#: Behind those of incidents and changes where all kinds are listed together.
_figure = staff_figures("problem", first=300)

INDICATORS = (
    _figure(
        "total",
        _("Problems"),
        _("How many problems are in the register: raised in the period, or not closed when it began."),
        records.IN_REGISTER,
    ),
    _figure(
        "resolution_rate",
        _("Resolution rate"),
        _("The share that was resolved, or ended otherwise, by the end of the period, of all in the register."),
        records.RESOLVED_IN_REGISTER,
        denominator=records.IN_REGISTER,
        reading=Reading.SHARE,
        better="more",
        beside=("problem_came_back",),
    ),
    _figure(
        "open",
        _("Open at the end"),
        _("How many problems were not resolved at the end of the period."),
        records.UNRESOLVED_IN_REGISTER,
        better="less",
    ),
    _figure(
        "by_category",
        _("Problems by category"),
        _("How many problems raised in the period have a category; the register says of which."),
        records.WITH_CATEGORY,
        left_out=(records.WITHOUT_CATEGORY,),
    ),
    _figure(
        "interruption",
        _("Interruption by their incidents"),
        _(
            "The time from registration to solution of the solved incidents of the problems raised in the period,"
            " together. What is not solved yet is counted by the register only."
        ),
        records.WITH_SOLVED,
        left_out=(records.WITH_UNSOLVED,),
        version=2,
        amount=_interruption,
        reading=Reading.SUM,
        better="less",
    ),
    _figure(
        "in_time",
        _("Solved in time"),
        _("The share that was resolved within the limit of its level, of all resolved in the period that had one."),
        records.IN_TIME,
        denominator=records.JUDGED,
        reading=Reading.SHARE,
        better="more",
    ),
)
MONTH = (
    _figure("raised", _("Raised"), _("How many problems were raised in the period."), records.REGISTERED, "month"),
    _figure("resolved", _("Resolved"), _("How many were resolved in the period."), records.RESOLVED, "month"),
    _figure("published", _("Known errors published"), _("How many were published."), records.KNOWN, "month"),
    _figure("closed", _("Closed"), _("How many problems were closed in the period."), records.CLOSED, "month"),
)
OTHERS = (
    _figure(
        "time",
        _("Time to solution: median"),
        _("Half of those resolved in the period took no longer, from being raised, by the clock on the wall."),
        records.RESOLVED,
        "others",
        amount=_elapsed,
        reading=Reading.MEDIAN,
        better="less",
    ),
    _figure(
        "came_back",
        _("Came back"),
        _("How many of those resolved in the period had been reopened before."),
        records.CAME_BACK,
        "others",
        better="less",
    ),
    _figure(
        "incomplete",
        _("Closed with something missing"),
        _("How many were closed in the period without all that the register asks for."),
        records.INCOMPLETE,
        "others",
        better="less",
    ),
)


def _known_errors() -> dict[Any, str]:
    known = KnownError.objects.values_list("problem__number", "title")
    return {number: f"{number} {title}" for number, title in known}


def _parts(code: str, title: Any, model: Any, column: str, **more: Any) -> Parts:
    path: dict[str, Any] = {"column": f"problem__{column}", "narrows": column, "names": names_of(model)}
    return Parts(code=code, kind="problem", title=title, records=records.REGISTERED, **path, **more)


CHARTS = (
    Flow(
        code="trend",
        kind="problem",
        title=_("In, out and backlog"),
        came=records.REGISTERED,
        resolved=records.RESOLVED,
        standing=records.OPEN,
    ),
    _parts("levels", _("Levels"), ProblemLevel, "level", shape="columns"),
    _parts("sources", _("Raised from"), ProblemSource, "problem_source"),
    _parts("categories", _("Categories of problems"), ProblemCategory, "problem_category", shape="bars"),
    Ages(code="ageing", kind="problem", title=_("Age of the backlog"), records=records.OPEN),
    Parts(
        code="known_errors",
        kind="problem",
        title=_("Known errors used by incidents"),
        records=records.HELPED,
        column="known_error_uses__known_error__problem__number",
        narrows="known_error",
        names=_known_errors,
        where=Q(known_error_uses__dropped_at=None),
        shape="bars",
    ),
)


def register() -> None:
    """Make them known; called once when the portal starts."""
    register_measures(*INDICATORS, *MONTH, *OTHERS)
    register_charts(*CHARTS)
