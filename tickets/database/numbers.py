"""Ticket numbers: ``<prefix><yymmdd><6 digits>``, counted per prefix and local day (TKT-01)."""

from __future__ import annotations

import zoneinfo
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import connection
from django.utils import timezone


def allocate_number(prefix: str, now: datetime) -> str:
    """Return the next number of ``prefix`` on the portal's local day of ``now``.

    Safe with many writers: the counter row stays locked until the surrounding transaction ends.
    """
    return allocate_numbers(prefix, [now])[0]


def allocate_numbers(prefix: str, moments: Sequence[datetime]) -> list[str]:
    """Return a number for each of ``moments``, like ``allocate_number``, in one statement."""
    zone = zoneinfo.ZoneInfo(settings.TIME_ZONE)
    days = [timezone.localtime(moment, zone).date() for moment in moments]
    wanted = Counter(days)
    last = _count_up(prefix, dict(sorted(wanted.items())))
    following = {day: last[day] - wanted[day] for day in wanted}
    numbers = []
    for day in days:
        following[day] += 1
        numbers.append(f"{prefix}{day:%y%m%d}{following[day]:06d}")
    return numbers


def _count_up(prefix: str, wanted: dict[date, int]) -> dict[date, int]:
    """Raise the counter of each day, in the order of ``wanted``; return where it then stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_numbercounter (prefix, day, last)"
            " SELECT %s, day, wanted FROM unnest(%s::date[], %s::int[]) AS days (day, wanted)"
            " ON CONFLICT (prefix, day) DO UPDATE SET last = tickets_numbercounter.last + EXCLUDED.last"
            " RETURNING day, last",
            [prefix, list(wanted), list(wanted.values())],
        )
        return dict(cursor.fetchall())
