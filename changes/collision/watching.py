"""What alters by no action of a change: holidays that are announced, and the relations of the CMDB (CHG-05).

Looked for every minute. What planned changes were graded by last is kept, so that only what is new is told, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from changes.collision.collisions import Collision, Grade, Reason, against, load, named, rules_for, standing_between
from changes.collision.models import GradedBy
from changes.collision.redundancy import estate
from changes.collision.regrading import (
    freezes_of,
    pair_key,
    planned_changes,
    tell_moved,
    tell_other,
    tell_owners,
    words_of,
)
from changes.collision.signing import key_of
from changes.models import Change
from changes.schedule.trading import ANNOUNCED, TradingDays
from cmdb.models import GraphState
from cmdb.network.impact import above_any
from cmdb.network.keeping import changed_since
from tickets.services import log_event

ONE = 1
#: Rules that ask the CMDB.
ASKING = (Reason.REDUNDANCY, Reason.AWAY, Reason.NO_RETURN)
#: So far ahead changes are looked at.
AHEAD = timedelta(days=3650)


@transaction.atomic
def grade_what_altered(now: datetime) -> None:
    """Tell owners what came to stand against their changes since the last time; the first time nothing is new.

    Run by several, one does it.
    """
    known = _as_known()
    if GradedBy.objects.get_or_create(pk=ONE, defaults=known)[1]:
        return
    row = GradedBy.objects.select_for_update(skip_locked=True).filter(pk=ONE).first()
    if row is None or all(getattr(row, name) == value for name, value in known.items()):
        return
    if (row.holidays, row.workdays) != (known["holidays"], known["workdays"]):
        _grade_freezes(row, now)
    if row.graph_born in (None, known["graph_born"]) and row.graph_version < known["graph_version"]:
        _grade_estate(changed_since(row.graph_version), now)
    GradedBy.objects.filter(pk=ONE).update(**known)


def _as_known() -> dict[str, Any]:
    """The columns of ``GradedBy`` as they are now."""
    graph = GraphState.objects.first()
    return {
        "holidays": {day.isoformat(): str(name) for day, name in ANNOUNCED.holidays.items()},
        "workdays": sorted(day.isoformat() for day in ANNOUNCED.workdays),
        "graph_born": graph.born if graph else None,
        "graph_version": graph.version if graph else 0,
    }


def _grade_freezes(row: GradedBy, now: datetime) -> None:
    holidays = {date.fromisoformat(day): name for day, name in row.holidays.items()}
    before = TradingDays(holidays, {date.fromisoformat(day) for day in row.workdays})
    planned = planned_changes(now)
    tell_moved(planned, freezes_of(planned, days=before), freezes_of(planned), now)


def _grade_estate(altered: set[int], now: datetime) -> None:
    told: set[str] = set()
    for one in named(list(_collisions_around(altered, now))):
        key = pair_key(one)
        if one.other is None:
            _tell_alone(one, now)
        elif key not in told and tell_other(one, one.change, now):
            _tell(one.change, words_of(one, one.other.number), f"{key}:back", now)
        told.add(key)


def _collisions_around(altered: set[int], now: datetime) -> Iterator[Collision]:
    """Hard collisions of planned changes that touch what was altered or rests on it, by rules that ask the CMDB."""
    rows = load(standing_between(now, now + AHEAD, now), now)
    with estate() as known:
        reached = above_any(known.graph, altered)
        rules = rules_for(rows, known, now)
        for row in rows:
            if reached.isdisjoint(row.items) and reached.isdisjoint(known.touched(row.items)):
                continue
            yield from _asking(against(row, [other for other in rows if other is not row], rules))


def _asking(found: Iterable[Collision]) -> Iterator[Collision]:
    return (one for one in found if one.grade is Grade.HARD and one.reason in ASKING and one.incident is None)


def _tell_alone(one: Collision, now: datetime) -> None:
    """Another node is away now; who read that when it counted knows it."""
    key = key_of(one)
    if not one.change.collision_readings.filter(collisions__contains=[{"key": key}]).exists():
        _tell(one.change, words_of(one), f"{pair_key(one)}:{key}", now)


def _tell(change: Change, text: dict[str, str], key: str, now: datetime) -> None:
    if tell_owners(change, text, key, now):
        log_event(ticket=change, event="collision_arose", user=None, now=now, what={"id": "", **text})
