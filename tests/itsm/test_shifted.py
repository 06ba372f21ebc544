"""The suite on another day: what ``make test-days`` moves is moved for the machine and the database alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.shifted import WANTED, shift_of
from tickets import clock

pytestmark = pytest.mark.req("ADM-03")
#: 13:30 in Shanghai.
NOON = datetime(2026, 11, 29, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wanted", "shift"),
    [
        ("+1d", timedelta(days=1)),
        ("+400d", timedelta(days=400)),
        ("23:55", timedelta(hours=10, minutes=25)),
        ("00:05", -timedelta(hours=13, minutes=25)),
        ("00T23:40", timedelta(days=1, hours=10, minutes=10)),  # 30 November
        ("01T00:35", timedelta(days=1, hours=11, minutes=5)),
    ],
)
def test_the_clock_is_moved_by_days_or_to_an_hour_of_the_portal(wanted: str, shift: timedelta) -> None:
    assert shift_of(wanted, NOON) == shift
    with pytest.raises(ValueError, match="soon"):
        shift_of("soon", NOON)


def test_machine_and_database_are_at_the_same_moment(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now(), statement_timestamp(), transaction_timestamp()")
        moments = [*cursor.fetchone(), clock.now()]

    assert all(abs(timezone.now() - moment) < timedelta(minutes=10) for moment in moments)


@pytest.mark.skipif(":" not in WANTED, reason="the run has the machine's hour")
def test_the_hour_is_the_one_that_was_asked_for() -> None:
    local = timezone.localtime(timezone.now(), timezone.get_default_timezone())
    hour, minute = map(int, WANTED.rpartition("T")[2].split(":"))

    assert timedelta() <= local - local.replace(hour=hour, minute=minute, second=0) < timedelta(hours=2) or hour == 23
