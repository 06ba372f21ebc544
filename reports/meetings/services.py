"""Holding process meetings: the figures of a quarter, and what was said about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import QueryDict

from accounts.models import User
from accounts.permissions import Permission
from reports.figures import Figure, Scope, figures
from reports.known.keeping import kept_figures
from reports.meetings.models import ProcessMeeting
from reports.quarters import Quarter
from reports.texts import plain, shown
from sla.boards import may_see_board
from tickets.figures.measures import Measure, measure_of, measures_of
from tickets.lifecycle import Kind


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
    rows, known_at = kept_figures(scope_of(kind, quarter, user, now))
    return ProcessMeeting.objects.create(
        kind=kind.code,
        quarter=quarter.start,
        figures=rows,
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
