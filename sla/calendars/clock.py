"""Business time: how much of it lies between two moments, and when a given amount of it will have passed.

Pure: no Django, no database, no present time. Moments are aware; inside, everything is a whole number of
microseconds since 1970 in UTC, so that no law below is true "up to rounding".
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_MINUTES = 24 * 60
#: Tables are built for whole years around what is asked for, and widened when that is not enough.
YEARS_BEFORE, YEARS_AFTER, MOST_YEARS = 1, 4, 12

#: Part of a day as minutes after midnight, the end not included; 1440 is the next midnight.
Interval = tuple[int, int]


class CalendarEmpty(ValueError):  # noqa: N818 - named for what is the matter
    """The calendar has not enough working time within ``MOST_YEARS`` years."""


class BusinessTime(Protocol):
    """What counts as working time."""

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """The earliest moment at which ``amount`` of working time has passed since ``start``.

        ``start`` itself when ``amount`` is not positive. UTC. Raises CalendarEmpty.
        """

    def diff(self, start: datetime, end: datetime) -> timedelta:
        """The working time from ``start`` to ``end``; negative when ``end`` is earlier."""

    def open_between(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """The stretches of working time from ``start`` to ``end``, in order, in UTC."""


class Always:
    """Round the clock (7x24): working time is time."""

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """See ``BusinessTime``."""
        return (start + max(amount, timedelta())) if start.tzinfo is UTC else self.add(start.astimezone(UTC), amount)

    def diff(self, start: datetime, end: datetime) -> timedelta:
        """See ``BusinessTime``."""
        return end.astimezone(UTC) - start.astimezone(UTC)

    def open_between(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """See ``BusinessTime``."""
        return [(start.astimezone(UTC), end.astimezone(UTC))] if start < end else []


@dataclass(frozen=True)
class Hours:
    """Opening hours: intervals of each weekday from Monday on, and the dates that differ (none: a holiday)."""

    zone: str
    week: tuple[tuple[Interval, ...], ...]
    days: Mapping[date, tuple[Interval, ...]] = field(default_factory=dict)

    def on(self, day: date) -> tuple[Interval, ...]:
        """The intervals of ``day``."""
        return self.days.get(day, self.week[day.weekday()])


class WorkingTime:
    """Business time by opening hours. Tables are built when first needed; make one per calendar and keep it."""

    def __init__(self, hours: Hours) -> None:
        self.hours = hours
        self._table = Table((), 0, 0)

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """See ``BusinessTime``."""
        if amount <= timedelta():
            return start.astimezone(UTC)
        begin, wanted = _number(start), amount // MICROSECOND
        for years in range(YEARS_AFTER, MOST_YEARS + YEARS_AFTER, YEARS_AFTER):
            found = self._covering(start.year, start.year + years).after(begin, wanted)
            if found is not None:
                return _moment(found)
        raise CalendarEmpty(f"less than {amount} of working time within {MOST_YEARS} years after {start}")

    def diff(self, start: datetime, end: datetime) -> timedelta:
        """See ``BusinessTime``."""
        table = self._covering(min(start.year, end.year), max(start.year, end.year))
        return (table.until(_number(end)) - table.until(_number(start))) * MICROSECOND

    def open_between(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """See ``BusinessTime``."""
        table = self._covering(start.year, max(start.year, end.year))
        return [(_moment(a), _moment(b)) for a, b in table.between(_number(start), _number(end))]

    def _covering(self, first: int, last: int) -> Table:
        """The table for the years ``first`` to ``last`` and one more at both ends (zones differ by hours)."""
        table = self._table
        if not (table.first <= first - 1 and last + 1 <= table.last):
            widest = (min(first - YEARS_BEFORE, table.first or first), max(last + YEARS_AFTER, table.last))
            table = self._table = Table(_intervals(self.hours, *widest), *widest)
        return table


class Table:
    """Sorted stretches of working time with the sum of all before each. Covers the years ``first`` to ``last``."""

    def __init__(self, intervals: Iterable[tuple[int, int]], first: int, last: int) -> None:
        self.first, self.last = first, last
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.before: list[int] = []
        total = 0
        for start, end in _merged(intervals):
            self.starts.append(start)
            self.ends.append(end)
            self.before.append(total)
            total += end - start
        self.total = total

    def until(self, moment: int) -> int:
        """``B``: the working time from the start of the table to ``moment``."""
        index = bisect_right(self.starts, moment) - 1
        return 0 if index < 0 else self.before[index] + min(moment, self.ends[index]) - self.starts[index]

    def after(self, begin: int, amount: int) -> int | None:
        """The earliest moment at which ``B`` has grown by ``amount`` (> 0); None: not in this table."""
        wanted = self.until(begin) + amount
        if wanted > self.total:
            return None
        index = bisect_left(self.before, wanted) - 1
        return self.starts[index] + wanted - self.before[index]

    def between(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """The stretches from ``begin`` to ``end``, cut to them."""
        for index in range(max(bisect_right(self.starts, begin) - 1, 0), bisect_left(self.starts, end)):
            start, stop = max(self.starts[index], begin), min(self.ends[index], end)
            if start < stop:
                yield start, stop


def _intervals(hours: Hours, first: int, last: int) -> Iterator[tuple[int, int]]:
    zone, day = ZoneInfo(hours.zone), date(first, 1, 1)
    for number in range((date(last + 1, 1, 1) - day).days):
        today = datetime.combine(day + timedelta(days=number), time())
        for start, end in hours.on(today.date()):
            for opens, closes in shown(zone, today + timedelta(minutes=start), today + timedelta(minutes=end)):
                yield _number(opens), _number(closes)


def shown(zone: ZoneInfo, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """When clocks on the wall show a time from ``start`` to ``end``: the one law of opening hours.

    An hour that comes twice counts twice, as far as it lies in them; one that is skipped does not. Where hours begin
    or end inside an hour that comes twice, they are open, closed and open again.
    """
    before, after = _offset(zone, start, 0), _offset(zone, end, 1)
    early, late = ((start - before), (end - before)), ((start - after), (end - after))
    if before == after:
        return [_aware(early)]
    change = _change(zone, _aware((min(early[0], late[0]), max(early[1], late[1]))), before).replace(tzinfo=None)
    pieces = (early[0], min(early[1], change)), (max(late[0], change), late[1])
    return [_aware(piece) for piece in pieces if piece[0] < piece[1]]


def _offset(zone: ZoneInfo, wall: datetime, fold: int) -> timedelta:
    return wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta()


def _aware(pair: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
    return pair[0].replace(tzinfo=UTC), pair[1].replace(tzinfo=UTC)


def _change(zone: ZoneInfo, between: tuple[datetime, datetime], offset: timedelta) -> datetime:
    """The moment, between two, from which clocks are not ``offset`` from UTC any more."""
    early, late = between
    while late - early > MICROSECOND:
        middle = early + (late - early) // 2
        early, late = (middle, late) if middle.astimezone(zone).utcoffset() == offset else (early, middle)
    return late


def _merged(intervals: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Sorted, without empty ones, overlapping or touching ones joined."""
    held: tuple[int, int] | None = None
    for start, end in sorted(pair for pair in intervals if pair[0] < pair[1]):
        if held and start <= held[1]:
            held = held[0], max(held[1], end)
            continue
        if held:
            yield held
        held = start, end
    if held:
        yield held


def instant(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """The moment at which clocks on the wall show ``minute`` of ``day``.

    When they show it twice: the first time. When they skip it: the moment at which they jump.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    return found if found.astimezone(zone).replace(tzinfo=None) == wall else _jump(zone, wall)


def _jump(zone: ZoneInfo, wall: datetime) -> datetime:
    """The moment of the change that skips ``wall``, found between the two ways to read it."""
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    late = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return _change(zone, (early, late), early.astimezone(zone).utcoffset() or timedelta())


def _number(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def _moment(number: int) -> datetime:
    return EPOCH + number * MICROSECOND
