"""Figures of the time that promises count: the working time of the clock of solving (SLM-04)."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from incidents.figures import records
from sla.models import AgreementKind, Clock, Metric
from tickets.figures.measures import Measure, Reading, register_measures


def worked() -> Any:
    """What the last clock of solving counted; nothing where no time was promised."""
    clocks = Clock.objects.filter(
        ticket=OuterRef("pk"), agreement=AgreementKind.SLA, metric=Metric.RESOLVE, state=Clock.State.STOPPED
    )
    return Subquery(clocks.order_by("-round").values("consumed")[:1])


def _measure(code: str, label: Any, meaning: Any, reading: Reading, **more: Any) -> Measure:
    return Measure(
        code=code,
        kind="incident",
        label=label,
        meaning=meaning,
        numerator=records.RESOLVED,
        left_out=(records.NOT_TIMED,),
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
