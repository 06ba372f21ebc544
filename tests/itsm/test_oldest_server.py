"""The oldest PostgreSQL that is promised takes a backup that a newer one made (ADM-02)."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
from django.db import connection

from itsm.run.backup import OLDEST_SERVER
from tests.itsm.test_backup import ROOT, facts, manage, two_databases  # noqa: F401 - a fixture

pytestmark = [pytest.mark.slow, pytest.mark.req("ADM-02")]
MAJOR = OLDEST_SERVER // 10_000
PROGRAMS = Path(f"/usr/lib/postgresql/{MAJOR}/bin")


def as_ordinary_user(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Servers refuse to run as root."""
    user = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
    line = [str(part) for part in command]
    return subprocess.run(line, capture_output=True, text=True, check=False, cwd="/", **user)  # type: ignore[call-overload]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def oldest() -> Iterator[str]:
    """The address of an empty database on a server of the oldest version, which ends with the test."""
    if not (PROGRAMS / "initdb").exists():
        warnings.warn(f"PostgreSQL {MAJOR} is not in {PROGRAMS}: its promise is not tried", stacklevel=1)
        pytest.skip(f"needs PostgreSQL {MAJOR} in {PROGRAMS}")
    directory = Path(tempfile.mkdtemp(prefix="itsm-oldest-"))
    if os.getuid() == 0:
        os.chown(directory, pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
    data, port = directory / "data", free_port()
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    try:
        locale = ("--encoding=UTF8", "--locale=C")
        made = as_ordinary_user(PROGRAMS / "initdb", "-D", data, "-U", "postgres", "--auth=trust", *locale)
        assert made.returncode == 0, made.stderr
        log = directory / "log"
        started = as_ordinary_user(PROGRAMS / "pg_ctl", "start", "-D", data, "-w", "-s", "-l", log, "-o", settings)
        assert started.returncode == 0, log.read_text()
        server = psycopg2.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres")
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute("CREATE DATABASE itsm")
        server.close()
        yield f"postgresql://postgres:@127.0.0.1:{port}/itsm"
    finally:
        pid_file = data / "postmaster.pid"
        if pid_file.exists():
            process = psutil.Process(int(pid_file.read_text().split()[0]))
            process.send_signal(2)  # fast shutdown
            process.wait(30)
        shutil.rmtree(directory)


def on(address: str, data_dir: Path, *command: str) -> None:
    """Run a command of the portal against the server at ``address``."""
    environment = {**os.environ, "DATABASE_URL": address, "ITSM_DATA_DIR": str(data_dir), "ITSM_DEMO": "1"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    line = [sys.executable, "manage.py", *command]
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_oldest_server_takes_a_backup_of_a_newer_one(
    oldest: str,
    two_databases: list,  # noqa: F811
    tmp_path: Path,
) -> None:
    connection.ensure_connection()
    newer = connection.pg_version  # type: ignore[attr-defined]  # PostgreSQL's own
    (first, database), _second = two_databases
    here, there, archive = tmp_path / "here", tmp_path / "there", tmp_path / "itsm.tar"
    for command in (["migrate"], ["createcachetable"], ["load_reference"], ["load_demo"], ["backup", str(archive)]):
        done = manage(first, here, *command)
        assert done.returncode == 0, done.stderr

    on(oldest, there, "restore", str(archive))

    other = psycopg2.connect(oldest)
    with other.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        [(version,)] = cursor.fetchall()
    assert int(version) // 10_000 == MAJOR < newer // 10_000
    found = facts(other)
    other.close()
    assert found == facts(database)
    assert found[0] > 0
    on(oldest, there, "restore", "--replace", str(archive))
    on(oldest, there, "migrate", "--check")
