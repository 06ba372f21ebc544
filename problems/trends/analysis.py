"""Trend analysis (PRB-02): what comes in bursts, and what keeps coming, by what incidents have in common.

Whole weeks only: the running one, and what lies outside the source's complete time, are never tested. A burst that
shows under several keys is one finding, under the narrowest key that explains it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import TruncWeek
from django.urls import reverse

from problems.trends.statistics import LEAST_SPREAD, Usual, discoveries, spread_of, tail, usual_of
from tickets.models import Ticket

ZONE = ZoneInfo(settings.TIME_ZONE)
WEEK = timedelta(days=7)
#: So many weeks are looked at unless somebody asks otherwise, and at least so many must be whole.
WEEKS, FEWEST = 12, 4
#: No finding from fewer cases; false ones among the findings; at most so many are shown.
LEAST, RATE, MOST = 3, 0.05, 12
#: A week at the edge with less than this part of a usual week is no whole week of the source.
EDGE = 0.3
#: What comes in so many of the weeks keeps coming; so much of two keys' excess shared makes them one burst.
OFTEN, SAME, COVERS = 0.75, 0.7, 0.6
#: A category that takes another one's place has between half and twice as many tickets a week.
AS_MANY = 2.0
BURST, KEEPS_COMING = "burst", "keeps_coming"

#: Name -> columns of the key, as lists filter by them. The narrow ones may keep coming; that wide ones do is no news.
DIMENSIONS: dict[str, tuple[str, ...]] = {
    "item": ("items__identifier",),
    "summary": ("summary",),
    "category_system": ("category__code", "business_system_id"),
    "category_group": ("category__code", "group__code"),
    "category": ("category__code",),
    "system": ("business_system_id",),
    "group": ("group__code",),
    "organisation": ("organisation__code",),
    "source": ("source_id",),
}
NARROW = ("item", "summary", "category_system")
#: What comes again and again there is one thing, not one sort of thing.
ALIKE = ("item", "summary")
PARAMETERS = {
    "items__identifier": "item",
    "summary": "q",
    "category__code": "category",
    "business_system_id": "business_system",
    "group__code": "group",
    "organisation__code": "organisation",
    "source_id": "source",
}


@dataclass(frozen=True)
class Series:
    """The counts of one key, a number a week."""

    dimension: str
    key: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.counts)


@dataclass
class Finding:
    """What stands out. ``first`` and ``last``: places of the weeks; ``chance``: how unlikely that was."""

    kind: str
    series: Series
    first: int
    last: int
    seen: int
    expected: float
    chance: float
    weeks: list[datetime] = field(repr=False)
    also: list[Series] = field(default_factory=list)

    @property
    def since(self) -> datetime:
        """The beginning of the first week that stands out."""
        return self.weeks[self.first]

    @property
    def until(self) -> datetime:
        """The end of the last one."""
        return self.weeks[self.last] + WEEK

    @property
    def code(self) -> str:
        """What it is remembered under."""
        return f"{self.kind}:{self.series.dimension}:{'|'.join(self.series.key)}"[:200]

    @property
    def address(self) -> str:
        """The list of its incidents."""
        names = DIMENSIONS[self.series.dimension]
        asked = {PARAMETERS[name]: value for name, value in zip(names, self.series.key, strict=True)}
        span = {"created_after": self.since.isoformat(), "created_before": self.until.isoformat()}
        return f"{reverse('tickets:list', args=['incidents'])}?{urlencode({'view': 'all', **asked, **span})}"

    def rows(self) -> Any:
        """Its incidents."""
        names = DIMENSIONS[self.series.dimension]
        found = _incidents(self.since, self.until)
        return found.filter(**dict(zip(names, self.series.key, strict=True))).distinct()


def whole_weeks(start: datetime | None, end: datetime, count: int = WEEKS) -> list[datetime]:
    """The beginnings of the whole weeks (Monday, local) from ``start`` to ``end``; without one the last ``count``."""
    local = end.astimezone(ZONE)
    monday = (local - timedelta(days=local.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    if start is None:
        return [monday - WEEK * number for number in range(count, 0, -1)]
    first = start.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    first += timedelta(days=-first.weekday() % 7)
    return [first + WEEK * number for number in range(max((monday - first) // WEEK, 0))]


def _incidents(start: datetime, end: datetime) -> Any:
    return Ticket.objects.filter(kind="incident", parent=None, created_at__gte=start, created_at__lt=end).order_by()


def find(weeks: list[datetime]) -> list[Finding]:
    """What stands out in ``weeks``, the most unlikely first. One statement a dimension, and one a candidate."""
    if not weeks:
        return []
    weeks, totals = complete(weeks, _totals(weeks))
    if len(weeks) < FEWEST:
        return []
    found: list[Finding] = []
    tests = narrow = 0
    steady: list[Finding] = []
    for dimension in DIMENSIONS:
        series = _series(dimension, weeks)
        spread = spread_of([one.counts for one in series])
        tests += len(series) * len(weeks)
        for one in series:
            found += [it for it in _bursts(one, totals, spread, weeks) if not _is_renamed(it, series)]
        if dimension in NARROW:
            narrow += len(series)
            steady += [it for row in series if (it := _keeps_coming(row, totals, spread, weeks)) is not None]
    kept = discoveries([one.chance for one in found], RATE, tests)
    bursts = _news(_joined([one for one, keep in zip(found, kept, strict=True) if keep]), tests)
    names = {one.series.key for one in bursts}
    steady = _joined([one for one in _worth_saying(steady, narrow) if one.series.key not in names])
    return [*_first(bursts, MOST), *_first(steady, MOST // 2)][:MOST]


def _news(found: list[Finding], tests: int) -> list[Finding]:
    """Those that stay when each burst counts once: one that shows under many keys does not let chance ones in."""
    kept = discoveries([one.chance for one in found], RATE, tests)
    return [one for one, keep in zip(found, kept, strict=True) if keep]


def _worth_saying(steady: list[Finding], tests: int) -> list[Finding]:
    """Of what keeps coming every item and every same summary; of wider keys only what grows beyond chance."""
    kept = discoveries([one.chance for one in steady], RATE, tests)
    pairs = zip(steady, kept, strict=True)
    return [one for one, grows in pairs if grows or one.series.dimension in ALIKE]


def complete(weeks: list[datetime], totals: list[int]) -> tuple[list[datetime], list[int]]:
    """Leave out the edges of the data: weeks before it begins, or after it ends, in which there is hardly anything."""
    known = sorted(total for total in totals if total)
    least = known[len(known) // 2] * EDGE if known else 1
    full = [place for place, total in enumerate(totals) if total >= max(least, 1)]
    if not full:
        return [], []
    return weeks[full[0] : full[-1] + 1], totals[full[0] : full[-1] + 1]


def _first(found: list[Finding], most: int) -> list[Finding]:
    return sorted(found, key=lambda one: (one.chance, -one.seen))[:most]


def _totals(weeks: list[datetime]) -> list[int]:
    rows = _incidents(weeks[0], weeks[-1] + WEEK).annotate(week=TruncWeek("created_at", tzinfo=ZONE))
    counts = dict(rows.values_list("week").annotate(n=Count("pk")))
    return [counts.get(week, 0) for week in weeks]


def _series(dimension: str, weeks: list[datetime]) -> list[Series]:
    """Every key that came at least ``LEAST`` times, by week."""
    places = {week: number for number, week in enumerate(weeks)}
    columns = DIMENSIONS[dimension]
    rows = _incidents(weeks[0], weeks[-1] + WEEK).annotate(week=TruncWeek("created_at", tzinfo=ZONE))
    rows = rows.filter(**{f"{column}__isnull": False for column in columns})
    by_key: dict[tuple[str, ...], list[int]] = {}
    for week, *rest in rows.values_list("week", *columns).annotate(n=Count("pk", distinct=dimension == "item")):
        if week in places:
            key = tuple(str(part) for part in rest[:-1])
            by_key.setdefault(key, [0] * len(weeks))[places[week]] += rest[-1]
    return [Series(dimension, key, tuple(counts)) for key, counts in by_key.items() if sum(counts) >= LEAST]


def _bursts(series: Series, totals: list[int], spread: float, weeks: list[datetime]) -> Iterable[Finding]:
    """Each run of weeks that stands out is one burst; the weeks in which it fades belong to it."""
    place = 1
    while place < len(weeks):
        count = series.counts[place]
        usual = usual_of(series.counts, totals, place, spread)
        chance = tail(count, usual) if count >= LEAST and count > usual.mean else 1.0
        if chance > RATE / 10:
            place += 1
            continue
        last = place
        while last + 1 < len(weeks) and series.counts[last + 1] >= max(LEAST, 3 * usual.mean):
            last += 1
        seen = sum(series.counts[place : last + 1])
        expected = usual.mean * (last - place + 1)
        yield Finding(BURST, series, place, last, seen, round(expected, 1), chance, weeks)
        place = last + 1


def _is_renamed(found: Finding, series: list[Series]) -> bool:
    """Whether its category is another one's new name: it begins when that one ends, and goes on as that did."""
    one, place = found.series, found.first
    if (
        "category__code" not in DIMENSIONS[one.dimension]
        or any(one.counts[:place])
        or not all(one.counts[place + 1 :])
    ):
        return False
    after = sum(one.counts[place:]) / (len(one.counts) - place)
    return any(
        other.key[0] != one.key[0]
        and other.key[1:] == one.key[1:]
        and other.counts[place - 1]
        and not any(other.counts[place + 1 :])
        and 1 / AS_MANY <= sum(other.counts[:place]) / place / after <= AS_MANY
        for other in series
    )


