"""Announcements as their page lists them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from announcements.models import Announcement
from announcements.querysets import AnnouncementQuerySet
from records.verdicts import available_actions

#: Older ones than these are read in the API.
OVER = 30


def listed(*, writes: bool, visible: AnnouncementQuerySet) -> AnnouncementQuerySet:
    """Everything for those who write, else what was said to the person."""
    return Announcement.objects.kept() if writes else visible


def standings_of(found: AnnouncementQuerySet, user: User, now: datetime, *, writes: bool) -> list[dict[str, Any]]:
    """``found`` by standing, what is read now first; of those that are over the newest ``OVER``. Three queries.

    For those who write with the ``buttons`` of each.
    """
    rows = found.select_related("author", "ticket").prefetch_related("systems", "organisations")
    live = list(rows.filter(ended_at=None, shown_until__gt=now))
    over = list(rows.exclude(ended_at=None, shown_until__gt=now)[:OVER])
    standings = Announcement.Standing
    by_standing: dict[str, list[Announcement]] = {standing: [] for standing in order(standings, writes=writes)}
    for row in (*live, *over):
        row.buttons = buttons_of(row, user) if writes else []
        by_standing.setdefault(row.standing(now), []).append(row)
    return [{"label": standings(code).label, "code": code, "rows": rows} for code, rows in by_standing.items() if rows]


def buttons_of(row: Announcement, user: User) -> list[Any]:
    """The steps offered beside it; it is changed on its own page, and nobody is shown what is over."""
    return [one for one in available_actions(row, user) if one.action.name != "edit" and one.enabled]


def order(standings: Any, *, writes: bool) -> list[str]:
    """What is read now, then what comes; drafts only for those who write."""
    drafts = [standings.DRAFT] if writes else []
    return [standings.SHOWN, standings.COMING, *drafts, standings.ENDED]
