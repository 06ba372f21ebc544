"""Trading days: weekdays that are no public holidays. Make-up workdays at weekends are no trading days.

The holidays come with the package ``chinesecalendar``, as they were announced; other years are unknown, not guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from chinese_calendar import constants

DAY = timedelta(days=1)
SATURDAY = 5


def is_announced(year: int) -> bool:
    """Whether the holidays of ``year`` are known."""
    return any(day.year == year for day in constants.holidays)


def is_trading_day(day: date) -> bool:
    """Whether the exchange trades on ``day``: a make-up Saturday is none."""
    return day.weekday() < SATURDAY and day not in constants.holidays


def is_day_off(day: date) -> bool:
    """Whether offices are closed: holidays and weekends, but not make-up workdays."""
    return day in constants.holidays or (day.weekday() >= SATURDAY and day not in constants.workdays)


@dataclass(frozen=True)
class Holiday:
    """Days off in a row with at least one public holiday among them."""

    name: str
    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it lasts."""
        return (self.last - self.first).days + 1


def holidays_of(year: int) -> Iterator[Holiday]:
    """Holidays that begin in ``year``, in order; none for a year that is not announced."""
    day = date(year, 1, 1)
    while day.year == year:
        if day not in constants.holidays or not is_announced(year):
            day += DAY
            continue
        found = _around(day)
        if found.first.year == year:
            yield found
        day = found.last + DAY


def _around(day: date) -> Holiday:
    first = last = day
    while is_day_off(first - DAY):
        first -= DAY
    while is_day_off(last + DAY):
        last += DAY
    return Holiday(str(constants.holidays[day]), first, last)


def trading_day_before(day: date, count: int) -> date:
    """The ``count``-th trading day before ``day``."""
    while count:
        day -= DAY
        count -= is_trading_day(day)
    return day


def trading_day_after(day: date) -> date:
    """The first trading day after ``day``."""
    day += DAY
    while not is_trading_day(day):
        day += DAY
    return day
