"""Who gains or loses days of duty by a change of a roster: found by comparing the plans, and told (ORG-05)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from accounts.models import User
from duty.models import Roster
from duty.queries import AHEAD, plans_of
from duty.signals import duty_moved
from duty.turns import Plan


@dataclass
class Moved:
    """What changed in one roster: the days from ``start`` to ``end``, and whom it concerns, by key."""

    start: datetime
    end: datetime
    people: dict[int, User] = field(default_factory=dict)


def moved(before: Plan | None, after: Plan, begin: datetime, end: datetime) -> Moved | None:
    """What differs between ``begin`` and ``end``; None when everybody keeps their days."""
    found: Moved | None = None
    edges = {turn.start for plan in (before, after) if plan for turn in plan.between(begin, end)}
    for at in sorted({max(edge, begin) for edge in edges}):
        old, new = before.on_duty(at) if before else None, after.on_duty(at)
        was, is_now = old.user if old else None, new.user if new else None
        if was == is_now:
            continue
        found = found or Moved(at, at)
        found.end = max(found.end, min(turn.end for turn in (old, new) if turn))
        concerned = (was, is_now, new.instead_of if new else None, old.instead_of if old else None)
        found.people |= {person.pk: person for person in concerned if person}
    return found


@contextmanager
def telling(
    *,
    rosters: Iterable[int],
    by: User,
    now: datetime,
    span: tuple[datetime, datetime] | None = None,
    note: str = "",
    also: Iterable[User] = (),
    told: Iterable[User] = (),
) -> Iterator[None]:
    """Do what is inside in one transaction; everybody whose days it moves is told, except ``by`` and ``told``.

    ``rosters``: keys of those that the change can touch; ``span``: what it can touch, the next weeks unless given;
    ``also``: told even when no day moved.
    """
    keys, (start, end) = list(rosters), span or (now, now + AHEAD)
    window = (max(start, now), max(end, now))
    with transaction.atomic():
        before = plans_of(Roster.objects.loaded().filter(pk__in=keys), *window)
        yield
        rosters_now = list(Roster.objects.loaded().filter(pk__in=keys))
        after, besides = plans_of(rosters_now, *window), {person.pk: person for person in also}
        known = {by.pk, *(person.pk for person in told)}
        for roster in rosters_now:
            found = moved(before.get(roster.pk), after[roster.pk], *window) or Moved(*window)
            readers = [person for key, person in (besides | found.people).items() if key not in known]
            besides = {}  # once is enough
            if readers:
                days = (found.start, found.end)
                duty_moved.send(Roster, roster=roster, people=readers, by=by, span=days, note=note, now=now)
