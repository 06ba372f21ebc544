"""Quarters and half-years, as addresses name them: 2026-Q3, 2026-H1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Self

from dateutil.relativedelta import relativedelta

from reports.periods import Period, dated_period
from tickets.figures.records import zone


@dataclass(frozen=True)
class PartOfYear:
    """Some months of a year; ``start``: the first day."""

    start: date
    letter: ClassVar[str]
    months: ClassVar[int]

    @classmethod
    def parse(cls, text: str, now: datetime) -> Self:
        """The one that ``text`` names; without a name the last that is over."""
        found = re.fullmatch(rf"(20\d\d)-{cls.letter}([1-{12 // cls.months}])", text)
        if found:
            return cls(date(int(found[1]), (int(found[2]) - 1) * cls.months + 1, 1))
        today = now.astimezone(zone()).date()
        return cls(date(today.year, (today.month - 1) // cls.months * cls.months + 1, 1)).moved(-1)

    def moved(self, times: int) -> Self:
        """So many later."""
        return type(self)(self.start + relativedelta(months=self.months * times))

    @property
    def code(self) -> str:
        """As ``parse`` reads it."""
        return f"{self.start.year}-{self.letter}{(self.start.month - 1) // self.months + 1}"

    def period(self, now: datetime) -> Period:
        """As known now."""
        return dated_period(self.start.isoformat(), self.moved(1).start.isoformat(), now)


class Quarter(PartOfYear):
    """Three months."""

    letter, months = "Q", 3


class Half(PartOfYear):
    """Six months."""

    letter, months = "H", 6
