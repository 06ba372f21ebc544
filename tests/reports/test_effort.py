"""Figures of the work itself, and the use of people."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from duty.models import Roster
from duty.services import save_roster
from notifications.models import Delivery, Notice
from tests.api.client import Api
from tests.factories import World, act, incident_in, register_incident
from tickets.models import Ticket, TimeSpent

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]
MONDAY = datetime(2026, 11, 2, 2, tzinfo=UTC)  # 10:00 in Shanghai
MONTH = "from=2026-11-01&to=2026-12-01"
HOUR = timedelta(hours=1)
COLUMNS = ["Contacts", "Contacts per hour", "On duty", "Contacts per hour and person"]


def figures_of(api: Api, query: str = MONTH) -> dict[str, Any]:
    """Figures by code, of November."""
    return {row["id"]: row for row in api.get(f"reports/incident-kpis/?{query}").json()["results"]}


def listed(api: Api, address: str) -> set[str]:
    """Numbers of the tickets that an address opens."""
    return {row["number"] for row in api.get(address.removeprefix("/api/v1/")).json()["results"]}


@pytest.mark.req("INC-22")
def test_limits_of_dispatching_count_by_registration_and_what_still_runs_is_neither(world: World) -> None:
    kept, missed, running, before = (register_incident(world.desk, now=MONDAY) for _ in range(4))
    for ticket, verdict in ((kept, True), (missed, False), (running, None), (before, True)):
        Ticket.objects.filter(pk=ticket.pk).update(dispatched_in_time=verdict)
    Ticket.objects.filter(pk=before.pk).update(created_at=MONDAY - timedelta(days=30))
    api = Api(world.manager)

    found = figures_of(api)["dispatch_kept"]

    assert (found["numerator"], found["denominator"], found["value"]) == (1, 2, 50)
    assert listed(api, found["records"]) == {kept.number}


@pytest.mark.req("SLM-06")
def test_notices_are_late_that_came_after_five_seconds_or_not_at_all(world: World) -> None:
    tickets = {name: register_incident(world.desk, now=MONDAY) for name in ("prompt", "late", "dead", "waits", "old")}
    Notice.objects.all().delete()
    for name, lateness, status in (
        ("prompt", 5, "sent"),
        ("late", 6, "sent"),
        ("dead", None, "dead"),
        ("waits", None, "pending"),
        ("old", 90, "sent"),
    ):
        due = MONDAY - timedelta(days=40) if name == "old" else MONDAY
        notice = Notice.objects.create(key=name, ticket=tickets[name], event="x", due_at=due, created_at=due)
        Delivery.objects.create(
            notice=notice,
            recipient=world.engineer,
            channel="email",
            status=status,
            sent_at=due if status == "sent" else None,
            next_try_at=due,
            lateness=None if lateness is None else timedelta(seconds=lateness),
        )
    api = Api(world.manager)

    found = figures_of(api)["notices_late"]

    assert (found["numerator"], found["denominator"]) == (2, 3)
    assert listed(api, found["records"]) == {tickets["late"].number, tickets["dead"].number}


@pytest.mark.slow
@pytest.mark.req("TKT-11")
def test_work_time_is_what_was_recorded_in_the_period_whenever_it_was_solved(world: World) -> None:
    first = incident_in("in_progress", world, now=MONDAY - timedelta(days=40))
    second = incident_in("in_progress", world, now=MONDAY)
    incident_in("in_progress", world, now=MONDAY)
    first = act(first, "log_time", world.engineer, now=MONDAY - timedelta(days=35), minutes="300")
    first = act(first, "log_time", world.engineer, now=MONDAY, minutes="30")
    act(first, "log_time", world.lead, now=MONDAY + HOUR, minutes="1h")
    act(second, "log_time", world.engineer, now=MONDAY + HOUR, minutes="10")
    api = Api(world.manager)

    found = figures_of(api)

    assert (found["work_time"]["value"], found["work_time"]["numerator"]) == (100 * 60, 2)
    assert found["work_time_mean"]["value"] == 50 * 60
    assert listed(api, found["work_time"]["records"]) == {first.number, second.number}
    assert figures_of(api, "from=2026-09-01&to=2026-11-01")["work_time"]["value"] == 300 * 60


@pytest.mark.slow
@pytest.mark.req("RPT-04")
def test_load_says_who_worked_on_what_and_how_long_and_opens_it(world: World, browse: Any) -> None:
    """The engineer has the ticket and solves nothing; the lead only helped, before and in the period."""
    ticket = incident_in("in_progress", world, now=MONDAY)
    other = incident_in("in_progress", world, now=MONDAY)
    for minutes, now in (("30", MONDAY + HOUR), ("45", MONDAY + 2 * HOUR), ("500", MONDAY + timedelta(days=40))):
        ticket = act(ticket, "log_time", world.lead, now=now, minutes=minutes)
    api = Api(world.manager)

    page = browse(world.manager).get(f"/boards/incidents/load/?{MONTH}").content.decode()

    assert "1 h 15 min" in page
    days = "2026-11-01~2026-12-01"
    found = re.findall(r"records=(incident[^\"&]*)", html.unescape(page))
    by_lead = {unquote(address) for address in found if unquote(address).endswith("~by-lead")}
    assert {found.split("~")[0] for found in by_lead} == {"incident.worked_on", "incident.time_spent"}
    for address in by_lead:
        assert address.split("~")[1:3] == days.split("~")
        assert listed(api, f"incidents/?records={address}") == {ticket.number}
    of_engineer = f"incident.worked_on~{days}~~by-{world.engineer.username}"
    assert listed(api, f"incidents/?records={of_engineer}") == {ticket.number, other.number}
    assert Api(world.requester).get(f"incidents/?records={of_engineer}").status_code == 400
    assert api.get(f"incidents/?records=incident.open~{days}~~by-lead").status_code == 400


@pytest.mark.slow
def test_work_that_was_recorded_later_is_counted_at_once(world: World, browse: Any) -> None:
    """No fact changes with it, so the board must not remember it."""
    ticket = incident_in("in_progress", world, now=MONDAY)
    page = browse(world.manager)
    address = f"/boards/incidents/table/?{MONTH}"
    act(ticket, "log_time", world.engineer, now=MONDAY + HOUR, minutes="40")
    assert "40 min" in page.get(address).content.decode()
    TimeSpent.objects.update(minutes=50)
    assert "50 min" in page.get(address).content.decode()


def staffing(page: Any, query: str = "") -> dict[str, list[str]]:
    """The table of contacts against the roster, by hour of the week, as it goes out as a file."""
    sent = page.get(f"/boards/incidents/export/staffing/csv/?from=2026-11-02&to=2026-11-16{query}")
    rows = list(csv.reader(io.StringIO(sent.content.decode("utf-8-sig"))))
    return {row[0]: row[1:] for row in rows if len(row) == len(COLUMNS) + 1}


@pytest.mark.slow
@pytest.mark.req("RPT-04")
def test_contacts_per_hour_of_the_week_stand_against_who_is_on_duty_then(world: World, browse: Any) -> None:
    """Two weeks; the engineer has two rosters from Monday nine o'clock on, and counts once; later another has one."""
    for group, members in (("host", ["engineer", "engineer2"]), ("network", ["engineer"]), ("desk", ["desk"])):
        roster = Roster(group=world.groups[group], period="week", starts_on=date(2026, 11, 2), handover=time(9))
        roster.management = group == "desk"
        save_roster(roster=roster, members=[world.people[name] for name in members])
    for now in (MONDAY, MONDAY + HOUR / 2, MONDAY + timedelta(days=7), MONDAY + timedelta(days=14)):
        register_incident(world.desk, now=now)
    page = browse(world.manager)

    found = staffing(page)

    assert found.pop("Contacts against the roster") == COLUMNS
    assert len(found) >= 7 * 24
    assert found["Mon 08"] == ["0", "0.0", "0.5", "0.0"]
    assert found["Mon 10"] == ["3", "1.5", "1.5", "1.0"]
    assert found["Tue 10"] == ["0", "0.0", "1.5", "0.0"]
    assert staffing(page, "&group=host")["Mon 10"][2] == "1.0"
    shown = page.get("/boards/incidents/charts/staffing/?from=2026-11-02&to=2026-11-16").content.decode()
    address = re.search(r"records=(incident[^\"&]*hour-1-10)", html.unescape(shown))
    assert address
    assert len(listed(Api(world.manager), f"incidents/?records={address[1]}")) == 3
