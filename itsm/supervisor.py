"""``make run``: starts everything the portal consists of, watches it, and ends all of it together.

Loads no Django itself, so that watching costs next to no memory.
"""

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from itsm import embedded, env

BASE_DIR = Path(__file__).resolve().parent.parent
READY_SECONDS = 120
STOP_SECONDS = 15
SERVER_CHECK_SECONDS = 5
PR_SET_PDEATHSIG = 1
DEMO_ACCOUNTS = ["desk", "engineer", "engineer2", "lead", "manager", "requester", "requester2", "admin"]

PROGRAMS = {
    "web": ["gunicorn", "--config", "python:itsm.gunicorn_conf", "itsm.wsgi:application"],
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
#: Less memory: few arenas, and workers that do not load every page to check it; `prepare` has checked them.
LEAN = {"MALLOC_ARENA_MAX": "2", "CELERY_SKIP_CHECKS": "1"}


class Stopped(Exception):  # noqa: N818  (a wish, not an error)
    """Somebody wants the portal to end: Ctrl-C, SIGTERM or a closed terminal."""


class Failed(Exception):  # noqa: N818  (pairs with Stopped)
    """The portal cannot start or go on; the text is for the person at the terminal."""


@dataclass(frozen=True)
class Address:
    """Where the web server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Return the address for a browser on this machine."""
        return f"http://{'127.0.0.1' if self.host == '0.0.0.0' else self.host}:{self.port}"  # noqa: S104


def main() -> int:
    """Run the portal until it is told to stop. Returns 0 then, 1 when something failed (after saying what)."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)
    os.environ.setdefault("ITSM_DEMO", "0" if os.environ.get("SECRET_KEY") else "1")
    try:
        return run()
    except Stopped:
        print("Stopped.", flush=True)
        return 0
    except (Failed, embedded.EmbeddedError) as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1


def run() -> int:
    """Start servers and programs in order, announce the address, watch. Everything is ended on the way out."""
    address = Address(env.text("BIND", "127.0.0.1"), env.number("PORT", 8000))
    data_dir = embedded.data_dir()
    _refuse_taken_port(address)
    with _only_portal(data_dir), embedded.in_use(data_dir), contextlib.ExitStack() as cleanup:
        try:
            began = time.monotonic()
            servers = start_servers(data_dir, cleanup)
            os.environ.setdefault("LIVE_PORT", str(free_port(address.host)))
            prepare()
            programs = start_programs(data_dir, cleanup)
            _wait_until_ready(address, programs)
            announce(address, time.monotonic() - began)
            watch(programs, servers)
        finally:
            _ignore_signals()  # ending must not be interrupted half-way
    return 0


def start_servers(data_dir: Path, cleanup: contextlib.ExitStack) -> list[embedded.Server]:
    """Start the embedded servers whose address is not configured, and stop them with ``cleanup``."""
    wanted: list[embedded.Server] = []
    if not os.environ.get("DATABASE_URL"):
        wanted.append(embedded.Postgres(data_dir))
    if not os.environ.get("REDIS_URL"):
        wanted.append(embedded.Redis(data_dir))
    for server in wanted:
        print(f"Starting {server.name} …", flush=True)
        cleanup.callback(server.stop)
        server.start()
    return wanted


def prepare() -> None:
    """Bring files and database up to date in a process of its own. Raises Failed."""
    print("Preparing …", flush=True)
    command = [sys.executable, "manage.py", "prepare"]
    if subprocess.run(command, cwd=BASE_DIR, check=False, start_new_session=True).returncode:
        raise Failed("The preparation failed; the reason is above.")


def start_programs(data_dir: Path, cleanup: contextlib.ExitStack) -> dict[str, subprocess.Popen[bytes]]:
    """Start every program, each with a log file of its own, and end them with ``cleanup``."""
    (data_dir / "log").mkdir(exist_ok=True)
    programs: dict[str, subprocess.Popen[bytes]] = {}
    cleanup.callback(_end, programs)
    for name in PROGRAMS:
        programs[name] = _start(name, data_dir)
    return programs


def _start(name: str, data_dir: Path) -> subprocess.Popen[bytes]:
    command = PROGRAMS[name]
    arguments = [*command, f"--schedule={data_dir / 'beat-schedule'}"] if name == "beat" else command
    with (data_dir / "log" / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [str(Path(sys.executable).parent / arguments[0]), *arguments[1:]],
            cwd=BASE_DIR,
            env=os.environ | {"ITSM_PROCESS": name} | LEAN,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches us alone; we end the others in order
            preexec_fn=_end_with_parent,  # noqa: PLW1509  (this process has no threads)
        )


def free_port(host: str) -> int:
    """Return a port of this machine that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def announce(address: Address, seconds: float) -> None:
    """Say where the portal is, and who can sign in when it is a demo."""
    lines = [f"\nReady after {seconds:.1f} s:  {address.url}"]
    if env.flag("ITSM_DEMO"):
        lines.append(f"Demo accounts (password demo):  {'  '.join(DEMO_ACCOUNTS)}")
    print("\n".join([*lines, "Ctrl-C ends everything."]), flush=True)


def watch(programs: dict[str, subprocess.Popen[bytes]], servers: list[embedded.Server]) -> None:
    """Return never; raises Failed when a program or an embedded server has ended by itself."""
    revived: dict[str, float] = {}
    while True:
        deadline = time.monotonic() + SERVER_CHECK_SECONDS
        while time.monotonic() < deadline:
            _revive(programs, revived)
            _refuse_ended(programs)
            time.sleep(0.3)
        for server in servers:
            if not server.is_running():
                raise Failed(f"{server.name} has ended by itself. Its last words:\n{server.log_tail()}")


def _revive(programs: dict[str, subprocess.Popen[bytes]], revived: dict[str, float]) -> None:
    """Start ended programs again that pages can do without for a while; ``revived`` remembers when."""
    for name in REVIVED:
        long_ago = time.monotonic() - revived.get(name, float("-inf")) > REVIVED_AFTER
        if programs[name].poll() is not None and long_ago:
            revived[name] = time.monotonic()
            programs[name] = _start(name, embedded.data_dir())


def _refuse_taken_port(address: Address) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise Failed(
                f"Cannot listen on {address.host}:{address.port} ({error.strerror}). Is another program using the"
                f" port? Choose another one:  make run PORT={address.port + 1}"
            ) from error


@contextlib.contextmanager
def _only_portal(data_dir: Path) -> Iterator[None]:
    """Refuse a second portal on the same data; two of them would fight over embedded servers and schedules."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "portal.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(
                f"A portal with the data in {data_dir} runs already. Set ITSM_DATA_DIR for another one."
            ) from None
        yield


def _wait_until_ready(address: Address, programs: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        _refuse_ended(programs)
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"{address.url}/healthz/ready", timeout=10).close()  # noqa: S310  (our own address)
            return
        time.sleep(0.1)
    raise Failed(f"The portal did not become ready within {READY_SECONDS} s; see {embedded.data_dir() / 'log'}.")


def _refuse_ended(programs: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, program in programs.items():
        if program.poll() is not None and name not in REVIVED:
            log = embedded.data_dir() / "log" / f"{name}.log"
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise Failed(f"{name} has ended by itself (code {program.returncode}). End of {log}:\n{tail}")


def _end(programs: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask every program to end, then insist; a worker gets time to finish what it is doing."""
    for program in programs.values():
        program.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for program in programs.values():
        try:
            program.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)  # its own session: children included
            program.wait()


def _end_with_parent() -> None:
    """Ask Linux to end this program when the supervisor is killed, so that no web server keeps the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _on_signal(number: int, frame: FrameType | None) -> None:
    raise Stopped


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
