"""What a service report says: numbers counted once and kept, so that page, PDF and Excel show the same for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from dateutil.relativedelta import relativedelta
from django.http import QueryDict
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Organisation
from reports.charts import Chart, drawn
from reports.comparing import caution
from reports.figures import Figure, Scope, figures
from reports.periods import dated_period
from reports.texts import duration, plain, shown
from sla.models import AgreementKind, Clock, Metric, Segment
from tickets.figures.measures import Reading, measure_of, measures_of
from tickets.figures.records import period_text, records_of, zone
from tickets.lifecycle import kind_of
from tickets.models import Ticket
from tickets.querysets import TicketQuerySet

#: Figures of the report, in order.
SERVICE_LEVELS = (
    "response_kept",
    "kept_of_ended",
    "overdue",
    "mean_resolve_time",
    "median_resolve_time",
    "agreed_kept",
)
VOLUMES: tuple[str, ...] = (
    "desk_total",
    "closed_ok",
    "desk_resolve_rate",
    "first_contact",
    "resolved_second",
    "resolved_third",
)
VOLUMES += ("repeated", "follow_ups", "backlog")
SATISFACTION = ("satisfied", "answered")
#: So many failures are explained one by one.
MOST_FAILURES = 50


@dataclass(frozen=True)
class CustomerScope(Scope):
    """The figures of one customer, as the report counts them: nobody's view, every ticket of theirs."""

    customer: Organisation = None  # type: ignore[assignment]  # always given; fields before it have no defaults

    @cached_property
    def rows(self) -> TicketQuerySet:
        """Their tickets; not the tasks that work on them was split into."""
        return Ticket.objects.filter(kind=self.kind.code, organisation=self.customer, parent=None)

    @property
    def version(self) -> None:  # counted once a month, as it is
        """None: facts know no parents."""

    def may_count(self, measure: Any) -> bool:
        """What is internal is not for customers."""
        return not measure.internal


def content_of(customer: Organisation, month: date, language: str, now: datetime) -> dict[str, Any]:
    """The whole report in ``language``: sections of tables, and the values by figure."""
    with translation.override(language):
        following = month + relativedelta(months=1)
        period = dated_period(month.isoformat(), following.isoformat(), now)
        scope = _scope(customer, period.span)
        before = dated_period((month - relativedelta(months=1)).isoformat(), month.isoformat(), now)
        found = figures(measures_of("incident"), scope)
        earlier = figures(measures_of("incident"), _scope(customer, before.span))
        sections = [
            _figures(_("Volumes"), VOLUMES, found, earlier),
            _figures(_("Service levels"), SERVICE_LEVELS, found, earlier),
            _failures(scope),
            _figures(_("Satisfaction"), SATISFACTION, found, earlier),
            _chart(drawn("compliance", scope, _nowhere)),
            _chart(drawn("categories", scope, _nowhere)),
            _notable(scope),
        ]
        return {
            "customer": str(customer),
            "title": _("Service report"),
            "period": period_text(period.span),
            "as_of": _moment(now),
            "labels": {"improvements": _("Improvement actions"), "none": _("None in this month.")},
            "sections": sections,
            "daily": _bars(drawn("trend", scope, _nowhere)),
            "values": {code: _value(figure) for code, figure in found.items()},
        }


def _scope(customer: Organisation, span: Any) -> CustomerScope:
    return CustomerScope(None, kind_of("incident"), QueryDict(), span, customer)  # type: ignore[arg-type]


def _nowhere(**_changes: Any) -> str:
    return ""


def _value(figure: Figure) -> dict[str, Any]:
    return {
        "value": plain(figure.value),
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "version": figure.measure.version,
    }


def _figures(
    title: str, codes: tuple[str, ...], found: dict[str, Figure], earlier: dict[str, Figure]
) -> dict[str, Any]:
    head = [_("Figure"), _("This month"), _("Month before"), _("Of"), _("What it means")]
    rows = []
    for code in codes:
        measure, figure = measure_of(code), found[code]
        value = shown(figure.value, measure.unit)
        note = caution(figure)
        before = shown(earlier[code].value, measure.unit)
        of = "" if figure.denominator is None else f"{figure.denominator:,}"
        if measure.reading == Reading.SHARE:
            of = f"{figure.numerator:,} / {of}"
        meaning = f"{measure.meaning} {note}".strip()
        rows.append([str(measure.label), value, before, of, meaning])
    return {"title": title, "head": head, "rows": rows, "wide": 4}


def _chart(chart: Chart) -> dict[str, Any]:
    head = [str(chart.title), *(str(name) for name, _how, _tone in chart.series)]
    rows = [[line.label, *(cell.shown for cell in line.cells)] for line in chart.lines]
    return {"title": str(chart.title), "head": head, "rows": rows, "wide": 0}


def _bars(chart: Chart) -> dict[str, Any]:
    names = [str(name) for name, _how, _tone in chart.series]
    return {
        "title": str(chart.title),
        "names": names,
        "labels": [line.label for line in chart.lines],
        "values": [[int(cell.value or 0) for cell in line.cells] for line in chart.lines],
    }


def _failures(scope: CustomerScope) -> dict[str, Any]:
    """What was solved late, explained by what its clock counted and what it waited for."""
    late = scope.found(scope.records(records_of("incident.resolved_late"))).select_related("priority")
    rows = [_failure(ticket) for ticket in late.order_by("priority_rank", "resolved_at")[:MOST_FAILURES]]
    head = [
        _("Number"),
        _("Summary"),
        _("Priority"),
        _("Limit"),
        _("Solved"),
        _("Counted"),
        _("Promised"),
        _("Waited"),
    ]
    return {"title": _("Solved late, and why"), "head": head, "rows": rows, "wide": 1}


def _failure(ticket: Ticket) -> list[str]:
    clock = (
        Clock.objects.filter(ticket_id=ticket.pk, agreement=AgreementKind.SLA, metric=Metric.RESOLVE)
        .order_by("-round")
        .first()
    )
    waited = timedelta()
    if clock:
        pauses = Segment.objects.filter(clock=clock, gen=clock.gen, kind=Segment.Kind.PAUSE)
        for pause in pauses:
            waited += pause.ended - pause.started
    times = [_moment(ticket.planned_completion_at), _moment(ticket.resolved_at)]
    counted = (
        [duration(clock.consumed.total_seconds()), duration(clock.target.total_seconds())] if clock else ["–", "–"]
    )
    return [
        ticket.number,
        ticket.summary,
        ticket.priority_id or "",
        *times,
        *counted,
        duration(waited.total_seconds()),
    ]


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(zone()):%Y-%m-%d %H:%M}" if moment else "–"


def _notable(scope: CustomerScope) -> dict[str, Any]:
    """Incidents of the two most urgent priorities."""
    rows = scope.found(scope.records(records_of("incident.registered"))).filter(priority_rank__lte=2)
    found = [
        [t.number, t.summary, t.priority_id or "", _moment(t.created_at), _moment(t.resolved_at)]
        for t in rows.order_by("created_at")[:MOST_FAILURES]
    ]
    head = [_("Number"), _("Summary"), _("Priority"), _("Registered"), _("Solved")]
    return {"title": _("Major incidents"), "head": head, "rows": found, "wide": 1}
