"""Trading days: weekdays that are no public holidays. Make-up workdays at weekends are no trading days.

The holidays come with the package ``chinesecalendar``, as they were announced; other years are unknown, not guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from chinese_calendar import constants

DAY = timedelta(days=1)
SATURDAY = 5
#: No holiday lasts longer, its weekends counted.
LONGEST = timedelta(days=21)


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


@dataclass(frozen=True)
class TradingDays:
    """What was announced: public holidays with their names, and make-up workdays."""

    holidays: Mapping[date, str]
    workdays: Collection[date]

    def is_announced(self, year: int) -> bool:
        """Whether the holidays of ``year`` are known."""
        return any(day.year == year for day in self.holidays)

    def is_trading_day(self, day: date) -> bool:
        """Whether the exchange trades on ``day``: a make-up Saturday is none."""
        return day.weekday() < SATURDAY and day not in self.holidays

    def is_day_off(self, day: date) -> bool:
        """Whether offices are closed: holidays and weekends, but not make-up workdays."""
        return day in self.holidays or (day.weekday() >= SATURDAY and day not in self.workdays)

    def holidays_of(self, year: int) -> Iterator[Holiday]:
        """Holidays with a day in ``year``, in order: one over New Year is of both years. None where none is known."""
        first, last = date(year, 1, 1), date(year, 12, 31)
        day = first - LONGEST
        while day <= last + LONGEST:
            if day not in self.holidays:
                day += DAY
                continue
            found = self._around(day)
            if found.first <= last and found.last >= first:
                yield found
            day = found.last + DAY

    def _around(self, day: date) -> Holiday:
        first = last = day
        while self.is_day_off(first - DAY):
            first -= DAY
        while self.is_day_off(last + DAY):
            last += DAY
        return Holiday(str(self.holidays[day]), first, last)

    def before(self, day: date, count: int) -> date:
        """The ``count``-th trading day before ``day``."""
        while count:
            day -= DAY
            count -= self.is_trading_day(day)
        return day

    def after(self, day: date) -> date:
        """The first trading day after ``day``."""
        day += DAY
        while not self.is_trading_day(day):
            day += DAY
        return day


#: As they are announced now.
ANNOUNCED = TradingDays(constants.holidays, constants.workdays)
is_announced, is_trading_day = ANNOUNCED.is_announced, ANNOUNCED.is_trading_day
