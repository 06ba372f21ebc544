"""Named sets of tickets of a period: what figures count and lists open.

A kind declares its sets (``<kind>/measures.py``); the filter ``records`` of every list, export and endpoint takes the
same set by its address. So there is one place that says which tickets a figure means (docs/reports.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from tickets.clock import NO_LIMIT
from tickets.figures.moves import is_move, went
from tickets.lifecycle import Phase
from tickets.querysets import LIVE

ENDED = (Phase.RESOLVED.value, Phase.CLOSED.value)
#: What an address of a set is made of: code, from, to, and when it was counted; a slice of it at the end.
SEPARATOR = "~"
#: No address that pages make is longer: as many ways as they show, the longest names, moments to the microsecond.
LONGEST = 600
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?")
_HOUR = re.compile(r"hour-([1-7])-(\d|1\d|2[0-3])")
_AGE = re.compile(r"age-([0-6])")
_PERSON = re.compile(r"by-([\w.@+-]{1,150})")
_CATEGORY = re.compile(r"in-(\d{1,9})")
#: Ages of work that is not finished, in days: the first bucket ends before the first of them.
AGES = (1, 3, 7, 14, 30, 90)


def zone() -> ZoneInfo:
    """The portal's zone: periods are of its days, whoever looks."""
    return ZoneInfo(settings.TIME_ZONE)


@dataclass(frozen=True)
class Span:
    """A period ``[start, end)`` as known ``at`` a moment: what came later is not in it."""

    start: datetime
    end: datetime
    at: datetime = NO_LIMIT

    @property
    def has_begun(self) -> bool:
        """Whether anything of the period is known yet: of one that has not begun there is no figure, and no record."""
        return self.start < self.at

    @property
    def edge(self) -> datetime:
        """Where the known part of the period ends."""
        return max(min(self.end, self.at), self.start)

    def within(self, column: str) -> Q:
        """The moment in ``column`` lies in the known part of the period."""
        return Q(**{f"{column}__gte": self.start, f"{column}__lt": self.edge})

    def open_at_edge(self) -> Q:
        """Registered and not finished where the known part ends. What was reopened since counts as never finished."""
        ended = Q(resolved_at__gte=self.edge) | Q(resolved_at=None, closed_at__gte=self.edge)
        return Q(created_at__lt=self.edge) & (Q(phase__in=LIVE) | (Q(phase__in=ENDED) & ended))


@dataclass(frozen=True, kw_only=True)
class Records:
    """A set of tickets of ``kind``. ``where`` is its whole condition; ``when`` the column that places a ticket in a
    period, empty for what stands at its end. ``internal``: only staff may count it and open it. ``is_open``: all of it
    is open at the period's end. ``parts``: sets that share nothing and make it up, so that it is counted as their sum.
    ``ahead``: how far beyond that end it looks. ``placed``: what places a record where no column does, such as when
    work on it was recorded. ``by_person``: which of it is there for what one person did, by username.
    """

    code: str
    kind: str
    label: Any
    meaning: Any
    when: str
    where: Callable[[Span], Q]
    internal: bool = False
    is_open: bool = False
    parts: tuple[Records, ...] = ()
    ahead: timedelta = timedelta()
    placed: Any = ""
    by_person: Callable[[Span, str], Q] | None = None

    @property
    def placed_by(self) -> Any:
        """What places a record in the period, as readers are told it."""
        return self.placed or PLACED_BY[self.when]


def staff_sets(kind: str) -> Callable[..., Records]:
    """What makes sets of ``kind`` that only staff count: of (code, label, meaning, when, where, and more)."""

    def make(code: str, label: Any, meaning: Any, when: str, where: Callable[[Span], Q], **more: Any) -> Records:
        named: dict[str, Any] = {"code": f"{kind}.{code}", "kind": kind, "label": label, "meaning": meaning}
        return Records(**named, when=when, where=where, internal=True, **more)

    return make


_known: dict[str, Records] = {}


def register_records(*records: Records) -> None:
    """Make sets known to the filter of lists. Raises ValueError for a code that another set has."""
    for item in records:
        if _known.setdefault(item.code, item) is not item:
            raise ValueError(f"Two sets of records are called {item.code}.")


def records_of(code: str) -> Records:
    """The set with ``code``. Raises KeyError."""
    return _known[code]


def all_records() -> list[Records]:
    """Every set, in the order of registration."""
    return list(_known.values())


