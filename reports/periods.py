"""Periods of boards and reports: whole local days of the portal's zone, half open, and what they compare with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from django.utils.translation import gettext_lazy as _

from tickets.figures.records import Span, midnight, moment_of, zone

DAY = timedelta(days=1)
#: A period that an address names is at most so long.
LONGEST = timedelta(days=3660)


class PeriodError(ValueError):
    """The period cannot be read; ``parameter`` names which part."""

    def __init__(self, parameter: str, message: Any) -> None:
        super().__init__(str(message))
        self.parameter = parameter


@dataclass(frozen=True)
class Period:
    """A period as chosen. ``code``: a named one, empty for dates; ``step``: how far back the one before it lies."""

    code: str
    span: Span
    step: relativedelta

    @property
    def last_day(self) -> date:
        """The last day in it."""
        return (self.span.end - timedelta(microseconds=1)).astimezone(zone()).date()

    @property
    def first_day(self) -> date:
        """The first day in it."""
        return self.span.start.astimezone(zone()).date()

    @property
    def is_running(self) -> bool:
        """Whether it is not over where it was looked at."""
        return self.span.at < self.span.end

    def before(self) -> Span:
        """The period before it, whole."""
        return self._moved(self.step)

    def year_ago(self) -> Span:
        """The same period a year ago."""
        return self._moved(relativedelta(years=1))

    def _moved(self, step: relativedelta) -> Span:
        start, end = (_local(moment) - step for moment in (self.span.start, self.span.end))
        if step.years or step.months:  # the end of a month, not the same number of days
            end = _local(self.span.end) - step
        return replace(self.span, start=midnight(start.date()), end=midnight(end.date()))


def _local(moment: datetime) -> datetime:
    return moment.astimezone(zone()).replace(tzinfo=None)


def _week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month(day: date) -> date:
    return day.replace(day=1)


def _quarter(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _year(day: date) -> date:
    return day.replace(month=1, day=1)


@dataclass(frozen=True)
class Named:
    """A period that is named: the first day of the one that holds today, and its length; ``back`` so many before."""

    label: Any
    first: Callable[[date], date]
    length: relativedelta
    back: int = 0


NAMED: dict[str, Named] = {
    "today": Named(_("Today"), lambda day: day, relativedelta(days=1)),
    "week": Named(_("This week"), _week, relativedelta(weeks=1)),
    "month": Named(_("This month"), _month, relativedelta(months=1)),
    "quarter": Named(_("This quarter"), _quarter, relativedelta(months=3)),
    "year": Named(_("This year"), _year, relativedelta(years=1)),
    "yesterday": Named(_("Yesterday"), lambda day: day, relativedelta(days=1), 1),
    "last_week": Named(_("Last week"), _week, relativedelta(weeks=1), 1),
    "last_month": Named(_("Last month"), _month, relativedelta(months=1), 1),
    "last_quarter": Named(_("Last quarter"), _quarter, relativedelta(months=3), 1),
    "last_year": Named(_("Last year"), _year, relativedelta(years=1), 1),
    "days_7": Named(_("7 days to now"), lambda day: day - timedelta(days=6), relativedelta(days=7)),
    "days_30": Named(_("30 days to now"), lambda day: day - timedelta(days=29), relativedelta(days=30)),
    "days_90": Named(_("90 days to now"), lambda day: day - timedelta(days=89), relativedelta(days=90)),
    "days_365": Named(_("365 days to now"), lambda day: day - timedelta(days=364), relativedelta(days=365)),
}
USUAL = "month"
#: Those that stand as buttons; the others are in a list.
BUTTONS = ("today", "week", "month", "quarter", "year")


def named_period(code: str, now: datetime) -> Period:
    """The period called ``code`` as of ``now``. Raises KeyError."""
    named = NAMED[code]
    first = named.first(now.astimezone(zone()).date())
    for _number in range(named.back):
        first = first - named.length
    span = Span(midnight(first), midnight(first + named.length), now)
    return Period(code, span, named.length)


def dated_period(start: str, end: str, now: datetime) -> Period:
    """From local date to local date, the end not included. Raises PeriodError."""
    days: dict[str, datetime] = {}
    for name, text in (("from", start), ("to", end)):
        try:
            days[name] = moment_of(text)
        except ValueError as error:
            raise PeriodError(name, _("A date such as 2026-03-01 is expected.")) from error
    if not days["from"] < days["to"]:
        raise PeriodError("to", _("The end must come after the beginning; it is not included itself."))
    if days["to"] - days["from"] > LONGEST:
        raise PeriodError("to", _("A period of at most ten years is expected."))
    span = Span(days["from"], days["to"], now)
    return Period("", span, _step(span))


def _step(span: Span) -> relativedelta:
    """How far back the period before a dated one lies: whole months for whole months, else as many days."""
    start, end = _local(span.start), _local(span.end)
    if start.day == end.day == 1:
        months = (end.year - start.year) * 12 + end.month - start.month
        return relativedelta(months=months)
    return relativedelta(days=max((end.date() - start.date()).days, 1))


def chosen_period(params: Any, now: datetime) -> Period:
    """The period that an address names: ``period``, or ``from`` and ``to``; else the usual one. Raises PeriodError."""
    code = params.get("period", "")
    if code:
        if code not in NAMED:
            raise PeriodError("period", _("There is no such period."))
        return named_period(code, now)
    start, end = params.get("from", ""), params.get("to", "")
    if start or end:
        return dated_period(start, end, now)
    return named_period(USUAL, now)


def bucket_of(span: Span) -> str:
    """How a trend of the period is cut: by hour up to two days, by day up to 92, by week up to 400, else by month."""
    days = (span.end - span.start) / DAY
    if days <= 2:
        return "hour"
    if days <= 92:
        return "day"
    return "week" if days <= 400 else "month"


def buckets(span: Span) -> list[Span]:
    """The whole local stretches that a trend shows; the first and last are cut to the period."""
    kind, found = bucket_of(span), []
    if kind == "hour":
        start = span.start
        while start < span.edge:
            end = min(start + timedelta(hours=1), span.end)
            found.append(replace(span, start=start, end=end))
            start = end
        return found
    day = span.start.astimezone(zone()).date()
    length = {"day": relativedelta(days=1), "week": relativedelta(weeks=1), "month": relativedelta(months=1)}[kind]
    first = {"day": day, "week": _week(day), "month": _month(day)}[kind]
    while midnight(first) < span.edge:
        following = first + length
        start, end = max(midnight(first), span.start), min(midnight(following), span.end)
        found.append(replace(span, start=start, end=end))
        first = following
    return found
