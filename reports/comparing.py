"""Honest comparison: like with like, and no arrow for what chance explains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from math import sqrt

from django.utils.translation import gettext as _

from reports.figures import Figure
from reports.periods import Period
from reports.texts import signed
from sla.calendars.clock import BusinessTime
from sla.calendars.publishing import ALWAYS, business_time
from sla.models import CalendarVersion
from tickets.figures.measures import Unit
from tickets.figures.records import Span

#: Beyond so many standard errors a difference is no chance: 95 of 100.
Z = 1.96
#: Working days, for comparing parts of periods.
CALENDAR = "5x8"
#: Shares of fewer records than these are shown with their interval.
SMALL = 30
#: A mean of fewer than these says nothing about its spread.
FEWEST = 8


@dataclass(frozen=True)
class Change:
    """What differs from before. ``direction``: up, down or same (chance explains it). ``good``: None where neither."""

    text: str
    direction: str
    good: bool | None
    before: Figure


def span_before(period: Period, *, year: bool = False) -> Span:
    """The period before, or a year ago; of one that is not over as much working time as has passed of it."""
    earlier = period.year_ago() if year else period.before()
    if not period.is_running:
        return replace(earlier, at=period.span.at)
    return replace(earlier, end=max(_as_far(period.span, earlier), earlier.start), at=period.span.at)


def _as_far(span: Span, earlier: Span) -> datetime:
    """Where ``earlier`` had used as much working time as ``span`` has; the whole days of a weekend count too."""
    working = working_time()
    used = working.diff(span.start, span.edge)
    if not used or used > working.diff(earlier.start, earlier.end):
        return min(earlier.start + (span.edge - span.start), earlier.end)
    return min(working.add(earlier.start, used), earlier.end)


def working_time() -> BusinessTime:
    """The hours of the desk, as they are published now; round the clock where there is no such calendar."""
    found = CalendarVersion.objects.filter(calendar__code=CALENDAR).order_by("-number").first()
    return business_time(found) if found else ALWAYS


def change(now: Figure, before: Figure) -> Change | None:
    """What differs; None where one of both has no value."""
    if now.value is None or before.value is None:
        return None
    difference = now.value - before.value
    real = abs(difference) > Z * _error(now, before) > 0
    direction = ("up" if difference > 0 else "down") if real else "same"
    better = now.measure.better
    good = None if not real or not better else (difference > 0) == (better == "more")
    return Change(_text(now, before, difference), direction, good, before)


def _error(now: Figure, before: Figure) -> float:
    """The standard error of the difference; infinite where too little is known."""
    if now.measure.unit == Unit.RECORDS:
        return sqrt(now.numerator + before.numerator)
    if not now.n or not before.n:
        return float("inf")
    if now.measure.unit == Unit.PERCENT:
        share = (now.numerator + before.numerator) / (now.n + before.n)
        return 100 * sqrt(max(share * (1 - share), 0) * (1 / now.n + 1 / before.n)) or 1e-9
    if min(now.n, before.n) < FEWEST or now.spread is None or before.spread is None:
        return float("inf")
    return sqrt(now.spread**2 / now.n + before.spread**2 / before.n) or 1e-9


def _text(now: Figure, before: Figure, difference: float) -> str:
    if now.measure.unit == Unit.RECORDS and before.value and before.value >= SMALL:
        return f"{100 * difference / before.value:+.1f} %"
    return signed(difference, now.measure.unit)


def interval(numerator: int, denominator: int) -> tuple[float, float]:
    """Wilson's interval of a share in percent: what a small count can mean (3 of 4: 30 to 95 %)."""
    share, n = numerator / denominator, denominator
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    reach = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return 100 * max(middle - reach, 0), 100 * min(middle + reach, 1)


def caution(figure: Figure) -> str:
    """The interval of a share of few records, in words; empty where there are enough."""
    if figure.measure.unit != Unit.PERCENT or not figure.denominator or figure.denominator >= SMALL:
        return ""
    low, high = interval(figure.numerator, figure.denominator)
    words = {"of": figure.numerator, "all": figure.denominator, "low": round(low), "high": round(high)}
    return _("%(of)d of %(all)d: %(low)d–%(high)d %%") % words
