"""Months of reports, in the portal's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.timezone import localtime

ZONE = ZoneInfo(settings.TIME_ZONE)


@dataclass(frozen=True)
class Month:
    """A month in the portal's time zone."""

    start: datetime
    end: datetime

    @classmethod
    def parse(cls, text: str, now: datetime) -> Month:
        """The month of ``2026-11``; the present one for anything else."""
        local = localtime(now, ZONE)
        year, month = local.year, local.month
        parts = text.split("-")
        if len(parts) == 2 and all(part.isdecimal() for part in parts) and len(text) == 7:
            asked = int(parts[0]), int(parts[1])
            year, month = asked if 1990 <= asked[0] <= 2200 and 1 <= asked[1] <= 12 else (year, month)
        start = datetime(year, month, 1, tzinfo=ZONE)
        return cls(start, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=ZONE))

    @property
    def code(self) -> str:
        """As addresses name it."""
        return f"{self.start:%Y-%m}"
