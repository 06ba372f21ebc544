"""As known then every number opens exactly its records, too: of every figure, part, month and cell, in both doors."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from django.db.models.functions import Now
from django.http import QueryDict

from reports.charts import Chart, drawn
from reports.course import course
from reports.facts import keeping
from reports.facts.models import FactVersion
from reports.figures import Figure, figures
from reports.known.scope import KnownScope, NotKept
from reports.periods import dated_period
from tests.api.client import Api
from tests.changes.making import change_in
from tests.factories import World, incident_in
from tests.problems.conftest import Staff, staff  # noqa: F401 - a fixture
from tests.problems.test_life import raise_problem
from tests.reports.conftest import DAY, MARCH, browse
from tests.reports.test_known import change_much, seal
from tests.reports.test_opened_exactly import nowhere
from tickets.figures.charts import charts_of
from tickets.figures.measures import measure_of, measures_of
from tickets.figures.records import Records, written
from tickets.lifecycle import kind_of
from tickets.models import Ticket

__all__ = ["browse"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]


def known(world: World, kind: str, moment: datetime, query: str = "", days: tuple[str, str] = ("", "")) -> KnownScope:
    first, last = days if any(days) else ("2024-03-01", "2024-04-01")
    span = dated_period(first, last, moment).span
    return KnownScope(world.manager, kind_of(kind), QueryDict(query), span, moment)


class Doors:
    """How many records an address of the past has, by the page, and by the API; each address is asked once."""

    def __init__(self, world: World, browse: Any) -> None:
        self.api, self.pages = Api(world.manager), browse(world.manager)
        self.found: dict[str, int] = {}

    def count(self, url: str, shown: float | None = None) -> int:
        """The count, where page and API agree, and the rows that can be reached are so many.

        Of a set that is ``shown`` to be empty the API alone is asked: it counts by the condition of the page.
        """
        if url not in self.found:
            self.found[url] = self._ask(url, page=shown != 0)
        return self.found[url]

    def _ask(self, url: str, *, page: bool) -> int:
        path, query = url.split("?")
        kind = {"incidents": "incident", "problems": "problem", "changes": "change"}[path.split("/")[2]]
        answer = self.api.get(f"reports/{kind}-kpis/records/?{query}&count=true&page_size=100")
        assert answer.status_code == 200, (url, answer.content)
        count: int = answer.json()["count"]
        assert len(answer.json()["results"]) == count, url
        if page or count:
            shown = self.pages.get(url)
            assert shown.status_code == 200, url
            told = re.search(r'<h1>.*?<span class="muted">(\d+)</span></h1>', shown.content.decode(), re.S)
            assert told
            assert int(told[1]) == count, url
        return count


def parts_of(figure: Figure) -> list[tuple[Records, int]]:
    """Every set of a figure with its count."""
    measure = figure.measure
    of = [(measure.denominator, figure.denominator or 0)] if measure.denominator else []
    return [(measure.numerator, figure.numerator), *of, *figure.left_out]


def assert_opens_what_it_shows(doors: Doors, chart: Chart) -> None:
    for line in chart.lines:
        for cell in line.cells:
            assert not cell.url or doors.count(cell.url, cell.value) == cell.value, (chart.code, line.label, cell.url)


@pytest.fixture
def moments(world: World, month: dict[str, Any], staff: Staff) -> dict[str, datetime]:  # noqa: F811
    """What was known of each kind, and is no longer so."""
    late = incident_in("in_progress", world, now=MARCH + 2 * DAY)
    Ticket.objects.filter(pk=late.pk).update(planned_completion_at=MARCH + 3 * DAY, waiting_since=None)
    problem = raise_problem(world)
    Ticket.objects.filter(pk=problem.pk).update(created_at=MARCH, resolved_at=MARCH + DAY, closed_at=MARCH + 2 * DAY)
    change = change_in("implemented", world)
    Ticket.objects.filter(pk=change.pk).update(created_at=MARCH + DAY)
    scopes = {kind: known(world, kind, MARCH) for kind in keeping.kept()}
    for kind in scopes:
        keeping.recount(MARCH, [kind])
    found = {kind: seal(scope) for kind, scope in scopes.items()}
    change_much(world, month)
    Ticket.objects.filter(pk__in=[problem.pk, change.pk]).update(created_at=Now())
    keeping.catch_up()
    return found


@pytest.mark.slow
def test_every_part_of_every_figure_opens_so_many(world: World, browse: Any, moments: dict[str, datetime]) -> None:
    for kind in moments:
        for query in ("", "priority=P1&priority=P4"):
            _parts_open_so_many(world, browse, moments, kind, query)


def _parts_open_so_many(world: World, browse: Any, moments: dict[str, datetime], kind: str, query: str) -> None:
    doors, scope = Doors(world, browse), known(world, kind, moments[kind], query)
    found = figures(measures_of(kind, on_demand=True), scope)

    assert len(found) > 3
    assert query or any(n for figure in found.values() for _set, n in parts_of(figure))
    for figure in found.values():
        for records, count in parts_of(figure):
            if figure.measure.amount is None or records != figure.measure.denominator:
                assert doors.count(scope.list_url(scope.records(records))) == count, (figure.measure.code, records)


@pytest.mark.slow
def test_every_month_of_the_course_of_every_figure_opens_so_many(
    world: World, browse: Any, moments: dict[str, datetime]
) -> None:
    for kind, moment in moments.items():
        doors, scope = Doors(world, browse), known(world, kind, moment)
        for measure in [measure for measure in measures_of(kind, on_demand=True) if scope.may_count(measure)]:
            urls = [line.cells[0].url for line in course(measure, scope, nowhere).lines][-3:]
            of_months = [figures([measure], scope.of(dated_period(*days, moment).span)) for days in MONTHS]
            counted = [found[measure.code].numerator for found in of_months]
            assert [doors.count(url) for url in urls] == counted, (kind, measure.code)


MONTHS = [("2024-01-01", "2024-02-01"), ("2024-02-01", "2024-03-01"), ("2024-03-01", "2024-04-01")]


@pytest.mark.slow
def test_every_cell_of_every_chart_opens_so_many(world: World, browse: Any, moments: dict[str, datetime]) -> None:
    """Those who were late among what was promised, too. What cannot be told of the past is refused as a whole."""
    for kind in moments:
        for query in ("", "priority=P4", "category=sw"):
            _cells_open_so_many(world, browse, moments, kind, query)


def _cells_open_so_many(world: World, browse: Any, moments: dict[str, datetime], kind: str, query: str) -> None:
    doors, scope = Doors(world, browse), known(world, kind, moments[kind], query)
    drawn_then = []
    for code in set(charts_of(kind)) - {"staffing"}:
        try:
            chart = drawn(code, scope, nowhere)
        except NotKept:
            continue
        assert_opens_what_it_shows(doors, chart)
        drawn_then.append(code)

    assert kind != "incident" or {"trend", "compliance", "categories", "ageing"} <= set(drawn_then)


@pytest.mark.slow
def test_the_page_says_what_narrows_and_refuses_what_cannot(
    world: World, browse: Any, moments: dict[str, datetime]
) -> None:
    scope = known(world, "incident", moments["incident"])
    promised = scope.records(measure_of("kept_of_ended").denominator)  # type: ignore[arg-type]
    late = scope.list_url(promised, completed_in_time="false")

    page = browse(world.manager).get(late).content.decode()

    assert re.search(r"Completed in time:\s*No", page)
    assert browse(world.manager).get(f"{late}&requester=requester").status_code == 404
    assert Api(world.manager).get(f"{scope.api_url(promised)}&requester=requester").status_code == 400
    with pytest.raises(NotKept):
        scope.list_url(promised, requester="requester")
    answer = Api(world.manager).get(
        f"reports/incident-kpis/?period=month&figure=stay_pending&known_at={written(scope.known_at)}"
    )
    assert (answer.status_code, "not kept" in answer.content.decode()) == (400, True)


@pytest.mark.slow
def test_all_records_of_then_are_reached_page_by_page(
    world: World, browse: Any, month: dict[str, Any], moments: dict[str, datetime]
) -> None:
    """More than two pages of them; what was removed since stands there, too."""
    pattern = FactVersion.objects.known(moments["incident"]).get(ticket=month["quick"].pk)
    rows = [FactVersion(**copied(pattern, 1_000_000 + number)) for number in range(230)]
    FactVersion.objects.bulk_create(rows)
    scope = known(world, "incident", moments["incident"])
    figure = figures([measure_of("desk_total")], scope)["desk_total"]

    api, address, numbers = Api(world.manager), scope.api_url(figure.chosen), []
    while address:
        answer = api.get(address).json()
        numbers += answer["results"]
        assert answer["count"] == figure.numerator
        address = answer["next"]
    manager, address, lines = browse(world.manager), figure.url, 0
    while address:
        page = manager.get(address).content.decode()
        lines += page.count('scope="row"')
        following = re.search(r'href="([^"]*)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else ""

    assert figure.numerator > 230
    assert (len(numbers), lines) == (figure.numerator, figure.numerator)
    assert sum(row["number"] is None for row in numbers) == 230


def copied(pattern: FactVersion, ticket: int) -> dict[str, Any]:
    """The columns of a version, of another ticket."""
    values = {field.attname: getattr(pattern, field.attname) for field in FactVersion._meta.concrete_fields}
    return {**values, "id": None, "ticket_id": ticket, "created_at": MARCH + DAY, "known_until": None}
