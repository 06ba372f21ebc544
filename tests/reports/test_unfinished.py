"""Time in each state, age of the backlog and what is at risk are figures like all others: one object each (RPT-01)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
from django.http import QueryDict

from reports.facts.remembering import recent_figures
from reports.figures import Scope, figures
from reports.flow.process import Process
from tests.api.client import Api
from tests.factories import World, act, incident_in, wait
from tests.reports.conftest import DAY, MARCH
from tests.reports.test_process import ways_of
from tickets.figures.measures import measure_of, measures_of
from tickets.figures.records import Span, midnight, zone
from tickets.lifecycle import kind_of
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]
AT = datetime(2024, 6, 1, tzinfo=UTC)
MONTH = "reports/incident-kpis/?from=2024-03-01&to=2024-04-01"


def scope_of(world: World, at: datetime = AT) -> Scope:
    return Scope(world.manager, kind_of("incident"), QueryDict(), Span(MARCH, MARCH + timedelta(days=31), at))


def asked(world: World, *codes: str, report: str = MONTH) -> dict[str, Any]:
    """These figures by code; each opens what it counts and what it leaves out."""
    api = Api(world.manager)
    response = api.get(report + "".join(f"&figure={code}" for code in codes))
    assert response.status_code == 200, response.content
    found = {row["id"]: row for row in response.json()["results"]}
    assert list(found) == list(codes)
    for row in found.values():
        for records, count in [(row["records"], row["numerator"])] + [
            (o["records"], o["count"]) for o in row["left_out"]
        ]:
            assert api.get(records.removeprefix("/api/v1/")).json()["count"] == count, records
    return found


def test_time_in_each_state_is_a_figure_that_says_what_the_process_page_draws(
    world: World, month: dict[str, Any], browse: Any
) -> None:
    """Each state of incidents but the last; counted where it is asked for, in the API, on boards, explained."""
    waits = incident_in("in_progress", world, now=MARCH + 3 * DAY)
    waits = wait(waits, world.engineer, now=MARCH + 4 * DAY, wait_until=MARCH + 9 * DAY)
    act(waits, "resume", world.engineer, now=MARCH + 6 * DAY)
    codes = [m.code for m in measures_of("incident", on_demand=True) if m.on_demand]
    assert codes == [f"stay_{state}" for state in ("registered", "assigned", "in_progress", "pending", "resolved")]

    found = asked(world, *codes)

    process = Process(scope_of(world))
    stays, over = process.stays, [pairwise(way) for way in ways_of(process).values()]
    states = [{state for (_at, _source, state), _next in way} for way in over]
    for code in codes:
        stay = stays[code.removeprefix("stay_")]
        seconds = found[code]["value"]
        stayed = sum(stay.state in left for left in states)
        assert (found[code]["numerator"], seconds) == (stayed, stay.seconds and pytest.approx(stay.seconds)), code
        assert found[code]["left_out"][0]["count"] == stay.standing
    assert found["stay_pending"]["value"] == 2 * DAY.total_seconds()
    assert not {row["id"] for row in Api(world.manager).get(MONTH).json()["results"]} & set(codes)
    page = browse(world.manager)
    days = "from=2024-03-01&to=2024-04-01"
    drawn = page.get(f"/boards/incidents/process/time/?{days}")
    assert drawn.status_code == 200, drawn.status_code
    assert "stay_pending" in drawn.content.decode()
    told = page.get(f"/boards/incidents/figures/stay_pending/?{days}").content.decode()
    assert "stay_pending" in told
    tiles = page.get(f"/boards/incidents/tiles/?{days}&figure=stay_pending").content.decode()
    assert "2 d" in tiles
    assert Api(world.manager).get(f"{MONTH}&figure=none").status_code == 400


def test_age_of_the_backlog_is_read_where_the_period_ends(world: World, month: dict[str, Any]) -> None:
    found = asked(world, "backlog", "backlog_age_median", "backlog_age_p90", "backlog_old")

    end = MARCH + timedelta(days=31)
    still = Ticket.objects.filter(kind="incident", created_at__lt=end).exclude(resolved_at__lt=end)
    ages = [(end - row.created_at).total_seconds() for row in still.exclude(closed_at__lt=end)]
    assert found["backlog"]["value"] == len(ages) == found["backlog_age_median"]["denominator"] == 2
    assert found["backlog_age_median"]["value"] == pytest.approx(median(ages))
    old = sum(age >= timedelta(days=30).total_seconds() for age in ages)
    assert (found["backlog_old"]["numerator"], found["backlog_old"]["denominator"]) == (old, 2)
    assert old > 0


def test_what_is_at_risk_is_so_for_an_hour_and_counted_again_when_time_alone_changes_it(world: World) -> None:
    """By the facts that boards remember, by the tickets, and in the list: at the same moments the same."""
    running = incident_in("in_progress", world, now=MARCH + 3 * DAY)
    limit = running.planned_completion_at
    assert limit
    measure, minute = measure_of("at_risk"), timedelta(minutes=1)

    def counted(at: datetime) -> set[int]:
        day = at.astimezone(zone()).date()
        span = Span(midnight(day), midnight(day) + 3 * DAY, at)
        scope = Scope(world.manager, kind_of("incident"), QueryDict(), span)
        remembered, anew = (run([measure], scope)["at_risk"].numerator for run in (recent_figures, figures))
        return {remembered, anew, scope.found(scope.records(measure.numerator)).count()}

    moments = [limit - timedelta(hours=3), limit - timedelta(hours=1) - minute, limit - timedelta(minutes=59)]
    moments += [limit - minute, limit + minute]
    assert [counted(at) for at in moments] == [{0}, {0}, {1}, {1}, {0}]
