"""Backup and restore bring everything back (ADM-02)."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import psycopg2
import pytest
from django.db import connection

from itsm.backup import BackupError, create_backup, restore_backup

ROOT = Path(__file__).resolve().parents[2]
COUNTS = """SELECT (SELECT count(*) FROM tickets_ticket), (SELECT count(*) FROM tickets_timelineentry),
            (SELECT count(*) FROM accounts_user), (SELECT count(*) FROM tickets_attachment),
            (SELECT md5(string_agg(number || state || version, ',' ORDER BY id)) FROM tickets_ticket)"""


@pytest.fixture
def two_databases(db):
    """Two empty databases beside the test's own, and their addresses."""
    given = connection.settings_dict
    names = [f"{given['NAME']}_{part}" for part in ("backup", "restore")]
    names_of = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    access = {key: given[name] for key, name in names_of.items() if given[name]}
    server = psycopg2.connect(dbname="postgres", **access)
    server.autocommit = True
    with server.cursor() as cursor:
        for name in names:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}"')
    yield [(name, psycopg2.connect(dbname=name, **access)) for name in names]
    with server.cursor() as cursor:
        for name in names:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    server.close()


def manage(name: str, data_dir: Path, *command: str) -> subprocess.CompletedProcess[str]:
    given = connection.settings_dict
    url = f"postgresql://{given['USER']}:{given['PASSWORD']}@{{place}}/{name}"
    url = url.format(place=f"{given['HOST']}:{given['PORT']}" if given["PORT"] else "")
    if not given["PORT"]:
        url += f"?host={given['HOST']}"
    environment = {**os.environ, "DATABASE_URL": url, "ITSM_DATA_DIR": str(data_dir), "ITSM_DEMO": "1"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command_line = [sys.executable, "manage.py", *command]
    return subprocess.run(command_line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def facts(database) -> tuple:
    with database.cursor() as cursor:
        cursor.execute(COUNTS)
        found = cursor.fetchone()
    database.rollback()
    return found


@pytest.mark.slow
@pytest.mark.req("ADM-02")
def test_restore_brings_everything_back(two_databases, tmp_path):
    (first, database), (second, other) = two_databases
    here, there, archive = tmp_path / "here", tmp_path / "there", tmp_path / "itsm.tar"
    for command in (["migrate"], ["createcachetable"], ["load_reference"], ["load_demo"]):
        done = manage(first, here, *command)
        assert done.returncode == 0, done.stderr
    done = manage(first, here, "backup", str(archive))
    assert done.returncode == 0, done.stderr

    done = manage(second, there, "restore", str(archive))

    assert done.returncode == 0, done.stderr
    assert facts(other) == facts(database)
    files = {path.relative_to(here): path.read_bytes() for path in (here / "uploads").rglob("*") if path.is_file()}
    assert files
    assert files == {p.relative_to(there): p.read_bytes() for p in (there / "uploads").rglob("*") if p.is_file()}
    refused = manage(second, there, "restore", str(archive))
    assert refused.returncode != 0
    assert "--replace" in refused.stderr


@pytest.mark.req("ADM-02")
def test_backup_never_overwrites_and_restore_refuses_what_is_not_ours(db, tmp_path):
    taken = tmp_path / "itsm.tar"
    taken.write_text("precious")
    with pytest.raises(BackupError):
        create_backup(taken)
    assert taken.read_text() == "precious"

    foreign = tmp_path / "foreign.tar"
    with tarfile.open(foreign, "w") as tar:
        tar.add(taken, "notes.txt")
    with pytest.raises(BackupError):
        restore_backup(foreign)
