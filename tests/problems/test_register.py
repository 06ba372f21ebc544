"""The monthly register: figures, what is missing, Excel."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from openpyxl import load_workbook

from problems.models import Problem
from problems.register import Month, figures_of, lines_of
from tests.factories import MONDAY, World, act, register_incident
from tests.problems.conftest import Staff
from tests.problems.test_life import raise_problem, resolved

pytestmark = pytest.mark.django_db


@pytest.mark.req("PRB-08", "PRB-09", "PRB-10")
def test_register_counts_names_what_is_missing_and_exports(world: World, staff: Staff, client: Client) -> None:
    done = resolved(raise_problem(world, register_incident(world.desk), summary="=1+1"), staff)
    done = act(done, "review", staff.owner, review_result="好", minutes="纪要", now=MONDAY)
    act(done, "close", staff.owner, archived="on", now=MONDAY)
    Problem.objects.filter(pk=done.pk).update(minutes="")
    raise_problem(world)

    lines = lines_of(Month.parse("2026-11", MONDAY), staff.manager)
    figures = figures_of(lines)
    assert [(line.resolved, [str(label) for label in line.missing], line.incidents) for line in lines] == [
        (True, ["会议纪要"], 1),
        (False, [], 0),
    ]
    assert (figures["total"], figures["resolved"], figures["unresolved"], figures["incomplete"]) == (2, 1, 1, 1)
    assert lines_of(Month.parse("2026-10", MONDAY), staff.manager) == []
    assert len(lines_of(Month.parse("2026-12", MONDAY + timedelta(days=20)), staff.manager)) == 1
    assert Month.parse("2026-13", MONDAY).code == "2026-11"

    client.force_login(staff.manager)
    assert done.number in client.get("/problem-register/?month=2026-11").content.decode()
    sheet = load_workbook(BytesIO(client.get("/problem-register/?month=2026-11&format=xlsx").content)).active
    assert [sheet["A2"].value, sheet["B2"].value, sheet["B2"].data_type] == [done.number, "'=1+1", "s"]  # type: ignore[index]
    client.force_login(staff.owner)
    assert client.get("/problem-register/?format=xlsx").status_code == 403
    client.force_login(world.requester)
    assert client.get("/problem-register/").status_code == 403
