"""Runs the suite as on another day or hour: ``ITSM_TEST_CLOCK`` moves the machine's clock and the database's.

``+100d``: so many days later than the fixed Monday of ``tests.factories`` is today. ``23:55``: at this hour of the
portal's day. ``01T00:35``: at this hour of the first day of next month, ``00T23:40`` of the day before it. Tests that
hold a literal day against the clock fall, those that hand the moment in do not. ``make
test-days`` is the door. Processes that tests start have the machine's own clock: what needs them is left out there.
"""

from __future__ import annotations

import os
import re
from datetime import datetime, time, timedelta
from typing import Any

import time_machine
from django.conf import settings
from django.db import connection
from django.utils import timezone

WANTED = os.environ.get("ITSM_TEST_CLOCK", "")
#: PostgreSQL's clocks, as functions that come before its own in the search path.
CLOCKS = {
    "clock_timestamp": "VOLATILE",
    "statement_timestamp": "STABLE",
    "transaction_timestamp": "STABLE",
    "now": "STABLE",
}


def shift_of(wanted: str, now: datetime) -> timedelta:
    """How far the clock is moved. Raises ValueError."""
    if days := re.fullmatch(r"\+(\d{1,4})d", wanted):
        return timedelta(days=int(days[1]))
    local = timezone.localtime(now, timezone.get_default_timezone())
    if turn := re.fullmatch(r"(0[01])T(\d\d:\d\d)", wanted):
        first = (local.date().replace(day=28) + timedelta(days=4)).replace(day=1)
        day = first - timedelta(days=1 - int(turn[1]))
        return datetime.combine(day, time.fromisoformat(turn[2]), local.tzinfo) - local
    return datetime.combine(local.date(), time.fromisoformat(wanted), local.tzinfo) - local


def move_machine() -> Any:
    """Move Python's clock, until the end of the process; return what holds it. None: the clock stays."""
    if not WANTED:
        return None
    now = timezone.now()
    travel = time_machine.travel(now + shift_of(WANTED, now), tick=True)
    travel.start()
    return travel


def move_database(name: str) -> None:
    """Move the clock of the database at hand by what the machine's was moved, for every session from now on."""
    if not WANTED:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s - clock_timestamp()", [timezone.now()])
        shift = cursor.fetchone()[0]
        for function, kind in CLOCKS.items():
            cursor.execute(
                f"CREATE FUNCTION public.{function}() RETURNS timestamptz LANGUAGE sql {kind}"
                f" AS 'SELECT pg_catalog.{function}() + interval ''{shift.total_seconds():.3f} seconds'''"
            )
        cursor.execute(f'ALTER DATABASE "{name}" SET search_path = public, pg_catalog')
    connection.close()


def described() -> str:
    """What the head of a run says."""
    return f"clock: {WANTED} ({settings.TIME_ZONE})" if WANTED else "clock: as it is"
