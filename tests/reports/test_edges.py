"""Figures where things change afterwards: renamed and retired groups, a priority changed after the breach."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import SupportGroup
from tests.api.client import Api
from tests.factories import World
from tests.reports.conftest import browse
from tickets.models import Ticket

__all__ = ["browse"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]
MARCH_OF = "reports/incident-kpis/?from=2024-03-01&to=2024-04-01"


def figures_of(world: World, query: str = "") -> dict[str, tuple[int, int]]:
    """Each figure of March: its numerator, and how many the list behind it has."""
    api = Api(world.manager)
    found = {}
    for row in api.get(f"{MARCH_OF}{query}").json()["results"]:
        if row["id"] in ("desk_total", "overdue", "closed_ok", "backlog"):
            listed = api.get(row["records"].removeprefix("/api/v1/")).json()["count"]
            found[row["id"]] = (row["numerator"], listed)
    return found


@pytest.mark.slow
def test_renamed_and_retired_group_keeps_its_figures_and_can_be_chosen(
    world: World, month: dict[str, Any], browse: Any
) -> None:
    before = figures_of(world, "&group=host")
    assert before["closed_ok"][0] > 0

    SupportGroup.objects.filter(code="host").update(name_en="Servers, as they were", active=False)

    assert figures_of(world, "&group=host") == before
    assert all(numerator == listed for numerator, listed in before.values())
    path = "/boards/incidents/?from=2024-03-01&to=2024-04-01&group=host"
    assert "Servers, as they were" in browse(world.manager).get(path).content.decode()
    load = browse(world.manager).get(path.replace("/?", "/load/?")).content.decode()
    assert "Servers, as they were" in load


@pytest.mark.slow
def test_priority_that_changed_after_the_breach_leaves_it_late_under_its_new_one(
    world: World, month: dict[str, Any]
) -> None:
    slow = Ticket.objects.get(pk=month["slow"].pk)
    assert (slow.completed_in_time, slow.priority_id != "P4") == (False, True)
    late, under_it = figures_of(world)["overdue"], figures_of(world, "&priority=P4")["overdue"]

    Ticket.objects.filter(pk=slow.pk).update(priority="P4", priority_rank=4)

    assert figures_of(world)["overdue"] == late
    assert figures_of(world, "&priority=P4")["overdue"] == (under_it[0] + 1, under_it[1] + 1)
    assert figures_of(world, f"&priority={slow.priority_id}")["overdue"] == (late[0] - under_it[0] - 1,) * 2
