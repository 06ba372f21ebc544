"""Figures of the time that promises count: the working time of the clock of solving (SLM-04)."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from incidents.figures import records
from incidents.figures.measures import measure
from incidents.figures.records import incident_set
from incidents.figures.uncounted import UNTIMED
from sla.models import AgreementKind, Clock, Metric
from tickets.figures.measures import Measure, Reading, register_measures


def _clocks() -> QuerySet[Clock]:
    """The clocks of solving of a ticket that counted to the end."""
    return Clock.objects.filter(
        ticket=OuterRef("pk"), agreement=AgreementKind.SLA, metric=Metric.RESOLVE, state=Clock.State.STOPPED
    ).order_by()


def worked() -> Any:
    """What the last clock of solving counted; nothing where no time was promised."""
    return Subquery(_clocks().order_by("-round").values("consumed")[:1])


def _is_clocked() -> Q:
    return Q(Exists(_clocks()))


CLOCKED = incident_set(
    "resolved_clocked",
    _("Resolved, with a clock of solving"),
    _("Solved in the period, and a clock of solving counted the working time."),
    "resolved_at",
    lambda span: records.RESOLVED.where(span) & _is_clocked(),
)
UNCLOCKED = incident_set(
    "resolved_unclocked",
    _("Without a clock of solving"),
    _("Solved in the period, and no clock counted the time, because none was promised or the log was imported."),
    "resolved_at",
    lambda span: records.RESOLVED.where(span) & ~_is_clocked(),
)


def _measure(code: str, label: Any, meaning: Any, reading: Reading, **more: Any) -> Measure:
    return measure(
        code,
        label,
        meaning,
        CLOCKED,
        left_out=(*UNTIMED, UNCLOCKED),
        version=2,
        amount=worked,
        reading=reading,
        better="less",
        **more,
    )


MEAN = _measure(
    "mean_resolve_time",
    _("Time to solve: mean"),
    _(
        "The working time that the clock of solving counted, waiting excluded, of those solved in the period; what "
        "was reopened counts once, with its last solution. Those without a promised time are not in the mean."
    ),
    Reading.MEAN,
    beside=("median_resolve_time", "p90_resolve_time"),
    sheet="indicators",
    place=3,
)
MEDIAN = _measure(
    "median_resolve_time",
    _("Time to solve: median"),
    _("Half needed no more by the clock of solving; of two in the middle, between them."),
    Reading.MEDIAN,
)
P90 = _measure(
    "p90_resolve_time",
    _("Time to solve: 90 %"),
    _("Nine of ten of those solved in the period took no longer, by the clock of solving, read between neighbours."),
    Reading.P90,
)


def register() -> None:
    """Make them known; called once when the portal starts."""
    register_measures(MEAN, MEDIAN, P90)
