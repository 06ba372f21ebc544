"""Freeze windows as moments: previewed for a year, and looked up for a span."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from changes.schedule.freeze_models import FreezeRule
from changes.schedule.trading import ANNOUNCED, TradingDays

#: Code of the rule, from, until.
Key = tuple[str, datetime, datetime]


@dataclass(frozen=True)
class Freeze:
    """A window in which nothing may be changed; half open. ``holiday``: its first day, None for a span."""

    rule: FreezeRule
    starts_at: datetime
    ends_at: datetime
    holiday: date | None = None


@dataclass(frozen=True)
class Year:
    """The freezes around holidays with a day in the year, and spans that touch it; one may be of two years.

    ``complete``: False while its holidays are not announced.
    """

    year: int
    complete: bool
    freezes: list[Freeze]


def year_of(year: int, rules: Iterable[FreezeRule] | None = None, days: TradingDays = ANNOUNCED) -> Year:
    """The freezes of ``year``, in order, by ``days`` as they were announced."""
    rules = list(FreezeRule.objects.filter(active=True)) if rules is None else list(rules)
    found = [freeze for rule in rules for freeze in _of_rule(rule, year, days)]
    needs = any(rule.kind == FreezeRule.Kind.HOLIDAY for rule in rules)
    return Year(year, days.is_announced(year) or not needs, sorted(found, key=lambda one: one.starts_at))


def _of_rule(rule: FreezeRule, year: int, days: TradingDays) -> Iterator[Freeze]:
    zone = ZoneInfo(rule.zone)
    if rule.kind == FreezeRule.Kind.SPAN:
        begins, ends = datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)
        if rule.starts_at and rule.ends_at and rule.starts_at < ends and rule.ends_at > begins:
            yield Freeze(rule, rule.starts_at, rule.ends_at)
        return
    for holiday in days.holidays_of(year):
        if holiday.days >= rule.min_days:
            first = days.before(holiday.first, rule.days_before)
            last = days.after(holiday.last)
            yield Freeze(
                rule, _at(first, rule.begins_at, zone), _at(last, rule.closes_at, zone), holiday=holiday.first
            )


def _at(day: date, moment: time, zone: ZoneInfo) -> datetime:
    """The wall time ``moment`` of ``day`` in ``zone``."""
    return datetime.combine(day, moment, tzinfo=zone)


def key_of(freeze: Freeze) -> Key:
    """The same for windows of the same rule at the same time."""
    return freeze.rule.code, freeze.starts_at, freeze.ends_at


class Years(dict[int, list[Freeze]]):
    """Freezes by year, each read once when it is first asked for; of ``rules`` instead of those in use."""

    def __init__(self, rules: Iterable[FreezeRule] | None = None, days: TradingDays = ANNOUNCED) -> None:
        super().__init__()
        self._days = days
        self._rules = None if rules is None else list(rules)

    def __missing__(self, year: int) -> list[Freeze]:
        if self._rules is None:
            self._rules = list(FreezeRule.objects.filter(active=True))
        self[year] = year_of(year, self._rules, self._days).freezes
        return self[year]


def freezes_between(start: datetime, end: datetime, known: Years | None = None) -> list[Freeze]:
    """Freezes that overlap ``start`` up to, not including, ``end``, in order; each once, also one of several years.

    ``known``: years that were read already.
    """
    known = Years() if known is None else known
    years = range(start.year - 1, end.year + 2)
    found = {key_of(one): one for year in years for one in known[year] if one.starts_at < end and one.ends_at > start}
    return sorted(found.values(), key=lambda one: one.starts_at)
