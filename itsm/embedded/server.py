"""What the embedded servers have in common: their place, their user, and starting and ending them safely."""

import fcntl
import hashlib
import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

SOCKET_PATH_LIMIT = 100  # the kernel allows 107 bytes, the file name included
SERVER_USER = "pgserver"  # PostgreSQL refuses to run as root; root's servers run as this user
START_SECONDS = 60
STOP_SECONDS = 30


class EmbeddedError(Exception):
    """An embedded server could not be started or stopped; the text says why and where to look."""


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
        with lock(self.data_dir / f"{self.name}.lock"):
            if self.is_running():
                return False
            private_directory(self.sockets)
            self._launch()
            return True

    def stop(self) -> None:
        """Stop the server by its process id; nothing happens when it does not run. Raises EmbeddedError."""
        if not self.directory.exists():
            return
        with lock(self.data_dir / f"{self.name}.lock"):
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


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold ``path`` against all other processes; the kernel lets go of it even after kill -9."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def private_directory(path: Path) -> None:
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
        let_pass(path)


def let_pass(path: Path) -> None:
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
