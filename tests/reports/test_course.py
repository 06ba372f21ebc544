"""A figure month by month, with target and threshold as levels (RPT-01)."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from accounts.models import Role
from reports.course import course, months_of
from reports.figures import Scope, figures
from reports.periods import dated_period
from reports.targets.models import Target
from tests.factories import World
from tests.reports.conftest import browse
from tickets.figures.measures import measure_of
from tickets.lifecycle import kind_of

__all__ = ["browse"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]


def scope_of(world: World, start: str, end: str, now: Any) -> Scope:
    return Scope(world.manager, kind_of("incident"), QueryDict(), dated_period(start, end, now).span)


def aim_at(world: World, code: str, **values: float) -> None:
    role = Role.objects.get(code="incident_manager")
    Target.objects.create(measure=code, owner=role, edited_by=world.manager, edited_at=timezone.now(), **values)


def test_twelve_months_up_to_the_one_in_which_the_period_ends(world: World) -> None:
    now = timezone.now()
    months = months_of(scope_of(world, "2024-02-10", "2024-03-15", now).span)
    year = months_of(scope_of(world, "2024-01-01", "2025-01-01", now).span)

    assert [str(one.start)[:10] for one in (months[0], months[-1])] == [
        "2023-03-31",
        "2024-02-29",
    ]  # midnight in Shanghai
    assert len(months) == len(year) == 12
    assert str(year[-1].end)[:10] == "2024-12-31"


@pytest.mark.parametrize("code", ["overdue", "first_contact", "mean_resolve_time"])
def test_each_month_is_the_figure_of_that_month_and_opens_its_records(
    world: World, month: dict[str, Any], code: str
) -> None:
    now, measure = timezone.now(), measure_of(code)
    chart = course(measure, scope_of(world, "2024-04-01", "2024-05-01", now), lambda **changes: str(changes))
    values = {line.label: line.cells[0] for line in chart.lines}
    alone = figures([measure], scope_of(world, "2024-03-01", "2024-04-01", now))[code]

    assert list(values)[-2:] == ["2024-03", "2024-04"]
    assert values["2024-03"].url == alone.url
    in_hours = alone.value and alone.value / (3600 if measure.unit == "seconds" else 1)
    assert values["2024-03"].value == (None if in_hours is None else pytest.approx(in_hours, abs=0.01))
    if measure.unit != "records":
        assert (values["2023-06"].value, values["2023-06"].shown) == (None, "–")


@pytest.mark.slow
def test_target_and_threshold_are_levels_in_every_chart_of_it(
    world: World, month: dict[str, Any], browse: Any
) -> None:
    aim_at(world, "mean_resolve_time", aim=4, alert=8)
    path = "/boards/incidents/charts/course-mean_resolve_time/?from=2024-03-01&to=2024-04-01"
    page = browse(world.manager).get(path).content.decode()
    assert "≤ 4" in page
    assert "&quot;value&quot;: 8.0" in page
    picture = browse(world.manager).get(path.replace("charts/", "export/").replace("/?", "/svg/?")).content.decode()
    assert picture.count("stroke-dasharray") == 2


def test_who_may_not_count_a_figure_gets_no_course_of_it(world: World, browse: Any) -> None:
    assert browse(world.manager).get("/boards/incidents/charts/course-nothing/").status_code == 404
    assert browse(world.people["vendor"]).get("/boards/incidents/charts/course-overdue/").status_code == 403
