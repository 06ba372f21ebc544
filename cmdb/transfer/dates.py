"""Dates of spreadsheets: how a column reads under each reading, and which of them a person must choose.

A cell with the year first is the same date under each reading. 03/04/2026 is two dates, and 46348 is one only as Excel
counts days (from 1899-12-30, as of 1900-03-01; ECMA-376 part 1, 18.17.4.1): where more than one reading fits a column,
nobody guesses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

_YEAR_FIRST = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日)")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
#: Days from 1927-05-18 to 2173-10-13: a year such as 2026 is no number of days.
_SERIAL = re.compile(r"[1-9]\d{4}")
_DAY_ZERO = date(1899, 12, 30)


class DateReading(TextChoices):
    """What the parts of a date are."""

    ISO = "iso", _("Year first (2026-11-22)")
    DAY_MONTH = "day-month", _("Day before month (22/11/2026)")
    MONTH_DAY = "month-day", _("Month before day (11/22/2026)")
    SERIAL = "serial", _("Excel's number of the day (46348)")


def read_date(text: str, reading: str) -> str | None:
    """The cell as 2026-11-22, or None where it is no date under that reading."""
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        if found := _YEAR_FIRST.fullmatch(plain):
            year, _sign, *parts = found.groups()
            month, day = (int(part) for part in parts if part)
            return date(int(year), month, day).isoformat()
        if reading == DateReading.SERIAL and _SERIAL.fullmatch(plain):
            return (_DAY_ZERO + timedelta(days=int(plain))).isoformat()
        if reading in (DateReading.DAY_MONTH, DateReading.MONTH_DAY) and (found := _YEAR_LAST.fullmatch(plain)):
            first, second, year = int(found[1]), int(found[3]), int(found[4])
            day, month = (first, second) if reading == DateReading.DAY_MONTH else (second, first)
            return date(year, month, day).isoformat()
    except ValueError:  # no such day
        return None
    return None


@dataclass(frozen=True)
class Fit:
    """One reading of a column. ``impossible``: cells that are no date under it.

    ``disordered``: steps against the order in which the column runs, down or up, whichever leaves fewer.
    ``example``: (cell, date) of the first cell on which readings differ; empty where none does.
    """

    reading: DateReading
    impossible: int
    disordered: int
    example: tuple[str, str] | None


@dataclass(frozen=True)
class DateColumn:
    """How a column of dates reads. ``possible``: what may be meant; ``used``: None until somebody chose."""

    heading: str
    fits: Sequence[Fit]
    possible: Sequence[DateReading]
    used: DateReading | None


def survey(heading: str, cells: Iterable[str], chosen: str = "") -> DateColumn:
    """The column under each reading. ``chosen``: what a person said; else the only reading that fits is used."""
    texts = [text for text in cells if text.strip()]
    found = {reading: [read_date(text, reading) for text in texts] for reading in DateReading}
    possible = _possible(found)
    unlike = next((n for n in range(len(texts)) if len({dates[n] for dates in found.values()}) > 1), None)
    fits = [
        Fit(
            reading,
            dates.count(None),
            _disordered([day for day in dates if day]),
            (texts[unlike], dates[unlike] or "") if unlike is not None else None,
        )
        for reading, dates in found.items()
    ]
    used = DateReading(chosen) if chosen else possible[0] if len(possible) == 1 else None
    return DateColumn(heading, fits, possible, used)


def _possible(found: Mapping[DateReading, list[str | None]]) -> list[DateReading]:
    """Those under which each cell is a date; where there is none, those that read what the year first does not."""
    firm = found[DateReading.ISO]
    whole = [reading for reading, dates in found.items() if None not in dates]
    partly = [name for name, dates in found.items() if any(a and not b for a, b in zip(dates, firm, strict=True))]
    possible: list[DateReading] = []
    for reading in whole or partly or [DateReading.ISO]:
        if not any(found[reading] == found[other] for other in possible):
            possible.append(reading)
    return possible


def _disordered(days: Sequence[str]) -> int:
    steps = [(b > a) - (b < a) for a, b in pairwise(days)]
    return min(steps.count(1), steps.count(-1))
