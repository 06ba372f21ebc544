"""Once a minute: does Redis answer, and does somebody outside hear that all is well?

Both may take seconds, so they have a thread of their own: no timer waits for them.
"""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import connections, transaction

from notifications.sending import outbound
from sla.engine.health import check
from sla.models import EngineState
from tickets import clock

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
PATIENCE = 2.0
REDIS_PORT = 6379


def is_due(state: EngineState, now: datetime) -> bool:
    """Whether the last look is long enough ago."""
    return state.looked_at is None or now - state.looked_at >= EVERY


@transaction.atomic
def keep() -> None:
    """Look once a minute, whichever engine comes first."""
    now = clock.now()
    state = EngineState.taken(is_due, now)
    if state is None:
        return
    state.looked_at = now
    state.save(update_fields=["looked_at"])
    green = check(now).tone == "ok"
    thread = threading.Thread(target=_look, args=[settings.DEAD_MAN_URL if green else ""], name="lookout", daemon=True)
    transaction.on_commit(thread.start)


def _look(url: str) -> None:
    try:
        EngineState.objects.filter(pk=1).update(broker_answers=broker_answers(settings.REDIS_URL))
        if url:
            report(url)
    except Exception:
        logger.exception("The lookout failed.")
    finally:
        connections.close_all()


def report(url: str) -> None:
    """Tell the monitor outside that all is well. Trouble is logged alone: silence is the alarm."""
    try:
        answer = outbound.post_json(url, {"status": "ok"})
    except (outbound.Refused, outbound.NotSent, outbound.Unanswered) as error:
        logger.warning("The monitor outside was not reached: %s", error)
    else:
        if not 200 <= answer.status < 300:
            logger.warning("The monitor outside answered with %s.", answer.status)


def broker_answers(url: str) -> bool:
    """Whether Redis says anything within two seconds. Without its client, which engines have no other use for."""
    parts = urlsplit(url)
    with suppress(OSError), _connected(url) as line:
        if parts.scheme == "rediss":
            return True  # it speaks only after a handshake
        line.sendall(b"PING\r\n")
        return bool(line.recv(64))
    return False


def _connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return socket.create_connection((parts.hostname or "localhost", parts.port or REDIS_PORT), PATIENCE)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(PATIENCE)
    try:
        line.connect(unquote(parts.path))
    except OSError:
        line.close()
        raise
    return line
