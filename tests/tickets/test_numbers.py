"""Numbers: prefix, local day, counter (TKT-01). Many writers at once: see test_races."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.factories import World, register_incident
from tickets.database.numbers import allocate_number

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-01")]


def at(hour: int, day: int = 22) -> datetime:
    """A moment in UTC; Shanghai is 8 hours ahead."""
    return datetime(2026, 11, day, hour, 30, tzinfo=UTC)


def test_numbers_count_per_prefix() -> None:
    found = [allocate_number(prefix, at(1)) for prefix in ("IM", "IM", "TK", "IM")]

    assert found == ["IM261122000001", "IM261122000002", "TK261122000001", "IM261122000003"]


@pytest.mark.parametrize(
    ("moment", "number"),
    [(at(15), "IM261122000001"), (at(16), "IM261123000001"), (at(0, 23), "IM261123000001")],
)
def test_day_is_the_portal_s_local_day(moment: datetime, number: str) -> None:
    assert allocate_number("IM", moment) == number


def test_counter_starts_anew_each_day_and_goes_on_where_it_was() -> None:
    found = [allocate_number("IM", at(1, day)) for day in (22, 23, 22)]

    assert found == ["IM261122000001", "IM261123000001", "IM261122000002"]


def test_day_follows_the_setting(settings: object) -> None:
    settings.TIME_ZONE = "UTC"  # type: ignore[attr-defined]

    assert allocate_number("IM", at(16)) == "IM261122000001"


def test_refused_registration_uses_no_number(world: World) -> None:
    first = register_incident(world.desk, now=at(1))
    with pytest.raises(Exception, match="summary"):
        register_incident(world.desk, now=at(1), summary="")
    second = register_incident(world.desk, now=at(1))

    assert [first.number, second.number] == ["IM261122000001", "IM261122000002"]
