"""The servers of a run: one embedded PostgreSQL with a database per size, one Redis."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from itsm import embedded


class Servers:
    """Where the databases are. Configured as ``make run`` does it: what is written is really on the disk."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.postgres = embedded.Postgres(data_dir)
        self.redis = embedded.Redis(data_dir)

    def database_url(self, name: str) -> str:
        """The address of the database ``name``."""
        return f"postgresql://postgres@/{name}?host={self.postgres.sockets}"

    def environment(self, size: int, **more: str) -> dict[str, str]:
        """The environment of a process that works with the database of ``size`` tickets."""
        mine = {
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "ITSM_DEMO": "1",
            "ITSM_DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self.database_url(database_name(size)),
            "DEBUG": "0",
            "LOG_LEVEL": "ERROR",
            "API_REQUESTS_PER_MINUTE": "100000000",  # one token stands for many integrations; counting goes on
        }
        return os.environ | mine | more

    def renew_database(self, size: int) -> None:
        """Drop the database of ``size`` tickets, if there is one, and make an empty one."""
        self.drop_database(database_name(size))
        self._do(f"CREATE DATABASE {database_name(size)}")

    def copy_database(self, size: int, name: str) -> None:
        """Make ``name`` a copy of the database of ``size`` tickets, in which one may write what one likes."""
        self.drop_database(name)
        self._do(f"CREATE DATABASE {name} TEMPLATE {database_name(size)}")

    def drop_database(self, name: str) -> None:
        """Remove the database ``name``, if there is one."""
        self._do(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _do(self, statement: str) -> None:
        connection = psycopg2.connect(self.database_url("postgres"))
        connection.autocommit = True  # databases cannot be made inside a transaction
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    def has_database(self, size: int) -> bool:
        """Whether the database of ``size`` tickets exists, loaded or half loaded."""
        connection = psycopg2.connect(self.database_url("postgres"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database_name(size)])
            found = cursor.fetchone() is not None
        connection.close()
        return found


def database_name(size: int) -> str:
    """The name of the database with ``size`` tickets."""
    return f"bench_{size}"


@contextmanager
def running_servers(kept: Path | None) -> Iterator[Servers]:
    """Start the servers in ``kept``, or in a temporary directory that is removed afterwards; stop them at the end."""
    data_dir = kept or Path(tempfile.mkdtemp(prefix="itsm-bench-"))
    servers = Servers(data_dir)
    try:
        for server in (servers.postgres, servers.redis):
            server.start()
        yield servers
    finally:
        for server in (servers.postgres, servers.redis):
            server.stop()
        if kept is None:
            shutil.rmtree(data_dir, ignore_errors=True)
