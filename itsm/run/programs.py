"""Loads the portal's code once and starts every program from it; ``python -m itsm.run.programs``, for ``make run``.

Each program of its own would load the same code again: forked from one process they share it in memory, and are ready
sooner. In containers (docker-compose.yml) every program runs alone, by the same commands.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import FrameType

PROGRAMS = {
    "web": ["gunicorn", "--config", "python:itsm.run.gunicorn_conf", "itsm.wsgi:application"],
    "worker": ["celery", "--app=itsm.celery", "worker", "--queues=engine", "--pool=solo", "--hostname=engine@%h",
               "--without-mingle", "--without-gossip", "--loglevel=WARNING"],
    "bulk": ["celery", "--app=itsm.celery", "worker", "--queues=bulk", "--concurrency=1", "--hostname=bulk@%h",
             "--without-mingle", "--without-gossip", "--loglevel=WARNING"],
    "beat": ["celery", "--app=itsm.beat", "beat", "--loglevel=WARNING", "--pidfile="],
    "live": ["python", "manage.py", "live"],
    "engine": ["python", "manage.py", "engine"],
}  # fmt: skip
#: Done without for a while (timers have two drivers, pages ask), so they are started again; only the web server ends
#: the portal.
REVIVED = set(PROGRAMS) - {"web"}
REVIVED_AFTER = 5
STOP_SECONDS = 15
LOOKS_EVERY = 0.3
#: What the programs would load for themselves. None of it may start a thread or open a connection.
SHARED = (
    "celery.__main__", "celery.bin.celery", "celery.bin.worker", "celery.bin.beat", "celery.beat",
    "celery.worker.worker", "celery.worker.consumer", "celery.concurrency.prefork", "celery.concurrency.solo",
    "kombu.transport.redis", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "itsm.wsgi", "itsm.run.watchdog",
    "live.management.commands.live", "sla.management.commands.engine", "manage",
)  # fmt: skip
PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopped(Exception):  # noqa: N818  (a wish, not an error)
    """Somebody wants the programs to end."""


class Failed(Exception):  # noqa: N818  (pairs with Stopped)
    """The programs cannot go on; the text is for the person at the terminal."""


class Become(Exception):  # noqa: N818  (not an error)
    """Raised in a process that was just forked: leave everything of the parent behind and be ``name``."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def main(log_dir: Path) -> int:
    """Run all programs until told to end: 0 then, 1 when the web server ended by itself (after saying so).

    Returns a second time in every forked process, with the exit code of its program.
    """
    load()
    try:
        return _keep_running(log_dir)
    except Become as child:
        return run(child.name, log_dir)


def load() -> None:
    """Load what the programs share, and keep the garbage collector off it, so that it stays shared."""
    import django

    django.setup()
    from django.urls import get_resolver

    from itsm.celery import app

    for name in SHARED:
        importlib.import_module(name)
    app.loader.import_default_modules()
    get_resolver().url_patterns  # noqa: B018 - loads every page
    gc.collect()
    gc.freeze()


def command_of(name: str, log_dir: Path) -> list[str]:
    """The command line of the program ``name``."""
    more = [f"--schedule={log_dir.parent / 'beat-schedule'}"] if name == "beat" else []
    return [*PROGRAMS[name], *more]


# --- The parent ------------------------------------------------------------------------------------------------------
@dataclass
class Program:
    """A program that was started; ``code``: its exit code once it has ended, negative for a signal."""

    pid: int
    started: float
    code: int | None = None

    def has_ended(self) -> bool:
        """Look whether it has."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code is not None

    def send(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if not self.has_ended():
            os.kill(self.pid, number)


def _keep_running(log_dir: Path) -> int:
    programs: dict[str, Program] = {}
    try:
        for number in SIGNALS:
            signal.signal(number, _on_signal)
        for name in PROGRAMS:
            programs[name] = start(name)
        while True:
            _look_after(programs, log_dir)
            time.sleep(LOOKS_EVERY)
    except Stopped:
        _end(programs)
        return 0
    except Failed as error:
        _end(programs)
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1


def start(name: str) -> Program:
    """Fork a process for the program ``name``. Raises Become in it."""
    with _signals_held():  # the child must not be told to stop before it is itself
        pid = os.fork()
        if not pid:
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
    if not pid:
        raise Become(name)
    return Program(pid, time.monotonic())


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _look_after(programs: dict[str, Program], log_dir: Path) -> None:
    """Start ended programs again that pages can do without for a while; raises Failed for the one they cannot."""
    for name, program in programs.items():
        if not program.has_ended():
            continue
        if name not in REVIVED:
            log = log_dir / f"{name}.log"
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise Failed(f"{name} has ended by itself (code {program.code}). End of {log}:\n{tail}")
        if time.monotonic() - program.started > REVIVED_AFTER:
            programs[name] = start(name)


def _end(programs: dict[str, Program]) -> None:
    """Ask every program to end, then insist; a worker gets time to finish what it is doing."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # ending must not be interrupted half-way
    for program in programs.values():
        program.send(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and not all(program.has_ended() for program in programs.values()):
        time.sleep(0.05)
    for program in programs.values():
        if not program.has_ended():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)  # its own session: children included
            os.waitpid(program.pid, 0)


def _on_signal(number: int, frame: FrameType | None) -> None:
    raise Stopped


# --- The child -------------------------------------------------------------------------------------------------------
def run(name: str, log_dir: Path) -> int:
    """Be the program ``name`` until it ends; return its exit code."""
    _be(name, log_dir)
    sys.argv = command_of(name, log_dir)
    if sys.argv[0] == "python":
        sys.argv = sys.argv[1:]
        return int(importlib.import_module("manage").main() or 0)
    [command] = entry_points(group="console_scripts", name=sys.argv[0])
    return int(command.load()() or 0)


def _be(name: str, log_dir: Path) -> None:
    """Have a session, a log and a name of its own, as if started alone."""
    os.setsid()
    name_process(f"itsm-{name}")
    end_with_parent()
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(log_dir / f"{name}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ["ITSM_PROCESS"] = name
    from django.db import connections

    from itsm.limits import as_options, limits_of

    options = {"application_name": name, "options": as_options(limits_of(name))}
    connections.settings["default"]["OPTIONS"] |= options


def end_with_parent() -> None:
    """Ask Linux to end this process when its parent is killed, so that no web server keeps the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def name_process(name: str) -> None:
    """Say in lists of processes what this one is; ``name``: at most 15 letters."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode())


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "itsm.settings")
    raise SystemExit(main(Path(sys.argv[1])))
