"""PostgreSQL and Redis that come with the Python packages, for use without a configured server.

Both listen on Unix sockets only, in a directory that nobody else may enter: no ports to clash, no passwords to
keep, and the address follows from the data directory alone, so every command finds the server of a running portal.
No settings are read here: the supervisor and the tests use this module before settings exist.
"""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from itsm import env
from itsm.embedded.postgres import Postgres
from itsm.embedded.redis import Redis
from itsm.embedded.server import EmbeddedError, Server, lock, socket_dir

__all__ = ["EmbeddedError", "Postgres", "Redis", "Server", "data_dir", "database_url", "redis_url", "socket_dir"]

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


def data_dir() -> Path:
    """Return the data directory of this run: ``ITSM_DATA_DIR``, else ``var`` beside ``manage.py``."""
    return env.path("ITSM_DATA_DIR", Path(__file__).resolve().parents[2] / "var")


def database_url(data_dir: Path) -> str:
    """Return the address of the embedded database of ``data_dir``, whether it runs or not."""
    return f"postgresql://postgres@/itsm?host={socket_dir(data_dir)}"


def redis_url(data_dir: Path) -> str:
    """Return the address of the embedded Redis of ``data_dir``, whether it runs or not."""
    return f"unix://{socket_dir(data_dir)}/redis.sock"


def demo_secret(data_dir: Path) -> str:
    """Return the secret key of a demo, made once and kept in its data directory so that sessions outlive a restart."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "secret_key"
    with lock(data_dir / "secret_key.lock"):
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text()


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
    return len(argv) > 1 and argv[1] not in OFFLINE_COMMANDS and not {"-h", "--help", "--files-only"} & set(argv)
