"""The engine: fires what is due and sends what is waiting. One function; any number of drivers, none of which waits.

PostgreSQL is the only truth: a driver that dies, doubles or comes late loses nothing and doubles nothing.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from notifications.outbox import deliver_due
from sla import auditing, canary
from sla.following import follow_calendars
from sla.models import EngineHeartbeat, EngineState
from sla.timers import fire_due
from tickets import clock

logger = logging.getLogger(__name__)

#: Grows when the rows that engines of different versions share change their meaning.
MODULE_VERSION = "1"
#: Heartbeats of drivers that ended long ago are removed.
FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Pass:
    """What one pass did. ``idle``: nothing was due."""

    fired: int = 0
    failed: int = 0
    sent: int = 0
    milliseconds: int = 0
    held_back: str = ""

    @property
    def idle(self) -> bool:
        """Whether the next pass may wait a moment."""
        return self.fired == 0 and self.sent == 0


def run_once(budget: float = 10.0, *, driver: str = "engine") -> Pass:
    """Fire due timers, send due deliveries, look after itself, write a heartbeat. Safe to call at any time.

    ``budget``: seconds after which no new batch is begun. Raises nothing but what the database raises when it
    is gone; trouble with one part does not keep the others from running.
    """
    begun = time.monotonic()
    held_back = _held_back()
    fired = failed = sent = 0
    if not held_back:
        done = fire_due(budget=budget)
        fired, failed = done.timers, done.failed
        left = max(0.5, budget - (time.monotonic() - begun))
        sent = _guarded("deliveries", lambda: deliver_due(budget=left)) or 0
        _guarded("calendars", follow_calendars)
        _guarded("canary", canary.keep)
        _guarded("audit", auditing.audit_when_due)
    spent = int((time.monotonic() - begun) * 1000)
    beat(driver, spent, fired + int(sent))
    return Pass(fired, failed, int(sent), spent, held_back)


def _guarded(part: str, work: Any) -> Any:
    """Run ``work``; an error is logged, and the next pass tries again."""
    try:
        return work()
    except Exception:
        logger.exception("The engine's %s failed.", part)
        return None


def _held_back() -> str:
    """Why this process must not fire anything: paused by an operator, or another version of the rows."""
    state = EngineState.objects.filter(pk=1).first()
    if state is None:
        EngineState.objects.bulk_create([EngineState(id=1, module_version=MODULE_VERSION)], ignore_conflicts=True)
        return ""
    if state.paused:
        return "paused"
    return "" if state.module_version in ("", MODULE_VERSION) else "version"


_BEAT = """
INSERT INTO sla_engineheartbeat (name, host, beat_at, cycle_ms, processed, code_version, clock_offset_ms)
VALUES (%s, %s, clock_timestamp(), %s, %s, %s, %s)
ON CONFLICT (name, host) DO UPDATE SET beat_at = EXCLUDED.beat_at, cycle_ms = EXCLUDED.cycle_ms,
    processed = sla_engineheartbeat.processed + EXCLUDED.processed, code_version = EXCLUDED.code_version,
    clock_offset_ms = EXCLUDED.clock_offset_ms
"""


def beat(driver: str, milliseconds: int, processed: int) -> None:
    """Write that ``driver`` is alive on this machine, how long its pass took, and how far its clock is off."""
    offset = round(time.clock_gettime(time.CLOCK_REALTIME) * 1000 - clock.now().timestamp() * 1000)
    with connection.cursor() as cursor:
        host = f"{socket.gethostname()}:{os.getpid()}"[-100:]
        cursor.execute(_BEAT, [driver, host, milliseconds, processed, MODULE_VERSION, offset])


def forget_old_heartbeats() -> int:
    """Remove the heartbeats of processes that ended long ago; return how many."""
    return EngineHeartbeat.objects.filter(beat_at__lt=clock.now() - FORGOTTEN_AFTER).delete()[0]


@transaction.atomic
def pause(*, paused: bool) -> None:
    """Hold every engine back, or let them go on. After a restore they start held back."""
    EngineState.objects.update_or_create(pk=1, defaults={"paused": paused, "module_version": MODULE_VERSION})


def begin_new_epoch() -> None:
    """After a restore: hold the engines back until a person has looked at what may have been sent already."""
    pause(paused=True)
    EngineState.objects.filter(pk=1).update(restore_epoch=F("restore_epoch") + 1)