def _keeps_coming(series: Series, totals: list[int], spread: float, weeks: list[datetime]) -> Finding | None:
    """Whether a narrow key comes week after week; its chance is that of growing so: what grows is first."""
    present = sum(count > 0 for count in series.counts)
    if present < OFTEN * len(weeks) or series.total < LEAST * 2:
        return None
    half = len(weeks) // 2
    early, late = sum(series.counts[:half]), sum(series.counts[half:])
    share = sum(totals[half:]) / max(sum(totals[:half]), 1)
    mean = (early + 0.5) * share
    # What came early is a sample itself: few of them say little about what is usual.
    chance = tail(late, Usual(mean, mean * max(spread, LEAST_SPREAD) * (1 + share)))
    return Finding(KEEPS_COMING, series, 0, len(weeks) - 1, series.total, round(early + mean, 1), chance, weeks)


def _joined(found: list[Finding]) -> list[Finding]:
    """One finding a burst: those that share most of their tickets, under the narrowest key that covers it."""
    groups: list[list[tuple[Finding, set[int]]]] = []
    for one in sorted(found, key=lambda one: one.chance)[: MOST * 8]:
        keys = set(one.rows().values_list("pk", flat=True))
        home = next((group for group in groups if any(_same(one, keys, *other) for other in group)), None)
        if home is None:
            groups.append([(one, keys)])
        else:
            home.append((one, keys))
    return [_narrowest(group) for group in groups]


def _same(one: Finding, keys: set[int], other: Finding, others: set[int]) -> bool:
    """Whether most of what either has beyond the usual is the same tickets."""
    return len(keys & others) >= SAME * max(min(one.seen - one.expected, other.seen - other.expected), 1)


def _narrowest(group: list[tuple[Finding, set[int]]]) -> Finding:
    """Of those that cover most of the excess the one that has the fewest others; the rest is named beside it."""
    most = max(one.seen - one.expected for one, _keys in group)
    covering = [one for one, _keys in group if one.seen - one.expected >= min(COVERS * most, most)]
    order = list(DIMENSIONS)
    best = min(covering, key=lambda one: (one.series.total - one.seen, order.index(one.series.dimension)))
    best.also = [one.series for one, _keys in group if one.series != best.series]
    return best
