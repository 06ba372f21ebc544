"""What every kind has, for problems, too: search by what is on record, exports; nothing of it for customers."""

from __future__ import annotations

import pytest
from django.test import Client

from problems.models import Problem
from tests.api.client import Api
from tests.factories import MONDAY, World, act
from tests.problems.conftest import Staff
from tests.problems.test_life import assigned, raise_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def problem(world: World, staff: Staff) -> Problem:
    """One whose cause is on record."""
    found = act(assigned(raise_problem(world), staff), "investigate", staff.analyst, now=MONDAY)
    return act(found, "confirm_cause", staff.owner, now=MONDAY, root_cause="回执缓存没有上限")


@pytest.mark.req("TKT-09", "ORG-03")
def test_found_by_its_cause_by_staff_only(problem: Problem, staff: Staff, world: World) -> None:
    assert problem.number in Api(staff.manager).get("search/?q=回执缓存").content.decode()
    assert problem.number not in Api(world.requester).get("search/?q=回执缓存").content.decode()


@pytest.mark.req("TKT-08", "ORG-03")
def test_taken_out_of_the_portal_with_its_list(problem: Problem, world: World, client: Client) -> None:
    client.force_login(world.manager)
    answer = client.post("/exports/", {"source": "tickets", "query": "kind=problem&view=all", "format": "csv"})
    body = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert problem.number in body
