"""The window of a change and the times of its steps (CHG-05)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

Window = tuple[datetime | None, datetime | None]


def shift(was: Window, now_is: Window) -> timedelta:
    """By how much a window moved as a whole; nothing when it was made longer, shorter, given or taken away."""
    if None in was or None in now_is:
        return timedelta()
    by_start, by_end = (new - old for old, new in zip(was, now_is, strict=True))  # type: ignore[operator]
    return by_start if by_start == by_end else timedelta()


def is_outside(moment: datetime | None, window: Window) -> bool:
    """Whether ``moment`` lies before or after ``window``; nothing lies outside where there is no window."""
    start, end = window
    return moment is not None and ((start is not None and moment < start) or (end is not None and moment > end))


def began_by(moment: datetime) -> Q:
    """Whether what was carried out began by ``moment``: ``Change.began_at`` as a condition on changes with an end."""
    unsaid = Q(actual_start=None) & (Q(planned_start__lte=moment) | Q(actual_end__lte=moment))
    return Q(actual_start__lte=moment) | unsaid
