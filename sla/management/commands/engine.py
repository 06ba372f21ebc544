import logging
import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError, connection
from django.urls import set_urlconf

from sla.engine.rounds import run_once, switch
from tickets import clock

logger = logging.getLogger(__name__)
IDLE_SECONDS = 1.0
LONGEST_BACKOFF = 5.0


class Command(BaseCommand):
    """The engine's own process: it needs the database alone."""

    help = "Fire timers and send notices once a second until told to stop. Run two of them in production."
    requires_system_checks: list[str] = []  # they would load every page, which takes more memory than the engine

    def add_arguments(self, parser: CommandParser) -> None:
        """How long."""
        parser.add_argument("--once", action="store_true", help="one pass, then end")
        parser.add_argument("--alive", type=Path, help="a file to touch after every pass, for a supervisor to look at")
        parser.add_argument("--name", default="engine", help="name of this driver in the heartbeats")
        switches = parser.add_mutually_exclusive_group()
        switches.add_argument("--pause", action="store_true", help="hold every engine back and end")
        switches.add_argument("--release", action="store_true", help="let the engines go on and end")
        parser.add_argument("--reason", default="", help="why; kept with --pause and --release")

    def handle(self, *args: Any, **options: Any) -> None:
        """Switch the engines when told to; else run one."""
        if options["pause"] or options["release"]:
            self._switch(paused=options["pause"], reason=options["reason"].strip())
        else:
            run(once=options["once"], name=options["name"], alive=options["alive"])

    def _switch(self, *, paused: bool, reason: str) -> None:
        if not reason:
            raise CommandError("Say why with --reason.")
        done = switch(paused=paused, by=None, reason=reason[:200], now=clock.now())
        said = "held back" if paused else "let go on"
        self.stdout.write(f"The engines are {said}." if done else f"The engines were {said} before.")


def run(*, once: bool, name: str, alive: Path | None) -> None:
    """Pass after pass until told to stop; while the database is gone, try again with growing patience."""
    set_urlconf(settings.LINKS_URLCONF)
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
        except (DatabaseError, InterfaceError) as error:
            pause = min(max(pause, IDLE_SECONDS) * 2, LONGEST_BACKOFF)
            logger.error("The database does not answer, trying again in %.0f s: %s", pause, error)
            connection.close()
        if once:
            return
        stopping.wait(pause)
