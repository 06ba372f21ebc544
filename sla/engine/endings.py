"""Once an hour: warranties, contracts and licences that come near their end, spare parts that run low, items that
wait for the word of their owner.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from notifications.telling.items import tell_confirmations, tell_endings
from sla.models import EngineState
from tickets import clock

EVERY = timedelta(hours=1)


def is_due(state: EngineState, now: datetime) -> bool:
    """Whether the last look is long enough ago."""
    return state.endings_at is None or now - state.endings_at >= EVERY


@transaction.atomic
def keep() -> None:
    """Tell what has to be told, whichever engine comes first; each is told once."""
    now = clock.now()
    state = EngineState.taken(is_due, now)
    if state is None:
        return
    state.endings_at = now
    state.save(update_fields=["endings_at"])
    tell_endings(now)
    tell_confirmations(now)
