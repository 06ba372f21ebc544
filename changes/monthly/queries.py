"""The figures and tables of a month of changes, as far as a reader sees them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from changes.codes import EMERGENCY, MAJOR
from changes.models import Change, Interruption
from changes.states import ENDED, Result
from changes.unauthorised.queries import figures as unauthorised_in
from tickets.figures.months import Month

SUCCEEDED = (Result.AS_PLANNED, Result.DEVIATED)


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
    """A month of changes. ``ended``: implemented or backed out in it; ``asked``: requested or ordered in it."""

    month: Month
    asked: list[Change]
    ended: list[Change]
    reviewed: list[Change]
    due: list[Change]
    unauthorised: dict[str, int]
    interruptions: list[Row] = field(default_factory=list)

    @property
    def good(self) -> list[Change]:
        """Those that succeeded, of all that ended."""
        return [one for one in self.ended if one.result in SUCCEEDED]

    @property
    def in_time(self) -> list[Change]:
        """Major changes that ended by their planned end, of those due in the month; backed out ones missed it."""
        return [one for one in self.due if _was_in_time(one)]

    @property
    def missed(self) -> list[Change]:
        """Those whose review says that they missed the expected result."""
        return [one for one in self.reviewed if one.expected_reached is False]

    @property
    def minutes(self) -> int:
        """Minutes of interruption that the reviews of the month name, as they count now."""
        return sum(one.interruption_minutes or 0 for one in self.reviewed)


def _was_in_time(change: Change) -> bool:
    ended, planned = change.actual_end, change.planned_end
    return ended is not None and planned is not None and ended <= planned and change.result != Result.BACKED_OUT


def book_of(month: Month, user: User) -> Book:
    """The month as ``user`` sees it. Seven queries."""
    related = ("change_type", "group", "template_version__template", "requester")
    seen = Change.objects.visible_to(user).select_related(*related).order_by("number")
    within = {"gte": month.start, "lt": month.end}

    def by(column: str, *conditions: Q, **named: Any) -> list[Any]:
        return list(seen.filter(*conditions, **{f"{column}__{name}": at for name, at in within.items()}, **named))

    reviewed = by("reviewed_at")
    return Book(
        month,
        asked=by("created_at"),
        ended=by("resolved_at", state__in=ENDED),
        reviewed=reviewed,
        due=by("planned_end", change_type_id=MAJOR, state__in=ENDED),
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
