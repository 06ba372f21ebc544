"""What lists show, find and sort of what only one kind has: a problem's level, a change's type (TKT-08)."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.api.client import Api
from tests.factories import World, register_incident
from tests.problems.conftest import Staff
from tests.problems.test_life import assigned, raise_problem

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-08", "PRB-08")]


@pytest.fixture
def three(world: World, staff: Staff) -> list[str]:
    """Numbers of problems of medium, high and low level, one after the other."""
    found = [assigned(raise_problem(world), staff, level).number for level in ("medium", "high", "low")]
    register_incident(world.desk)
    return found


def head_of(client: Client, path: str) -> str:
    page = client.get(f"{path}?view=open&layout=table").content.decode()
    return page.partition("<thead>")[2].partition("</thead>")[0]


def numbers(page: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"\bPM\d{12}\b", page.partition("<tbody")[2])))


@pytest.mark.slow
def test_a_table_of_problems_shows_finds_and_sorts_by_level(three: list[str], staff: Staff, client: Client) -> None:
    client.force_login(staff.manager)
    page = client.get("/problems/?view=open&layout=table").content.decode()
    head = head_of(client, "/problems/")
    assert "级别" in head
    assert "优先级" not in head
    assert "ordering=level" in head
    medium, high, low = three
    assert numbers(client.get("/problems/?view=open&layout=table&level=high").content.decode()) == [high]
    ordered = numbers(client.get("/problems/?view=open&layout=table&ordering=level").content.decode())
    back = numbers(client.get("/problems/?view=open&layout=table&ordering=-level").content.decode())
    assert ordered == back[::-1] == sorted(three, key=[high, medium, low].index)
    every = client.get("/queue/filters/?of=/problems/&query=").content.decode()
    assert 'name="level"' in every
    assert 'name="close_code"' not in every
    assert 'name="close_code"' in client.get("/queue/filters/?of=/incidents/&query=").content.decode()
    assert 'name="level"' not in client.get("/queue/filters/?of=/incidents/&query=").content.decode()
    assert 'id="filter-level"' in page
    assert 'id="filter-priority"' not in page
    refused = client.get("/problems/?view=open&level=enormous")
    assert "enormous" in refused.content.decode()


def test_columns_chosen_in_one_list_stay_when_another_is_changed(
    three: list[str], staff: Staff, client: Client
) -> None:
    client.force_login(staff.manager)
    for of, columns in (("/problems/", ["number", "level"]), ("/incidents/", ["number", "summary"])):
        client.post("/queue/settings/", {"of": of, "query": "view=open", "columns": columns})
    head = (
        client.get("/problems/?view=open&layout=table")
        .content.decode()
        .partition("<thead>")[2]
        .partition("</thead>")[0]
    )
    assert "级别" in head
    incidents = client.get("/incidents/?view=open&layout=table").content.decode()
    assert "级别" not in incidents.partition("<thead>")[2].partition("</thead>")[0]


def test_programs_find_and_sort_by_level_too(three: list[str], staff: Staff) -> None:
    api = Api(staff.manager)
    found = api.get("problems/?level=high&level=low&ordering=-level").json()["results"]
    assert [row["number"] for row in found] == [three[2], three[1]]
    assert api.get("problems/?level=enormous").status_code == 400


@pytest.mark.req("ORG-03")
def test_nobody_finds_by_what_they_do_not_read(three: list[str], world: World) -> None:
    assert Api(world.requester).get("incidents/?level=high").status_code == 400
    assert Api(world.requester).get("incidents/?known_error=PM1").status_code == 400


@pytest.mark.req("CHG-02")
def test_changes_show_their_type(world: World, client: Client) -> None:
    client.force_login(world.manager)
    page = client.get("/changes/?view=open&layout=table").content.decode()
    assert 'id="filter-change_type"' in page
    assert client.get("/changes/?view=open&change_type=major&risk=none&ordering=planned_start").status_code == 200
