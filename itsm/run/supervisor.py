"""``make run``: starts everything the portal consists of, watches it, and ends all of it together.

Loads no Django itself, so that watching costs next to no memory.
"""

import contextlib
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
from itsm.demo_accounts import DEMO_ACCOUNTS
from itsm.run import programs

BASE_DIR = Path(__file__).resolve().parents[2]
READY_SECONDS = 120
STOP_SECONDS = programs.STOP_SECONDS + 5
SERVER_CHECK_SECONDS = 1

#: Less memory: one arena, and workers that do not load every page to check it; `prepare` has checked them.
LEAN = {"MALLOC_ARENA_MAX": "1", "CELERY_SKIP_CHECKS": "1"}


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
    except programs.Stopped:
        print("Stopped.", flush=True)
        return 0
    except (programs.Failed, embedded.EmbeddedError) as error:
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
            if not behind_proxy():
                os.environ.setdefault("LIVE_PORT", str(free_port(address.host)))
            prepare()
            process = start_programs(data_dir, cleanup)
            _wait_until_ready(address, process)
            announce(address, time.monotonic() - began)
            watch(process, servers)
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
        raise programs.Failed("The preparation failed; the reason is above.")


def start_programs(data_dir: Path, cleanup: contextlib.ExitStack) -> subprocess.Popen[bytes]:
    """Start the process that starts every program, each with a log file of its own; end them with ``cleanup``."""
    log_dir = data_dir / "log"
    log_dir.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "itsm.run.programs", str(log_dir)],
        cwd=BASE_DIR,
        env=os.environ | LEAN,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches us alone; we end the others in order
        preexec_fn=programs.end_with_parent,  # noqa: PLW1509  (this process has no threads)
    )
    cleanup.callback(_end, process)
    return process


def behind_proxy() -> bool:
    """Whether a proxy with https stands in front: it leads /live/ to the port that live updates have by themselves."""
    return env.flag("ITSM_HTTPS", default=not env.flag("ITSM_DEMO"))


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


def watch(process: subprocess.Popen[bytes], servers: list[embedded.Server]) -> None:
    """Return never; an embedded server that ended by itself is started again, and the programs find it again.

    Raises Failed when the programs ended, or a server cannot be started any more.
    """
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(SERVER_CHECK_SECONDS)
        _refuse_ended(process)
        for server in servers:
            if not server.is_running():
                print(f"{server.name} has ended by itself; starting it again …", flush=True)
                _revive(server)


def _revive(server: embedded.Server) -> None:
    try:
        server.start()
    except embedded.EmbeddedError as error:
        raise programs.Failed(f"{server.name} does not start again: {error}") from error


def _refuse_taken_port(address: Address) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise programs.Failed(
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
            raise programs.Failed(
                f"A portal with the data in {data_dir} runs already. Set ITSM_DATA_DIR for another one."
            ) from None
        yield


def _wait_until_ready(address: Address, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        _refuse_ended(process)
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"{address.url}/healthz/ready", timeout=10).close()  # noqa: S310  (our own address)
            return
        time.sleep(0.1)
    raise programs.Failed(
        f"The portal did not become ready within {READY_SECONDS} s; see {embedded.data_dir() / 'log'}."
    )


def _refuse_ended(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        raise programs.Failed(f"The programs have ended by themselves (code {process.returncode}).")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the programs to end, then insist; should that fail, Linux tells them that their parent is gone."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _on_signal(number: int, frame: FrameType | None) -> None:
    raise programs.Stopped


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
