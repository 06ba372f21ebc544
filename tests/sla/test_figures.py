"""Planned, actual, on time: the figures of a ticket on its page, in lists, filters, exports and the API (TKT-02)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from exporting.sources import SOURCES
from tests.factories import World, act, resolve, unclaimed
from tests.importing.exports import life
from tests.importing.test_import import imported
from tests.sla.calendars import at
from tickets.models import Ticket
from tickets.queues.columns import COLUMNS
from tickets.workspace.pages import handling_facts

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-02", "TKT-08")]

#: A P3: 30 minutes to respond, 180 to solve, on working days.
ASSIGNED, RESPONDED, RESOLVED = at("2026-11-23 09:00"), at("2026-11-23 09:10"), at("2026-11-23 13:11")
FIGURES: dict[str, Any] = {
    "planned_response_at": at("2026-11-23 09:30"),
    "responded_at": RESPONDED,
    "responded_in_time": True,
    "planned_completion_at": at("2026-11-23 13:10"),
    "resolved_at": RESOLVED,
    "completed_in_time": False,
}


def late(world: World) -> Ticket:
    ticket = act(unclaimed(world, now=ASSIGNED, impact="I3"), "start", world.engineer, now=RESPONDED)
    done: Ticket = resolve(ticket, world.engineer, now=RESOLVED)
    return done


def test_columns_and_export_show_them(world: World) -> None:
    ticket = late(world)
    offered = SOURCES["tickets"].columns(world.desk)

    assert {name: getattr(ticket, name) for name in FIGURES} == FIGURES
    assert {name: COLUMNS[name].value(ticket) for name in FIGURES} == FIGURES
    assert set(FIGURES) <= set(offered)
    assert not {"responded_in_time", "completed_in_time"} & set(SOURCES["tickets"].columns(world.requester))


def test_page_shows_them(world: World) -> None:
    with translation.override("en"):
        facts = {str(line["label"]): line["value"] for line in handling_facts(late(world))}

    assert (facts["Planned response"], facts["Actual response"]) == ("2026-11-23 09:30", "2026-11-23 09:10")
    assert (facts["Planned completion"], facts["Actual completion"]) == ("2026-11-23 13:10", "2026-11-23 13:11")
    assert (facts["Responded in time"], facts["Completed in time"]) == ("Yes", "No")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("responded_in_time=true", True),
        ("responded_in_time=false", False),
        ("completed_in_time=false", True),
        ("completed_in_time=true", False),
        ("planned_response_after=2026-11-23T01:30:00Z", True),
        ("planned_response_before=2026-11-23T01:30:00Z", False),
        ("responded_after=2026-11-23T01:10:00Z", True),
        ("responded_before=2026-11-23T01:10:00Z", False),
        ("planned_completion_after=2026-11-23T05:10:00Z", True),
        ("planned_completion_before=2026-11-23T05:10:00Z", False),
        ("resolved_after=2026-11-23T05:12:00Z", False),
    ],
)
def test_lists_and_api_are_narrowed_by_them(world: World, client: Client, query: str, found: bool) -> None:
    ticket = late(world)
    client.force_login(world.engineer)
    rows = client.get(f"/api/v1/incidents/?{query}").json()["results"]

    assert [row["number"] for row in rows] == ([ticket.number] if found else [])
    for row in rows:
        assert {name: _read(row[name]) for name in FIGURES} == FIGURES


def test_imported_ticket_has_them_counted_by_the_policy(tmp_path: Path) -> None:
    """Of a log in which nobody says whether it was in time: at night nothing counts."""
    ticket = imported(tmp_path, life("INC1", "New", "Active", "Resolved", "Closed", made_sla="?"))

    assert ticket.planned_response_at == at("2016-02-29 09:30")
    assert ticket.planned_completion_at == at("2016-02-29 12:00")
    assert (ticket.responded_in_time, ticket.completed_in_time) == (True, True)


def _read(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
