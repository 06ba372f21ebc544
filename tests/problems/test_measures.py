"""The figures of problems, that each opens exactly its records, and that they say what the register says (PRB-09)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from incidents.models import Incident
from problems.figures.register import figures_of, lines_of
from problems.models import Problem
from tests.api.client import Api
from tests.factories import MONDAY, World, act, incident_in, register_incident
from tests.problems.conftest import Staff
from tests.problems.test_known_errors import published
from tests.problems.test_life import assigned, raise_problem, resolved
from tests.reports.charts import NOVEMBER, assert_charts_open_what_they_show, chart
from tickets.figures.months import Month

pytestmark = [pytest.mark.django_db, pytest.mark.req("PRB-09", "PRB-08", "RPT-01")]
REPORT = "reports/problem-kpis/?from=2026-11-01&to=2026-12-01"


@pytest.fixture
def month(world: World, staff: Staff) -> World:
    """November: one resolved with an incident of two hours, one open, one cancelled, one from before still open."""
    incident = incident_in("resolved", world)
    type(incident).objects.filter(pk=incident.pk).update(resolved_at=incident.created_at + timedelta(hours=2))
    resolved(raise_problem(world, incident), staff)
    assigned(raise_problem(world, register_incident(world.desk)), staff, "high")
    act(raise_problem(world), "cancel", staff.manager, now=MONDAY, text="不是问题")
    old = raise_problem(world)
    Problem.objects.filter(pk=old.pk).update(created_at=MONDAY - timedelta(days=60))
    return world


@pytest.mark.slow
def test_figures_say_what_the_register_says(month: World) -> None:
    answer = Api(month.manager).get(REPORT)
    assert answer.status_code == 200, answer.content
    rows = {row["id"].removeprefix("problem_"): row for row in answer.json()["results"]}
    found = {code: (row["numerator"], row["denominator"]) for code, row in rows.items()}
    register = figures_of(lines_of(Month.parse("2026-11", MONDAY), month.manager))
    assert found["total"] == (register["total"], None) == (4, None)
    assert found["resolution_rate"] == (register["resolved"], register["total"]) == (2, 4)
    assert found["open"][0] == register["unresolved"] == 2
    assert (found["raised"][0], found["resolved"][0], found["closed"][0]) == (3, 1, 1)
    assert (found["by_category"][0], found["in_time"]) == (2, (1, 1))
    assert rows["interruption"]["value"] == 2 * 3600
    assert found["incomplete"][0] == register["incomplete"] == 0


@pytest.mark.slow
def test_each_opens_exactly_its_records(month: World, client: Client) -> None:
    client.force_login(month.manager)
    api = Api(month.manager)
    for row in api.get(REPORT).json()["results"]:
        listed = api.get(row["records"]).json()
        assert listed["count"] == row["numerator"] == len(listed["results"]), row["id"]
    tiles = client.get("/boards/problems/tiles/?from=2026-11-01&to=2026-12-01").content.decode()
    assert "解决率" in tiles
    assert client.get("/boards/problems/table/?from=2026-11-01&to=2026-12-01").status_code == 200
    explain = client.get("/boards/problems/figures/problem_resolution_rate/?from=2026-11-01&to=2026-12-01")
    assert "problem.in_register" in explain.content.decode()


@pytest.mark.slow
@pytest.mark.req("RPT-01", "PRB-05")
def test_charts_open_exactly_what_they_show(month: World, client: Client, staff: Staff) -> None:
    first, second = (raise_problem(month, register_incident(month.desk)) for _each in "ab")
    for problem, many in ((first, 2), (second, 1)):
        known = published(problem, staff)
        for _each in range(many):
            taken = incident_in("in_progress", month, now=MONDAY)
            act(taken, "take_known_error", month.engineer, now=MONDAY, known_error=known.problem.number)
    client.force_login(month.manager)
    codes = ["trend", "levels", "sources", "categories", "ageing", "known_errors"]
    page = client.get(f"/boards/problems/?{NOVEMBER}").content.decode()
    assert all(f"/boards/problems/charts/{code}/" in page for code in codes)
    assert_charts_open_what_they_show(client, "problems", codes)
    used = chart(client, "problems", "known_errors")
    assert used["series"][0]["values"] == [2, 1]
    assert [label.split()[0] for label in used["labels"]] == [first.number, second.number]
    levels = chart(client, "problems", "levels")
    assert sum(levels["series"][0]["values"]) == 5
    taken = Incident.objects.get(known_error_uses__known_error=known)
    act(taken, "drop_known_error", month.engineer, known_error=known.problem.number)
    assert chart(client, "problems", "known_errors")["series"][0]["values"] == [2]


@pytest.mark.slow
@pytest.mark.req("ORG-03")
def test_figures_are_for_staff(month: World) -> None:
    assert "problem_total" not in Api(month.requester).get(REPORT).content.decode()
