"""The figures and tables of a month of changes, as far as a reader sees them."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from changes.codes import EMERGENCY
from changes.figures import records
from changes.models import Change, Interruption
from changes.states import Result
from changes.unauthorised.queries import figures as unauthorised_in
from tickets.figures.months import Month
from tickets.figures.records import Records, Span
from tickets.models import Ticket

#: From so many hours on, days are said.
DAYS_FROM = 48
SUCCEEDED = (Result.AS_PLANNED, Result.DEVIATED)
#: What a major change that is not in planned time may be; the last is no part of the share.
NOT_IN_TIME = (records.MAJOR_LATE, records.MAJOR_BACKED_OUT, records.MAJOR_UNTIMED, records.MAJOR_CANCELLED)


@dataclass(frozen=True)
class Row:
    """A group, a template or a system with its changes; ``good``: how many of them succeeded."""

    name: str
    changes: list[Change]
    good: int = 0
    minutes: int = 0

    @property
    def share(self) -> int:
        """Percent that succeeded."""
        return round(100 * self.good / len(self.changes)) if self.changes else 0


@dataclass(frozen=True)
class Book:
    """A month of changes, by the sets of the board. ``ended``: implemented or backed out in it; ``asked``: requested
    or ordered; ``begun``: begun in it; ``due``: major ones that should have ended in it, and those that did in time;
    ``not_in_time``: (what they are, how many) of the others.
    """

    month: Month
    asked: list[Change]
    ended: list[Change]
    reviewed: list[Change]
    begun: list[Change]
    due: list[Change]
    in_time: list[Change]
    not_in_time: list[tuple[Any, int]]
    unauthorised: dict[str, int]
    interruptions: list[Row] = field(default_factory=list)

    @property
    def good(self) -> list[Change]:
        """Those that succeeded, of all that ended."""
        return [one for one in self.ended if one.result in SUCCEEDED]

    @property
    def missed(self) -> list[Change]:
        """Those whose review says that they missed the expected result."""
        return [one for one in self.reviewed if one.expected_reached is False]

    @property
    def minutes(self) -> int:
        """Minutes of interruption that the reviews of the month name, as they count now."""
        return sum(one.interruption_minutes or 0 for one in self.reviewed)


def book_of(month: Month, user: User) -> Book:
    """The month as ``user`` sees it. Fourteen queries."""
    related = ("change_type", "group", "template_version__template", "requester")
    seen = Change.objects.visible_to(user).select_related(*related).order_by("number")
    span = Span(month.start, month.end)

    def of(found: Records) -> list[Change]:
        return list(seen.filter(pk__in=Ticket.objects.filter(found.where(span)).values("pk")))

    reviewed = of(records.JUDGED)
    return Book(
        month,
        asked=of(records.REGISTERED),
        ended=of(records.CARRIED_OUT),
        reviewed=reviewed,
        begun=of(records.BEGUN),
        due=of(records.MAJOR_DUE),
        in_time=of(records.MAJOR_IN_TIME),
        not_in_time=[(one.label, len(of(one))) for one in NOT_IN_TIME],
        unauthorised=unauthorised_in(user, month.start, month.end),
        interruptions=_by_system(reviewed),
    )


def _by_system(changes: list[Change]) -> list[Row]:
    """Minutes by business system, the longest first: the newest row of each change and system counts."""
    known = {change.pk: change for change in changes}
    rows = Interruption.objects.filter(change__in=known).select_related("system").order_by("pk")
    newest = {(row.change_id, row.system_id): row for row in rows}
    by_system: dict[str, list[Any]] = defaultdict(list)
    for row in newest.values():
        if row.minutes:
            by_system[str(row.system or _("No business system"))].append(row)
    found = (
        Row(name, [known[row.change_id] for row in rows], minutes=sum(row.minutes for row in rows))
        for name, rows in by_system.items()
    )
    return sorted(found, key=lambda row: (-row.minutes, row.name))


def by_group(book: Book) -> list[Row]:
    """Success of what ended, by the group that carried it out."""
    return _rows(book.ended, lambda one: str(one.group or _("No group")))


def by_template(book: Book) -> list[Row]:
    """Success of standard changes that ended, by their template."""
    standard = [one for one in book.ended if one.template_version is not None]
    return _rows(standard, lambda one: str(one.template_version.template))  # type: ignore[union-attr]  # has one


def _rows(changes: Iterable[Change], name: Callable[[Change], str]) -> list[Row]:
    """The least successful first, among them those with most changes."""
    parts: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        parts[name(change)].append(change)
    rows = [Row(code, found, sum(one.result in SUCCEEDED for one in found)) for code, found in parts.items()]
    return sorted(rows, key=lambda row: (row.share, -len(row.changes), row.name))


def by_type(book: Book) -> list[tuple[str, int]]:
    """How many of each type were requested or ordered."""
    counts: dict[str, int] = defaultdict(int)
    for one in book.asked:
        counts[str(one.change_type)] += 1
    return sorted(counts.items(), key=lambda pair: -pair[1])


def signed_in(month: Month, user: User) -> list[Change]:
    """Changes for whose hard collisions somebody signed in the month."""
    signed = Q(overrides__at__gte=month.start, overrides__at__lt=month.end)
    return list(Change.objects.visible_to(user).filter(signed).distinct().order_by("number"))


def outside_of(book: Book) -> list[Change]:
    """What ended after its planned end, or began before its planned start."""
    ended = [one for one in book.ended if one.planned_start and one.planned_end]
    return [one for one in ended if _is_outside(one)]


def _is_outside(change: Change) -> bool:
    begun, ended = change.actual_start, change.actual_end
    early = begun is not None and change.planned_start is not None and begun < change.planned_start
    return early or (ended is not None and change.planned_end is not None and ended > change.planned_end)


def late_by_clock(month: Month, user: User, metric: str) -> list[Change]:
    """Changes whose limit of ``metric`` passed in the month."""
    passed = {"clocks__breached_at__gte": month.start, "clocks__breached_at__lt": month.end}
    return list(Change.objects.visible_to(user).filter(clocks__metric=metric, **passed).distinct().order_by("number"))


def figures_of(book: Book, user: User) -> list[tuple[str, Any]]:
    """The figures as (label, value): what the page, the sheet and the paper say alike."""
    emergencies = [one for one in book.asked if one.change_type_id == EMERGENCY]
    return [
        (_("Requested or ordered"), len(book.asked)),
        *by_type(book),
        (_("Carried out"), len(book.ended)),
        (_("Success"), _of(book.good, book.ended)),
        (_("Major changes in planned time"), _of(book.in_time, book.due)),
        *book.not_in_time,
        *_waits(book),
        (_("Missed the expected result"), _of(book.missed, book.reviewed)),
        (_("Minutes of interruption"), book.minutes),
        (_("Share of emergencies"), _of(emergencies, book.asked)),
        (_("Hard collisions signed for"), len(signed_in(book.month, user))),
        (_("Unauthorised changes"), book.unauthorised["all"]),
    ]


def _of(some: list[Any], all_of_them: list[Any]) -> str:
    if not all_of_them:
        return "–"
    return f"{round(100 * len(some) / len(all_of_them))} % ({len(some)}/{len(all_of_them)})"


def _waits(book: Book) -> list[tuple[str, str]]:
    """From the request to the beginning of the work: median and 90 %, as the board has them."""
    waits = [(one.actual_start - one.created_at).total_seconds() for one in book.begun if one.actual_start]
    most = statistics.quantiles(waits * 2 if len(waits) == 1 else waits, n=10, method="inclusive")[-1] if waits else 0
    half = statistics.median(waits) if waits else 0
    labels = (_("Time from request to start: median"), _("Time from request to start: 90 %"))
    return [
        (label, in_hours(timedelta(seconds=took)) if waits else "–")
        for label, took in zip(labels, (half, most), strict=True)
    ]


def in_hours(span: timedelta) -> str:
    """A length of time in hours, from two days on in days."""
    hours = span.total_seconds() / 3600
    if hours >= DAYS_FROM:
        return _("%(n).1f days") % {"n": hours / 24}
    return _("%(n).1f hours") % {"n": hours}
