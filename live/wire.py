"""The line on which PostgreSQL wakes the live processes: LISTEN and NOTIFY."""

from __future__ import annotations

import select
from dataclasses import dataclass, field

import psycopg2
from django.db import connection
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

CHANNEL = "itsm_live"
#: A dead connection is noticed within half a minute, also behind a firewall that forgot it.
_KEEPALIVE = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


@dataclass
class Heard:
    """What came in since it was taken last. ``many``: tickets changed that were not named."""

    tickets: set[int] = field(default_factory=set)
    many: bool = False
    presence: bool = False

    def add(self, payload: str) -> None:
        """Understand one message; an unknown one means: read everything anew."""
        word, _space, rest = payload.partition(" ")
        if word == "presence":
            self.presence = True
        elif word == "tickets":
            self.tickets.update(int(number) for number in rest.split(","))
        else:
            self.many = True

    def __bool__(self) -> bool:
        return bool(self.tickets or self.many or self.presence)


def tell(payload: str) -> None:
    """Wake every live process; at commit when inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


class Line:
    """A connection of its own that listens. Raises psycopg2.Error when it cannot, or no longer, reach the database."""

    def __init__(self) -> None:
        wanted = connection.get_connection_params() | _KEEPALIVE
        wanted.pop("cursor_factory", None)
        self.connection = psycopg2.connect(**wanted)
        self.connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        with self.connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")

    def fileno(self) -> int:
        """For the event loop, which watches it."""
        found: int = self.connection.fileno()
        return found

    def read(self, heard: Heard) -> None:
        """Take in what has arrived. Raises psycopg2.Error when the connection is gone."""
        self.connection.poll()
        for notice in self.connection.notifies:
            heard.add(notice.payload)
        self.connection.notifies.clear()

    def wait(self, seconds: float) -> bool:
        """Whether something arrives within ``seconds``. For programs without an event loop."""
        return bool(select.select([self.connection], [], [], seconds)[0])

    def close(self) -> None:
        """End it."""
        self.connection.close()
