"""What is clicked opens exactly what was counted, and figures of a named person open for nobody but those who may."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import QueryDict

from reports.charts import Chart, drawn
from reports.figures import Scope
from reports.load import Load, by_person, load_chart
from tests.api.client import Api
from tests.factories import World, act, incident_in, register_incident
from tests.reports.conftest import DAY, HOUR, MARCH, browse
from tickets.figures.charts import charts_of
from tickets.figures.records import Span
from tickets.lifecycle import kind_of

__all__ = ["browse"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]
MONTH = "from=2024-03-01&to=2024-04-01"
SET = "2024-03-01~2024-04-01"
NOW = datetime(2024, 6, 1, tzinfo=UTC)


def scope_of(world: World, query: str = "") -> Scope:
    """The manager's figures of March, narrowed by ``query``."""
    return Scope(world.manager, kind_of("incident"), QueryDict(query), Span(MARCH, MARCH + 31 * DAY, NOW))


def opened(world: World, url: str) -> int:
    """How many tickets an address of a list has."""
    response = Api(world.manager).get(f"incidents/?{url.partition('?')[2]}&count=true")
    assert response.status_code == 200, response.content
    return int(response.json()["count"])


def nowhere(**_changes: Any) -> str:
    """No board."""
    return ""


def assert_opens_what_it_shows(world: World, chart: Chart) -> None:
    """Every number with an address, of every line."""
    for line in chart.lines:
        for cell in line.cells:
            if cell.url:
                assert opened(world, cell.url) == cell.value, (chart.code, line.label, cell.url)


@pytest.mark.slow
@pytest.mark.req("RPT-04")
def test_load_is_saved_as_every_chart_and_says_what_it_cuts(
    world: World, month: dict[str, Any], browse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident_in("in_progress", world, now=MARCH + DAY)
    manager, people = browse(world.manager), by_person(scope_of(world), nowhere)
    monkeypatch.setattr("reports.views.MOST_PEOPLE", 1)
    assert len(people) > 1

    part = manager.get(f"/boards/incidents/load/?{MONTH}").content.decode()
    assert f"1 of {len(people)} persons" in part
    whole = re.findall(r'href="([^"]*people=all)"', part)[0].replace("&amp;", "&")
    assert all(line.label in manager.get(whole).content.decode() for line in people)
    for form, begins in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("svg", b"<svg"), ("png", b"\x89PNG")):
        file = manager.get(f"/boards/incidents/export/load-people/{form}/?{MONTH}")
        assert (file.status_code, file.content[: len(begins)]) == (200, begins)
    table = manager.get(f"/boards/incidents/export/load-people/csv/?{MONTH}").content.decode()
    assert all(line.label in table for line in people)
    for code in ("load-groups", "load-people"):
        assert_opens_what_it_shows(world, load_chart(code, scope_of(world), nowhere))


@pytest.mark.req("RPT-05")
def test_a_hand_over_after_the_period_counts_in_the_line_as_in_its_list(world: World, month: dict[str, Any]) -> None:
    """One of March goes to the network in March, another in April: the line says two, and opens two."""
    for at in (MARCH + 2 * DAY, MARCH + 40 * DAY):
        ticket = register_incident(world.desk, now=MARCH + DAY, requester="requester")
        ticket = act(ticket, "assign", world.desk, now=MARCH + DAY + HOUR, group="host")
        act(ticket, "hand_over", world.manager, now=at, group="network", text="x")

    chart = drawn("hand_overs", scope_of(world), nowhere)

    assert {line.label: line.cells[0].value for line in chart.lines}["host → network"] == 2
    assert_opens_what_it_shows(world, chart)


@pytest.mark.slow
@pytest.mark.parametrize("query", ["", "category=sw&category=sw-sys-os", "category=sw&category=hw-srv-pc"])
def test_every_number_of_every_chart_opens_so_many(world: World, month: dict[str, Any], query: str) -> None:
    """With several categories of different levels, too: a line is what lies in them, not the branch above them."""
    for category in ("hw-srv-pc", "hw-net-link"):
        register_incident(world.desk, now=MARCH + DAY, requester="requester", category=category)

    for code in set(charts_of("incident")) - {"staffing"}:  # its numbers are means
        assert_opens_what_it_shows(world, drawn(code, scope_of(world, query), nowhere))