@dataclass(frozen=True)
class Chosen:
    """A set of a period, perhaps a slice of it: what an address names."""

    records: Records
    span: Span
    part: str = ""

    @property
    def condition(self) -> Q:
        """Which tickets."""
        if not self.span.has_begun:
            return Q(pk__in=[])
        found = Q(kind=self.records.kind) & self.records.where(self.span)
        return found & slice_of(self.records, self.span, self.part) if self.part else found

    @property
    def internal(self) -> bool:
        """Whether only staff may count it and open it: how tickets went tells more than a requester reads."""
        return self.records.internal or is_move(self.part)

    @property
    def person(self) -> str:
        """The user name of the person whose work it is a slice of; empty for what is of no person."""
        found = _PERSON.fullmatch(self.part)
        return found[1] if found else ""

    @property
    def address(self) -> str:
        """The text that ``chosen_from`` reads."""
        at = "" if self.span.at >= NO_LIMIT else written(self.span.at)
        parts = [self.records.code, written(self.span.start), written(self.span.end), at, self.part]
        return SEPARATOR.join(parts).rstrip(SEPARATOR)

    def during(self, start: datetime, end: datetime) -> Chosen:
        """The same set of a part of the period."""
        return replace(self, span=replace(self.span, start=start, end=end))


def chosen_from(text: str) -> Chosen:
    """The set that an address names. Raises ValueError, KeyError for a set that there is not."""
    code, *rest = text.split(SEPARATOR)
    if not 2 <= len(rest) <= 4:
        raise ValueError(text)
    start, end, at, part = (*rest, "", "")[:4]
    span = Span(moment_of(start), moment_of(end), moment_of(at) if at else NO_LIMIT)
    if span.end < span.start:
        raise ValueError(text)
    records = records_of(code)
    if part:
        slice_of(records, span, part)
    return Chosen(records, span, part)


def moment_of(text: str) -> datetime:
    """A local date or time of the portal's zone. Raises ValueError."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    found = datetime.fromisoformat(text)
    if not 1900 < found.year < 9000:
        raise ValueError(text)
    return found.replace(tzinfo=zone()).astimezone(UTC)


def midnight(day: date) -> datetime:
    """The first moment of a local day."""
    return datetime.combine(day, time(), tzinfo=zone()).astimezone(UTC)


def written(moment: datetime) -> str:
    """``moment`` as ``moment_of`` reads it; a midnight is a date."""
    local = moment.astimezone(zone())
    return local.date().isoformat() if local.time() == time() else local.replace(tzinfo=None).isoformat()


def period_text(span: Span) -> str:
    """A period for people: its first and last day, or its hours."""
    start, end = span.start.astimezone(zone()), span.end.astimezone(zone())
    if start.time() != time() or end.time() != time():
        return f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M}"
    last = end.date() - timedelta(days=1)
    return f"{start.date()}" if last <= start.date() else f"{start.date()} – {last}"


def slice_of(records: Records, span: Span, part: str) -> Q:
    """The part of a set that a cell shows. Raises ValueError.

    ``hour-<weekday>-<hour>``, ``age-<bucket>``, ``in-<key>``: in this very category, not in one below;
    ``by-<username>``: there for what this person did; or how tickets went (``tickets.figures.moves.went``).
    """
    hour, age, category = _HOUR.fullmatch(part), _AGE.fullmatch(part), _CATEGORY.fullmatch(part)
    if hour and records.when:
        column = F(records.when)
        day, at = ExtractIsoWeekDay(column, tzinfo=zone()), ExtractHour(column, tzinfo=zone())
        return Q(Exact(day, int(hour[1]))) & Q(Exact(at, int(hour[2])))
    person = _PERSON.fullmatch(part)
    if person and records.by_person:
        return records.by_person(span, person[1])
    if category:
        return Q(category=int(category[1]))
    if age:
        return aged(span.edge, int(age[1]))
    if is_move(part):
        return went(part, span.at)
    raise ValueError(part)


def aged(edge: datetime, bucket: int) -> Q:
    """Registered so long before ``edge`` as the bucket says."""
    found = Q()
    if bucket > 0:
        found &= Q(created_at__lte=edge - timedelta(days=AGES[bucket - 1]))
    if bucket < len(AGES):
        found &= Q(created_at__gt=edge - timedelta(days=AGES[bucket]))
    return found


#: What stands beside a figure: the date that places a record in the period.
PLACED_BY = {
    "created_at": _("by the date of registration"),
    "resolved_at": _("by the date of the last solution"),
    "closed_at": _("by the date of closing"),
    "responded_at": _("by the date of the response"),
    "agreed_at": _("by the agreed time"),
    "": _("as it stands at the end of the period"),
}
