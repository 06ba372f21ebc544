"""Storing what an action did to the clocks of a ticket, in as few statements as there are kinds of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from sla.clocks import timers
from sla.clocks.life import Life
from sla.models import Clock, ClockChange, Segment, Timer

STORED = (
    "rule_id", "policy_version_id", "calendar_version_id", "basis", "rank", "state", "target", "consumed",
    "running_since", "paused_since", "pause_reason", "due_at", "breached_at", "stopped_at", "settled_at", "met", "gen",
    "provisional", "next_fire_at", "excuse", "excused_by_id", "excuse_text",
)  # fmt: skip
_SET_CLOCK = f"UPDATE sla_clock SET {', '.join(f'{name} = %s' for name in STORED)} WHERE id = %s"  # noqa: S608 - ours
#: One of several that go to the database together.
Statement = tuple[str, list[Any]]
_MOVE_TIMERS = """
UPDATE sla_timer t SET fire_at = v.at FROM unnest(%s::bigint[], %s::timestamptz[]) AS v(id, at) WHERE t.id = v.id
"""
_END_TIMERS = """
UPDATE sla_timer SET fire_at = NULL, state = CASE WHEN clock_id = ANY(%s::bigint[]) THEN 'cancelled' ELSE state END
WHERE clock_id = ANY(%s) AND state = 'armed'
"""


def store(lives: Iterable[Life], at: datetime) -> None:
    """Store every clock that was touched, with its segments, changes and timers."""
    touched = [life for life in lives if life.touched]
    old = [life for life in touched if not life.fresh]
    if old:
        moved = [] if timers.is_quiet() else _rearmed(old, at)
        _write([*moved, *((_SET_CLOCK, [*_values(life.clock), life.clock.pk]) for life in old)])
    timers.arm_fresh([life for life in touched if life.fresh], at)
    Segment.objects.bulk_create(row for life in lives for row in life.segments)
    ClockChange.objects.bulk_create(row for life in lives for row in life.changes)


def _rearmed(lives: Sequence[Life], at: datetime) -> list[Statement]:
    """Move the armed timers of clocks that run, hold those of paused ones, end those of clocks that ended."""
    running = {life.clock.pk: life for life in lives if life.clock.running_since}
    ended = [life.clock.pk for life in lives if not life.clock.is_active]
    held = [life.clock.pk for life in lives if life.clock.pk not in running]
    for life in lives:
        life.clock.next_fire_at = None
    moved = _moved(running, at) if running else []
    return [*([(_END_TIMERS, [ended, held])] if held else ()), *moved]


def _moved(running: dict[int, Life], at: datetime) -> list[Statement]:
    armed: dict[int, list[Timer]] = {key: [] for key in running}
    for timer in Timer.objects.filter(clock__in=list(running), state=timers.ARMED):
        armed[timer.clock_id].append(timer)
    for key, life in running.items():
        timers.set_times(life, armed[key], at)
    rows = [timer for found in armed.values() for timer in found]
    return [(_MOVE_TIMERS, [[row.pk for row in rows], [row.fire_at for row in rows]])] if rows else []


def _values(clock: Clock) -> list[Any]:
    fields = {field.attname: field for field in Clock._meta.concrete_fields}
    return [fields[name].get_db_prep_save(getattr(clock, name), connection) for name in STORED]


def _write(statements: Sequence[Statement]) -> None:
    """Plain statements in one go: Django's own way costs more than the rest of the action."""
    with connection.cursor() as cursor:
        cursor.execute(";".join(text for text, _values in statements), [x for _text, row in statements for x in row])
