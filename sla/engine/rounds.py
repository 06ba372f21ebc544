"""The engine: fires what is due and sends what is waiting. One function; any number of drivers, none of which waits.

PostgreSQL is the only truth: a driver that dies, doubles or comes late loses nothing and doubles nothing.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from accounts.models import User
from notifications.sending.outbox import deliver_due
from notifications.services import hold_for_operators
from sla.calendars.following import follow_calendars
from sla.clocks import auditing
from sla.clocks.rearming import follow_rules
from sla.clocks.timers import Fired, fire_due
from sla.engine import canary, endings
from sla.engine import watch as lookout
from sla.engine.models import MODULE_VERSION
from sla.models import EngineHeartbeat, EngineState, EngineSwitch
from sla.orders.commands import run_due
from tickets import clock

logger = logging.getLogger(__name__)

#: Stored in English, shown in the reader's language.
RESTORED = gettext_noop("The database came back from a backup.")
MAY_BE_SENT = gettext_noop("The database came back from a backup: it may have been sent before.")
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
    """Fire due timers, carry out commands, send what is due, look after itself, write a heartbeat. Safe at any time.

    ``budget``: seconds after which no new batch is begun. Raises nothing but what the database raises when it
    is gone and no heartbeat can be written; trouble with one part does not keep the others from running.
    """
    begun = time.monotonic()
    state = _state()
    held_back = _held_back(state)
    fired = failed = sent = 0
    if not held_back:
        done = _guarded("timers", lambda: fire_due(budget=budget)) or Fired()
        fired, failed = done.timers, done.failed
        left = max(0.5, budget - (time.monotonic() - begun))
        fired += _guarded("commands", lambda: run_due(budget=left)) or 0
        left = max(0.5, budget - (time.monotonic() - begun))
        sent = _guarded("deliveries", lambda: deliver_due(budget=left)) or 0
        _guarded("calendars", follow_calendars)
        _guarded("rules", follow_rules)
        _look_after_itself(state)
    spent = int((time.monotonic() - begun) * 1000)
    beat(driver, spent, fired + int(sent))
    return Pass(fired, failed, int(sent), spent, held_back)


def _look_after_itself(state: EngineState) -> None:
    """The works whose time has come; each looks again when it holds the lock, since others may be faster."""
    now = clock.now()
    for part in (canary, auditing, lookout, endings):
        if part.is_due(state, now):
            _guarded(part.__name__, part.keep)


def _guarded(part: str, work: Any) -> Any:
    """Run ``work``; an error is logged, and the next pass tries again."""
    try:
        return work()
    except Exception:
        logger.exception("The engine's %s failed.", part)
        return None


def _state() -> EngineState:
    """The switches, made when there are none yet."""
    found = EngineState.objects.filter(pk=1).first()
    if found is None:
        EngineState.objects.bulk_create([EngineState(id=1, module_version=MODULE_VERSION)], ignore_conflicts=True)
    return found or EngineState(module_version=MODULE_VERSION)


def _held_back(state: EngineState) -> str:
    """Why this process must not fire anything: paused by an operator, or another version of the rows."""
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


# --- Switches -------------------------------------------------------------------------------------------------------


@transaction.atomic
def switch(*, paused: bool, by: User | None, reason: str, now: datetime) -> bool:
    """Hold every engine back, or let them go on; who did it and why is kept. False when it was so before.

    Without ``by`` it was done on the command line. Clocks go on counting; what falls due meanwhile is caught up
    with after the release, marked as late.
    """
    _state()
    if not EngineState.objects.filter(pk=1).exclude(paused=paused).update(paused=paused):
        return False
    EngineSwitch.objects.create(at=now, paused=paused, by=by, reason=reason)
    return True


def adopt_version() -> None:
    """After the migrations of this version: engines of others hold themselves back from now on."""
    EngineState.objects.filter(pk=1).update(module_version=MODULE_VERSION)


@transaction.atomic
def begin_new_epoch(now: datetime) -> None:
    """After a restore: what was on its way may have arrived long ago, so nobody sends it without being asked to.

    The engines are held back until a person has looked.
    """
    switch(paused=True, by=None, reason=RESTORED, now=now)
    hold_for_operators(MAY_BE_SENT)
    EngineState.objects.filter(pk=1).update(restore_epoch=F("restore_epoch") + 1)


def note_backup(now: datetime) -> None:
    """Remember when the database was last backed up."""
    _state()
    EngineState.objects.filter(pk=1).update(backed_up_at=now)
