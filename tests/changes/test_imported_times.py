"""What came from elsewhere with an end and without a start stands where it can have been carried out (CHG-05)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import localtime

from changes.afterwards.queries import incidents_after
from changes.informing.wording import when_of
from changes.models import Change
from changes.origins.near import changes_near
from tests.changes.making import change_in, staffed
from tests.factories import World, act, incident_in, make_item, reload_user
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-05")]
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def ended(world: World, planned: tuple[datetime | None, datetime | None], end: datetime) -> Any:
    """A closed change as a file without starts leaves it."""
    change = change_in("closed", world)
    columns = {"planned_start": planned[0], "planned_end": planned[1], "actual_start": None, "actual_end": end}
    Change.objects.filter(pk=change.pk).update(external_system="old", checked_at=None, **columns)
    return Change.objects.get(pk=change.pk)


@pytest.mark.parametrize("hour", [0, 12, 23])
@pytest.mark.parametrize("planned", [(-5, -4), (-2, 3), (None, None), (40, 41)], ids=["late", "in", "none", "early"])
def test_it_stands_in_the_calendar_until_its_end(world: World, client: Client, planned: Any, hour: int) -> None:
    """From its planned start; without one, or planned for later, at its end alone: a midnight begins its day."""
    day = localtime(clock.now() - timedelta(days=20))
    end = day.replace(hour=hour, minute=0, second=0, microsecond=0)
    start, until = (None if hours is None else end + hours * HOUR for hours in planned)
    change = ended(world, (start, until), end)
    begun = start if start and start < end else end
    assert change.span_at(clock.now()) == (begun, end)
    client.force_login(reload_user(world.engineer))
    pages = {
        days: client.get(f"/changes/calendar/?view=day&on={end + timedelta(days=days):%Y-%m-%d}")
        for days in (-1, 0, 1)
    }
    shown = {days: change.number in page.content.decode() for days, page in pages.items()}
    before = hour < (end - begun) / HOUR
    assert shown == {-1: before, 0: hour > 0 or not before, 1: False}


@pytest.mark.req("INC-16")
def test_it_stands_beside_an_incident_that_came_after_it(world: World) -> None:
    now = clock.now()
    change = ended(world, (now - 3 * HOUR, now - 2 * HOUR), now - HOUR)
    change.affected_items.create(item_id=make_item("app-2").pk)
    incident = act(incident_in("in_progress", world), "add_items", world.engineer, items=["app-2"])
    assert [one.change.number for one in changes_near(incident, world.engineer, now)] == [change.number]


@pytest.mark.req("CHG-07")
def test_the_incidents_after_it_are_shown(world: World) -> None:
    now = clock.now()
    change = ended(world, (now - 3 * HOUR, now - 2 * HOUR), now - HOUR)
    change.affected_items.create(item_id=make_item("app-2").pk)
    incident = act(incident_in("in_progress", world), "add_items", world.engineer, items=["app-2"])
    found = incidents_after(change, reload_user(world.engineer), clock.now())
    assert [one.ticket.number for one in found] == [incident.number]


@pytest.mark.req("CHG-04")
def test_nobody_reads_that_it_begins_at_once(world: World) -> None:
    end = clock.now() - HOUR
    assert f"{localtime(end):%H:%M}" in when_of(ended(world, (None, None), end))