def load_of(world: World, query: str) -> dict[str, Load]:
    """The lines of people, by name."""
    return {line.label: line for line in by_person(scope_of(world, query), nowhere)}


@pytest.mark.slow
@pytest.mark.req("RPT-04")
def test_load_of_one_person_opens_nothing_of_another(world: World, month: dict[str, Any]) -> None:
    """The desk worked on what the engineer has, and solved one of its own: that one is not in the filter."""
    lines = load_of(world, "assignee=engineer")

    desk = {name: (n, url) for name, n, url, _tone in lines["Desk"].cells}
    assert desk["resolved"] == (0, "")
    assert desk["worked_on"][0] > 0
    for line in [*lines.values(), *load_of(world, "").values()]:
        for name, n, url, _tone in line.cells:
            assert not url or opened(world, url) == n, (line.label, name)


COLLEAGUE = "Figures of other persons are for roles that see figures of persons by name."


@pytest.mark.slow
@pytest.mark.req("RPT-04")
def test_figures_of_a_colleague_are_refused_in_every_door_without_the_permission(
    world: World, month: dict[str, Any], browse: Any
) -> None:
    """API, board and its parts, list, export of what a figure counts; the plain list of what somebody has stays."""
    api, pages = Api(world.engineer2), browse(world.engineer2)
    figures, board = f"reports/incident-kpis/?{MONTH}", f"/boards/incidents/?{MONTH}"
    counted = f"incidents/?view=all&records=incident.resolved~{SET}&assignee=engineer"

    for query in ("&assignee=engineer", "&assignee=engineer&assignee=engineer2"):
        response = api.get(f"{figures}{query}")
        assert (response.status_code, response.json()["errors"]) == (400, {"assignee": [COLLEAGUE]})
        page = pages.get(f"{board}{query}")
        assert (page.status_code, COLLEAGUE in page.content.decode()) == (400, True)
    for part in ("tiles", "table", "load", "charts/trend", "process/ways"):
        text = pages.get(f"/boards/incidents/{part}/?{MONTH}&assignee=engineer").content.decode()
        assert COLLEAGUE in text, part
        assert "by-engineer" not in text, part
    for address, name in (
        (counted, "assignee"),
        (f"incidents/?records=incident.worked_on~{SET}~~by-engineer", "records"),
        (f"incidents/?records=incident.registered~{SET}&registered_by=desk", "registered_by"),
    ):
        refused = api.get(address.replace("view=all&", ""))
        assert (refused.status_code, refused.json()["errors"]) == (400, {name: [COLLEAGUE]})
        assert pages.get(f"/{address}").status_code == 400

    assert api.get("incidents/?assignee=engineer").json()["results"]
    assert pages.get("/incidents/?assignee=engineer").status_code == 200


@pytest.mark.slow
@pytest.mark.req("RPT-04")
def test_figures_of_oneself_of_nobody_and_with_the_permission_of_anybody(
    world: World, month: dict[str, Any], browse: Any
) -> None:
    figures = f"reports/incident-kpis/?{MONTH}"
    for reader, query in ((world.engineer, "engineer"), (world.engineer, "me"), (world.engineer, "none")):
        assert Api(reader).get(f"{figures}&assignee={query}").status_code == 200
        assert browse(reader).get(f"/boards/incidents/?{MONTH}&assignee={query}").status_code == 200
    assert Api(world.engineer).get(f"incidents/?records=incident.worked_on~{SET}~~by-engineer").status_code == 200
    assert Api(world.manager).get(f"{figures}&assignee=engineer").status_code == 200
    assert Api(world.manager).get(f"incidents/?records=incident.worked_on~{SET}~~by-engineer").status_code == 200
