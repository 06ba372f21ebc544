"""Whatever a figure of incidents leaves out of its date can be opened: counted and left out make up all of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db.models import Q
from django.http import QueryDict

from reports.figures import Scope, figures
from sla.models import Clock
from tests.factories import World, act, incident_in, register_incident
from tests.problems.conftest import Staff, staff
from tests.problems.test_life import raise_problem
from tests.reports.conftest import DAY, HOUR, MARCH
from tests.reports.test_opened_exactly import opened, scope_of
from tickets.figures.measures import Unit, measure_of, measures_of
from tickets.figures.records import ENDED, Records, Span
from tickets.lifecycle import kinds
from tickets.models import Ticket

__all__ = ["staff"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]
NOW = datetime(2024, 6, 1, tzinfo=UTC)

RESPONDED = lambda span: span.within("responded_at")  # noqa: E731 - a condition by its name
RESOLVED = lambda span: span.within("resolved_at") & Q(phase__in=ENDED)  # noqa: E731 - as above
CLOSED = lambda span: span.within("closed_at") & Q(phase="closed")  # noqa: E731 - as above
#: All that the date of a figure would place in it.
ALL = {
    "responses": RESPONDED,
    "response_kept": RESPONDED,
    "closed_ok": CLOSED,
    "answered": CLOSED,
    "satisfied": lambda span: CLOSED(span) & Q(satisfaction__isnull=False),
    "desk_resolve_rate": RESOLVED,
    "first_contact": RESOLVED,
    "kept_of_ended": RESOLVED,
    "elapsed_mean": RESOLVED,
    "mean_resolve_time": RESOLVED,
    "median_resolve_time": RESOLVED,
    "p90_resolve_time": RESOLVED,
    "handed_on": RESOLVED,
    "overdue_open": lambda span: (
        span.open_at_edge() & Q(planned_completion_at__lt=span.edge, waiting_since=None) & ~Q(phase="waiting")
    ),
}


@pytest.fixture
def mixed(world: World, month: dict[str, Any]) -> dict[str, Any]:
    """The month, with duplicates that were answered, solved and are late, one without a limit, one rejected."""
    first = incident_in("in_progress", world, now=MARCH + 3 * DAY)
    for number, state in enumerate(("in_progress", "resolved", "closed")):
        double = incident_in(state, world, now=MARCH + (4 + number) * DAY)
        Ticket.objects.filter(pk=double.pk).update(duplicate_of=first)
    free = incident_in("resolved", world, now=MARCH + 8 * DAY)
    Ticket.objects.filter(pk=free.pk).update(completed_in_time=None, responded_in_time=None)
    Clock.objects.filter(ticket=free, state=Clock.State.STOPPED).update(state=Clock.State.CANCELLED)
    rejected = register_incident(world.desk, now=MARCH + 9 * DAY, requester="requester")
    act(rejected, "reject", world.desk, now=MARCH + 9 * DAY + HOUR, reject_reason="other", text="x")
    rated = incident_in("closed", world, now=MARCH + 10 * DAY)
    Ticket.objects.filter(pk=rated.pk).update(satisfaction="very_good", requester=None)
    return month


def condition(scope: Scope, records: Records) -> Q:
    return scope.records(records).condition


@pytest.mark.slow
def test_counted_and_left_out_make_up_all_of_its_date(world: World, mixed: dict[str, Any]) -> None:
    scope = scope_of(world)
    wrong = {code: said for code in ALL if (said := _not_made_up(code, scope, world))}
    assert not wrong


def _not_made_up(code: str, scope: Scope, world: World) -> str:
    """What of the date of a figure is neither counted nor left out once, or left out and opens another number."""
    span: Span = scope.span
    measure = measure_of(code)
    figure = figures([measure], scope)[code]
    counted = measure.denominator or measure.numerator
    parts = [counted, *(item for item, _count in figure.left_out)]

    everything = set(scope.rows.filter(ALL[code](span)).values_list("pk", flat=True))
    found = [set(scope.found(scope.records(item)).values_list("pk", flat=True)) for item in parts]
    if missing := everything - set().union(*found):
        return f"missing: {[str(ticket) for ticket in Ticket.objects.filter(pk__in=missing)]}"
    if sum(len(part & everything) for part in found) != len(everything):
        return "a record is left out twice"
    opens = {item.code: (opened(world, scope.list_url(scope.records(item))), count) for item, count in figure.left_out}
    return str({item: pair for item, pair in opens.items() if pair[0] != pair[1]} or "")


@pytest.mark.slow
def test_an_amount_opens_those_of_which_it_was_read(world: World, mixed: dict[str, Any], staff: Staff) -> None:
    """Of each kind: without a clock, or without a solved incident, a record is left out, and said to be."""
    problem = raise_problem(world, mixed["last_second"])
    Ticket.objects.filter(pk=problem.pk).update(created_at=MARCH + DAY)
    for kind in kinds():
        read = [m for m in measures_of(kind.code) if m.unit == Unit.SECONDS]
        scope = Scope(world.manager, kind, QueryDict(), Span(MARCH, MARCH + 31 * DAY, NOW))
        for code, figure in figures(read, scope).items():
            assert figure.numerator == figure.denominator == scope.found(figure.chosen).count(), code
    mean = figures([measure_of("mean_resolve_time")], scope_of(world))["mean_resolve_time"]
    assert {records.code: n for records, n in mean.left_out}["incident.resolved_unclocked"] == 1


def test_the_table_of_every_figure_opens_what_it_leaves_out(world: World, mixed: dict[str, Any], browse: Any) -> None:
    page = browse(world.manager).get("/boards/incidents/table/?from=2024-03-01&to=2024-04-01").content.decode()
    assert "records=incident.responded_duplicates" in page
    assert str(measure_of("overdue").meaning) in page
    tiles = browse(world.manager).get("/boards/incidents/tiles/?from=2024-03-01&to=2024-04-01").content.decode()
    assert f">{measure_of('overdue').meaning}<" in tiles
