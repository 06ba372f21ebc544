"""Kept promises are read of what ended, and of what ended or is open past its limit (RPT-01, RPT-03)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.utils.translation import override

from reports.charts import Chart, drawn
from reports.figures import Scope
from tests.factories import World, incident_in, register_incident
from tickets import clock
from tickets.figures.records import Span
from tickets.lifecycle import kind_of
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]
DAY = timedelta(days=1)


def promises(world: World, start: datetime, end: datetime, at: datetime) -> Chart:
    """The chart of a period as it stands ``at``."""
    return drawn(
        "compliance", Scope(world.manager, kind_of("incident"), QueryDict(), Span(start, end, at)), lambda **_: ""
    )


@pytest.fixture(autouse=True)
def english() -> Any:
    """Texts as tests read them."""
    with override("en"):
        yield


def told(chart: Chart) -> dict[str, list[str]]:
    """Each line as people read it."""
    return {line.label.split()[-1]: [cell.shown for cell in line.cells] for line in chart.lines}


@pytest.mark.slow
def test_what_is_open_past_its_limit_stands_beside_what_ended(world: World, browse: Any) -> None:
    """One answered and solved in time of two is no 100 % while the other waits, past both limits."""
    now = clock.now()
    solved = incident_in("resolved", world)
    late = register_incident(world.desk, impact=solved.impact_id, urgency=solved.urgency_id)
    passed = {"planned_response_at": now - DAY, "planned_completion_at": now - DAY / 2, "created_at": now - 2 * DAY}
    Ticket.objects.filter(pk=late.pk).update(**passed)
    chart = promises(world, now - 7 * DAY, now + 7 * DAY, now + timedelta(minutes=1))
    both = ["1", "0", "1", "100.0 %", "50.0 %"]
    assert told(chart) == {"Response": both, "Solving": both}
    for line in chart.lines:
        listed = browse(world.manager).get(line.cells[2].url).content.decode()
        assert late.number in listed
        assert solved.number not in listed


@pytest.mark.slow
def test_of_a_period_that_is_over_open_responses_are_not_asked(world: World, month: dict[str, Any]) -> None:
    """It says so by a dash and not by a nought."""
    at = datetime(2024, 6, 1, tzinfo=UTC)
    chart = promises(world, datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC), at)
    lines = told(chart)
    assert {cells[2] for label, cells in lines.items() if label == "Response"} == {"–"}
    assert all(cells[2] != "–" for label, cells in lines.items() if label == "Solving")
