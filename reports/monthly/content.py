"""What a service report says: numbers counted once and kept, so that page, PDF and Excel show the same for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from dateutil.relativedelta import relativedelta
from django.http import QueryDict
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Organisation
from reports.charts import Chart, drawn
from reports.comparing import caution
from reports.figures import Figure, Scope, figures
from reports.monthly.corrected import corrections
from reports.periods import dated_period
from reports.texts import duration, plain, shown
from sla.models import AgreementKind, Clock, Metric, Segment
from tickets.figures.measures import Reading, measure_of, measures_of
from tickets.figures.records import period_text, records_of, zone
from tickets.lifecycle import kind_of
from tickets.models import Ticket
from tickets.querysets import TicketQuerySet
from tickets.queues.held import at_limit, held_by

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
            _chart(drawn("answers", scope, _nowhere)),
            _chart(drawn("compliance", scope, _nowhere)),
            _chart(drawn("categories", scope, _nowhere)),
            _notable(scope),
            *corrections(customer, month),
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
    own = QueryDict(urlencode({"organisation": customer.code}))  # so that lists behind figures are of this customer
    return CustomerScope(None, kind_of("incident"), own, span, customer)  # type: ignore[arg-type]


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
    links = [found[code].url for code in codes]
    return {"title": title, "head": head, "rows": rows, "wide": 4, "linked": 1, "links": links, "staff": True}


def _chart(chart: Chart) -> dict[str, Any]:
    head = [str(chart.title), *(str(name) for name, _how, _tone in chart.series)]
    rows = [[line.label, *(cell.shown for cell in line.cells)] for line in chart.lines]
    links = [line.cells[0].url for line in chart.lines]
    named = {"title": str(chart.title), "head": head, "rows": rows, "wide": 0}
    return {**named, "linked": 1, "links": links, "staff": True}


def _bars(chart: Chart) -> dict[str, Any]:
    names = [str(name) for name, _how, _tone in chart.series]
    return {
        "title": str(chart.title),
        "names": names,
        "labels": [line.label for line in chart.lines],
        "values": [[int(cell.value or 0) for cell in line.cells] for line in chart.lines],
    }


def _failures(scope: CustomerScope) -> dict[str, Any]:
    """What the figure "overdue" counts, solved late or open: what its clock counted, what it waited for."""
    late = scope.found(scope.records(records_of("incident.overdue"))).order_by(
        "priority_rank", "planned_completion_at"
    )
    shown_rows: Any = late.select_related("group").annotate(**at_limit())[:MOST_FAILURES]
    rows = [_failure(ticket, scope.span.edge) for ticket in shown_rows]
    links = [ticket.get_absolute_url() for ticket in shown_rows]
    head = [
        _("Number"),
        _("Summary"),
        _("Priority"),
        _("Limit"),
        _("Solved"),
        _("Counted"),
        _("Promised"),
        _("Waited"),
        _("Had it at the limit"),
    ]
    return {"title": _titled(_("Late, and why"), rows, late), "head": head, "rows": rows, "wide": 1, "links": links}


def _titled(title: str, rows: list[list[str]], found: TicketQuerySet) -> str:
    """The title of a table, which says so where it does not show all."""
    if len(rows) < MOST_FAILURES or (count := found.count()) == len(rows):
        return title
    return _("%(title)s (%(shown)d of %(count)d)") % {"title": title, "shown": len(rows), "count": count}


def _failure(ticket: Ticket, edge: datetime) -> list[str]:
    clock = (
        Clock.objects.filter(ticket_id=ticket.pk, agreement=AgreementKind.SLA, metric=Metric.RESOLVE)
        .order_by("-round")
        .first()
    )
    waited = timedelta()
    if clock:
        pauses = Segment.objects.filter(clock=clock, gen=clock.gen, kind=Segment.Kind.PAUSE)
        for pause in pauses:
            waited += max(min(pause.ended or edge, edge) - pause.started, timedelta())
    is_solved = ticket.resolved_at is not None and ticket.resolved_at < edge
    times = [_moment(ticket.planned_completion_at), _moment(ticket.resolved_at) if is_solved else _("not solved")]
    counted = [
        duration(clock.consumed.total_seconds()) if clock and is_solved else "–",
        duration(clock.target.total_seconds()) if clock else "–",
    ]
    return [
        ticket.number,
        ticket.summary,
        ticket.priority_id or "",
        *times,
        *counted,
        duration(waited.total_seconds()),
        held_by(ticket, edge).get("group") or "–",
    ]


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(zone()):%Y-%m-%d %H:%M}" if moment else "–"


def _notable(scope: CustomerScope) -> dict[str, Any]:
    """Incidents of the two most urgent priorities."""
    rows = scope.found(scope.records(records_of("incident.registered"))).filter(priority_rank__lte=2)
    major = rows.order_by("created_at")[:MOST_FAILURES]
    found = [[t.number, t.summary, t.priority_id or "", _moment(t.created_at), _moment(t.resolved_at)] for t in major]
    links = [t.get_absolute_url() for t in major]
    head = [_("Number"), _("Summary"), _("Priority"), _("Registered"), _("Solved")]
    return {
        "title": _titled(_("Major incidents"), found, rows),
        "head": head,
        "rows": found,
        "wide": 1,
        "links": links,
    }
