"""Ticket numbers: ``<prefix><yymmdd><6 digits>``, counted per prefix and local day (TKT-01)."""

from __future__ import annotations

import zoneinfo
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils import timezone


def allocate_number(prefix: str, now: datetime) -> str:
    """Return the next number of ``prefix`` on the portal's local day of ``now``.

    Safe with many writers: the counter row stays locked until the surrounding transaction ends.
    """
    day = timezone.localtime(now, zoneinfo.ZoneInfo(settings.TIME_ZONE)).date()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_numbercounter (prefix, day, last) VALUES (%s, %s, 1)"
            " ON CONFLICT (prefix, day) DO UPDATE SET last = tickets_numbercounter.last + 1"
            " RETURNING last",
            [prefix, day],
        )
        return f"{prefix}{day:%y%m%d}{cursor.fetchone()[0]:06d}"
