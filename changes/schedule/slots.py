"""The next windows in which a change as long as this one collides with nothing (CHG-05)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from changes.collision import redundancy
from changes.collision.collisions import (
    Collision,
    Grade,
    Loaded,
    Rules,
    against,
    found_of,
    load,
    rules_for,
    standing_between,
)
from changes.models import Change
from changes.schedule.maintenance import occurrences

#: So far ahead it is looked, at most so many windows are tried, and so many are offered.
AHEAD, TRIED, OFFERED = timedelta(days=14), 250, 4
#: Windows begin at full parts of an hour.
STEP = timedelta(minutes=15)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Slot:
    """A window. ``notes``: how many changes of the same system run then, which does no harm."""

    start: datetime
    end: datetime
    notes: int


def free_slots(
    change: Change, now: datetime, *, most: int = OFFERED, known: redundancy.Estate | None = None
) -> list[Slot]:
    """The next free windows from its own on: at the same time of the following days, in maintenance, when others end.

    Nothing without a window, nothing before ``now``. Hard and soft collisions rule a window out.
    """
    loaded = load([change], now, as_planned=True)
    if not loaded:
        return []
    own = loaded[0]
    since = max(now, own.start)
    others = load(standing_between(since, since + AHEAD + (own.end - own.start), now).exclude(pk=change.pk), now)
    with redundancy.estate(known) as estate:
        return _search(own, others, rules_for([own], estate, now), now, most)


def collisions_in(change: Change, start: datetime, now: datetime) -> list[Collision]:
    """What ``change`` would collide with if it began at ``start``, the worst first; nothing without a window."""
    loaded = load([change], now, as_planned=True)
    return found_of(moved(loaded[0], start), now) if loaded else []


def _search(own: Loaded, others: list[Loaded], rules: Rules, now: datetime, most: int) -> list[Slot]:
    found: list[Slot] = []
    for start in _candidates(own, others, rules, now):
        if found and start < found[-1].end:
            continue
        shifted = moved(own, start)
        grades = _grades(shifted, others, rules)
        if grades <= {Grade.NOTE}:
            notes = sum(1 for other in others if other.start < shifted.end and other.end > shifted.start)
            found.append(Slot(shifted.start, shifted.end, notes if Grade.NOTE in grades else 0))
        if len(found) == most:
            break
    return found


def _candidates(own: Loaded, others: list[Loaded], rules: Rules, now: datetime) -> list[datetime]:
    """Moments worth trying, in order: none before it was planned, nor before ``now``."""
    first = max(now, own.start)
    usual = [own.start + number * DAY for number in range((AHEAD // DAY) + 1 + max((now - own.start) // DAY, 0))]
    maintained = [window for system in own.systems for window in rules.windows.get(system, ())]
    windows = occurrences(maintained, first, first + AHEAD)
    tried = (*usual, *(other.end for other in others), *(begins for begins, _until in windows), first)
    starts = {_rounded(moment) for moment in tried if moment >= first}
    return sorted(moment for moment in starts if moment <= first + AHEAD)[:TRIED]


def _rounded(moment: datetime) -> datetime:
    """Up to the next full part of an hour."""
    plain = moment.replace(second=0, microsecond=0)
    if plain < moment:
        plain += timedelta(minutes=1)
    return plain + timedelta(minutes=-plain.minute % int(STEP.total_seconds() // 60))


def moved(own: Loaded, start: datetime) -> Loaded:
    """The change as if it began at ``start``; its people are busy, and its point of no return is, as much later."""
    by = start - own.start
    busy = tuple((person, begin + by, end + by) for person, begin, end in own.busy)
    no_return = own.no_return + by if own.no_return else None
    return replace(own, start=own.start + by, end=own.end + by, busy=busy, no_return=no_return)


def _grades(own: Loaded, others: list[Loaded], rules: Rules) -> set[Grade]:
    """The grades of what it would collide with; the first that is more than a note says enough."""
    found: set[Grade] = set()
    for collision in against(own, others, rules):
        found.add(collision.grade)
        if collision.grade is not Grade.NOTE:
            break
    return found
