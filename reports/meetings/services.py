"""Holding process meetings: the figures of a quarter, and what was said about them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.http import QueryDict

from accounts.models import User
from accounts.permissions import Permission
from reports.figures import Figure, Scope, figures
from reports.known.scope import sealed
from reports.meetings.models import ProcessMeeting
from reports.periods import Period, dated_period
from reports.texts import plain, shown
from sla.boards import may_see_board
from tickets.figures.measures import Measure, measure_of, measures_of
from tickets.figures.records import zone
from tickets.lifecycle import Kind

_QUARTER = re.compile(r"(20\d\d)-Q([1-4])")


@dataclass(frozen=True)
class Quarter:
    """Three months; ``start``: the first day."""

    start: date

    @classmethod
    def parse(cls, text: str, now: datetime) -> Quarter:
        """The quarter that ``text`` names, such as 2026-Q3; without one the last that is over."""
        found = _QUARTER.fullmatch(text)
        if found:
            return cls(date(int(found[1]), int(found[2]) * 3 - 2, 1))
        today = now.astimezone(zone()).date()
        return cls(date(today.year, (today.month - 1) // 3 * 3 + 1, 1)).moved(-1)

    def moved(self, quarters: int) -> Quarter:
        """So many later."""
        return Quarter(self.start + relativedelta(months=3 * quarters))

    @property
    def code(self) -> str:
        """As ``parse`` reads it."""
        return f"{self.start.year}-Q{(self.start.month + 2) // 3}"

    def period(self, now: datetime) -> Period:
        """As known now."""
        return dated_period(self.start.isoformat(), self.moved(1).start.isoformat(), now)


def may_write(user: User) -> bool:
    """Who manages reports writes the minutes."""
    return may_see_board(user) and user.may(Permission.MANAGE_REPORTS)


def scope_of(kind: Kind, quarter: Quarter, user: User, now: datetime) -> Scope:
    """The quarter as the person sees it now."""
    return Scope(user, kind, QueryDict(), quarter.period(now).span)


def figures_of(kind: Kind, quarter: Quarter, user: User, now: datetime) -> dict[str, Figure]:
    """The figures of a quarter as the person sees them now."""
    return figures(measures_of(kind.code), scope_of(kind, quarter, user, now))


@transaction.atomic
def write_minutes(
    *, kind: Kind, quarter: Quarter, cleaned: dict[str, Any], user: User, now: datetime
) -> ProcessMeeting:
    """Store what was written, with the figures of this moment; neither ever changes."""
    scope = scope_of(kind, quarter, user, now)
    known_at = sealed(scope)
    kept = [
        {
            "id": code,
            "version": figure.measure.version,
            "value": plain(figure.value),
            "numerator": figure.numerator,
            "denominator": figure.denominator,
        }
        for code, figure in figures(measures_of(kind.code), scope).items()
    ]
    return ProcessMeeting.objects.create(
        kind=kind.code,
        quarter=quarter.start,
        figures=kept,
        known_at=known_at,
        written_by=user,
        written_at=now,
        **cleaned,
    )


def meetings_of(kind: Kind, quarter: Quarter) -> list[ProcessMeeting]:
    """The meetings about a quarter, the newest first."""
    found = ProcessMeeting.objects.filter(kind=kind.code, quarter=quarter.start)
    return list(found.select_related("written_by"))


@dataclass(frozen=True)
class Line:
    """A figure as it is now, and as it was at each meeting (newest first); ``differs``: the newest saw another."""

    measure: Measure
    now: str
    then: list[str]
    url: str
    differs: bool


def lines_of(found: dict[str, Figure], meetings: list[ProcessMeeting]) -> list[Line]:
    """The figures of the quarter beside those that each meeting saw."""
    kept = [{row["id"]: row for row in meeting.figures} for meeting in meetings]
    lines = []
    for code, figure in found.items():
        rows = [rows.get(code) for rows in kept]
        then = [shown(row["value"], measure_of(code).unit) if row else "–" for row in rows]
        differs = bool(rows and rows[0] and rows[0]["value"] != plain(figure.value))
        lines.append(Line(figure.measure, shown(figure.value, figure.measure.unit), then, figure.url, differs))
    return lines
