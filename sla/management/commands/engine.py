import logging
import signal
import threading
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, InterfaceError, connection

from sla.engine import run_once

logger = logging.getLogger(__name__)
IDLE_SECONDS = 1.0
LONGEST_BACKOFF = 15.0


class Command(BaseCommand):
    """The engine's own process: it needs the database alone."""

    help = "Fire timers and send notices once a second until told to stop. Run two of them in production."

    def add_arguments(self, parser: CommandParser) -> None:
        """How long."""
        parser.add_argument("--once", action="store_true", help="one pass, then end")
        parser.add_argument("--alive", type=Path, help="a file to touch after every pass, for a supervisor to look at")
        parser.add_argument("--name", default="engine", help="name of this driver in the heartbeats")

    def handle(self, *args: Any, once: bool, name: str, alive: Path | None, **options: Any) -> None:
        """Pass after pass; while the database is gone, try again with growing patience."""
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        pause = IDLE_SECONDS
        while not stopping.is_set():
            try:
                done = run_once(driver=name)
                pause = IDLE_SECONDS if done.idle else 0.05
                if alive:
                    alive.touch()
            except (DatabaseError, InterfaceError):
                logger.exception("The database does not answer; trying again in %.0f s.", pause)
                connection.close()
                pause = min(pause * 2, LONGEST_BACKOFF)
            if once:
                return
            stopping.wait(pause)
