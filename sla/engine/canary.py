"""The canary: every few minutes a synthetic timer passes the whole path, so that silence means trouble."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from notifications.events import TEST_EVENT
from notifications.services import give_notice
from sla.models import EngineState
from tickets import clock

EVERY = timedelta(minutes=5)
#: A canary that has not come back after this means that nothing is fired.
OLD_AFTER = timedelta(minutes=10)
TARGET = timedelta(seconds=10)
#: With this its notices begin.
KEY = f"{TEST_EVENT}:"


def is_due(state: EngineState, now: datetime) -> bool:
    """Whether a canary has to be started, or to pass."""
    if state.canary_started_at:
        return state.canary_started_at + TARGET < now
    return state.canary_passed_at is None or now - state.canary_passed_at >= EVERY


def is_missing(state: EngineState, now: datetime) -> bool:
    """Whether the one that was sent has not come back, or none was sent although somebody should have.

    After a stop the first engine sends one at once: while that is on its way, what was before it is no alarm.
    """
    known = [at for at in (state.canary_passed_at, state.canary_started_at) if at]
    return bool(known) and max(known) < now - OLD_AFTER


@transaction.atomic
def keep() -> None:
    """Start a canary when it is time, and let one that is due pass: its notice has no readers. Once per canary."""
    now = clock.now()
    state = EngineState.taken(is_due, now)
    if state is None:
        return
    if state.canary_started_at is None:
        state.canary_started_at = now
        state.save(update_fields=["canary_started_at"])
        return
    due_at, key = state.canary_started_at + TARGET, f"{KEY}{state.canary_started_at.isoformat()}"
    give_notice(
        key=key, event=TEST_EVENT, ticket=None, recipients=[], urgent=False, at=now, due_at=due_at, rooms=False
    )
    state.canary_ms = int((now - due_at) / timedelta(milliseconds=1))
    state.canary_started_at, state.canary_passed_at = None, now
    state.save(update_fields=["canary_started_at", "canary_passed_at", "canary_ms"])
