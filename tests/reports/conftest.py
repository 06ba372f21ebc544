"""A month of incidents of two customers, made once by real actions; and people who look at boards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories import World, act, incident_in, register_incident, resolve
from tests.pages.conftest import browse

__all__ = ["browse"]

#: Shanghai's midnight at the beginning of March 2024, a leap year.
MARCH = datetime(2024, 2, 29, 16, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def month(world: World) -> dict[str, Any]:
    """Tickets around March 2024, by what is special about them."""
    tickets: dict[str, Any] = {
        "last_second": register_incident(world.desk, now=MARCH - timedelta(seconds=1), requester="requester"),
        "first_second": register_incident(world.desk, now=MARCH, requester="requester", source="phone"),
        "leap_day": incident_in("closed", world, now=MARCH - DAY + HOUR, source="email"),
        "quick": incident_in("closed", world, now=MARCH + 4 * DAY, category="sw-sys-os"),
        "again": incident_in("resolved", world, now=MARCH + 5 * DAY, category="sw-sys-os"),
        "elsewhere": incident_in("closed", world, now=MARCH + 6 * DAY, requester="requester2", category="sw-sys-os"),
        "slow": incident_in("in_progress", world, now=MARCH + 7 * DAY, impact="I2", source="phone"),
        "rejected": register_incident(world.desk, now=MARCH + 8 * DAY, requester="requester"),
        "by_desk": register_incident(world.desk, now=MARCH + 9 * DAY, requester="requester", group="desk"),
        "next_month": register_incident(world.desk, now=MARCH + 31 * DAY, requester="requester"),
    }
    slow, rejected, desk = tickets["slow"], tickets["rejected"], tickets["by_desk"]
    tickets["slow"] = resolve(slow, world.engineer, now=MARCH + 12 * DAY, close_code="tier1")
    tickets["rejected"] = act(
        rejected, "reject", world.desk, now=MARCH + 8 * DAY + HOUR, reject_reason="other", text="x"
    )
    desk = act(desk, "start", world.desk, now=MARCH + 9 * DAY + HOUR)
    tickets["by_desk"] = resolve(desk, world.desk, now=MARCH + 9 * DAY + 2 * HOUR, close_code="desk")
    return tickets
