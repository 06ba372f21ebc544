"""Ends a worker of the engine that hears nothing though there is something to hear: its supervisor starts a fresh one.

Idle is not dead: with two workers one may lose every nudge to the other for hours. Only while nudges wait in Redis and
this worker takes none of them is it deaf.

Workers that stop listening after trouble with Redis are a kind of error that returns from time to time (celery/celery
#10205, #10302). Meanwhile the engine's own process carries on.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg2
import redis
from celery.worker import state
from django.conf import settings
from django.urls import set_urlconf

logger = logging.getLogger(__name__)

#: Exit code of a worker that ended itself: a temporary failure (sysexits.h).
EXIT_CODE = 75
LOOKS_EVERY = 2.0
QUEUE = "engine"
#: So many nudges that nobody takes are ten seconds of them.
MANY = 5


class Watchdog(threading.Thread):
    """Looks at how many tasks the worker has begun; ``silence``: seconds without a new one that are too many."""

    def __init__(
        self,
        silence: float,
        *,
        begun: Callable[[], int] | None = None,
        answers: Callable[[], bool] | None = None,
        waiting: Callable[[], bool] | None = None,
        end: Callable[[int], Any] = os._exit,
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.silence = silence
        self._begun = begun or (lambda: state.all_total_count[0])
        self._answers = answers or database_answers
        self._waiting = waiting or nudges_wait
        self._end = end
        self._seen, self._since = self._begun(), time.monotonic()

    def run(self) -> None:
        """Look until the worker ends."""
        while not self.look(time.monotonic()):
            time.sleep(min(LOOKS_EVERY, self.silence / 4))

    def look(self, now: float) -> bool:
        """Whether the worker was ended. ``now``: seconds of a clock that never goes back."""
        count = self._begun()
        if count != self._seen:
            self._seen, self._since = count, now
        if now - self._since <= self.silence or not self._waiting() or not self._answers():
            return False
        logger.critical("No task for %.0f s although nudges wait: this worker ends.", now - self._since)
        self._end(EXIT_CODE)
        return True


def nudges_wait() -> bool:
    """Whether nudges pile up in Redis: a worker that listens leaves none lying. False when Redis does not say."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as line:
            return int(line.llen(QUEUE)) >= MANY
    except redis.RedisError:
        return False


def database_answers() -> bool:
    """Whether PostgreSQL answers a connection of its own within seconds."""
    given = settings.DATABASES["default"]
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    access = {name: given[key] for name, key in names.items() if given.get(key)}
    try:
        connection = psycopg2.connect(**given.get("OPTIONS", {}) | access | {"connect_timeout": 3})
    except psycopg2.Error:
        return False
    connection.close()
    return True


def watch_worker(worker: Any) -> None:
    """Start the watchdog in a ``worker`` that serves the engine's queue and nothing else; it only writes links."""
    if set(worker.app.amqp.queues.consume_from) == {QUEUE}:
        set_urlconf(settings.LINKS_URLCONF)
        Watchdog(settings.ENGINE_WORKER_SILENCE).start()
