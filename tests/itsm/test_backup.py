"""Backup and restore bring everything back (ADM-02)."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import psycopg2
import pytest
from django.db import connection

from itsm import uploads
from itsm.run.backup import BackupError, create_backup, fit_to_server, restore_backup
from tests import migrated

ROOT = Path(__file__).resolve().parents[2]
COUNTS = """SELECT (SELECT count(*) FROM tickets_ticket), (SELECT count(*) FROM tickets_timelineentry),
            (SELECT count(*) FROM accounts_user), (SELECT count(*) FROM tickets_attachment),
            (SELECT md5(string_agg(number || state || version, ',' ORDER BY id)) FROM tickets_ticket)"""


@pytest.fixture
def two_databases(db):
    """Two databases beside the test's own, and their addresses: one migrated, where that is kept, and one empty."""
    given = connection.settings_dict
    names = [f"{given['NAME']}_{part}" for part in ("backup", "restore")]
    names_of = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    access = {key: given[name] for key, name in names_of.items() if given[name]}
    server = psycopg2.connect(dbname="postgres", **access)
    server.autocommit = True
    with server.cursor() as cursor:
        for name in names:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            like = f'TEMPLATE "{migrated.ORIGINAL}"' if name == names[0] and migrated.is_embedded() else ""
            cursor.execute(f'CREATE DATABASE "{name}" {like}')
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
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600

    done = manage(second, there, "restore", str(archive))

    assert done.returncode == 0, done.stderr
    assert facts(other) == facts(database)
    files = {path.relative_to(here): path.read_bytes() for path in (here / "uploads").rglob("*") if path.is_file()}
    assert files
    assert files == {p.relative_to(there): p.read_bytes() for p in (there / "uploads").rglob("*") if p.is_file()}
    with other.cursor() as cursor:  # what a newer version added refers to what the backup replaces
        cursor.execute("CREATE TABLE newer (person bigint REFERENCES accounts_user (id))")
        other.commit()
    assert manage(second, there, "restore", "--replace", str(archive)).returncode == 0
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


@pytest.fixture
def small_backup(tmp_path, settings, monkeypatch):
    """An archive with a file of 100 kB, whose database is a text: programs of PostgreSQL are not run."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
    settings.MEDIA_ROOT.mkdir()
    settings.STORAGES = settings.STORAGES | {"default": uploads.storage(settings.MEDIA_ROOT)}
    (settings.MEDIA_ROOT / "a.bin").write_bytes(os.urandom(100_000))
    ran = []

    def run(program, *arguments):
        ran.append(program)
        for argument in map(str, arguments):
            if program == "pg_dump" and argument.startswith("--file="):
                Path(argument.removeprefix("--file=")).write_bytes(b"PGDMP" * 2000)

    monkeypatch.setattr("itsm.run.backup._run", run)
    umask = os.umask(0o022)
    archive = tmp_path / "small.tar"
    create_backup(archive)
    os.umask(umask)
    ran.clear()
    return archive, ran


@pytest.mark.django_db
@pytest.mark.req("ADM-02", "SEC-03")
def test_an_archive_is_its_owners_alone(small_backup, tmp_path):
    archive, _ran = small_backup
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with pytest.raises(BackupError, match="no directory"):
        create_backup(tmp_path / "missing" / "itsm.tar")


@pytest.mark.django_db
@pytest.mark.req("ADM-02")
@pytest.mark.parametrize("kept", [0, 1, 300, 700, 5000, 20_000, 60_000, -1024, -10_240, -20_480])
def test_a_truncated_archive_gets_a_sentence_and_changes_nothing(small_backup, kept):
    archive, ran = small_backup
    whole = archive.read_bytes()
    end = whole.index(b"end.json")  # negative: so much before the mark of the end
    archive.write_bytes(whole[: kept if kept >= 0 else end + kept + 1024])

    with pytest.raises(BackupError) as refused:
        restore_backup(archive)

    assert "archive" in str(refused.value) or "backup" in str(refused.value)
    assert ran == []


@pytest.mark.req("ADM-02")
@pytest.mark.parametrize(("server", "kept"), [(150018, False), (160004, False), (170000, True), (180004, True)])
def test_older_servers_are_not_asked_for_what_they_do_not_know(tmp_path, server, kept):
    """The setting is taken out where the script begins, never out of a text in a row."""
    line = "SET transaction_timeout = 0;\n"
    script = tmp_path / "a.sql"
    rows = "x\n" * 3000 + "COPY a FROM stdin;\n" + line
    script.write_text(f"SET lock_timeout = 0;\n{line}SET client_encoding = 'UTF8';\n{rows}")

    fit_to_server(script, server)

    text = script.read_text()
    assert text.count(line) == (2 if kept else 1)
    assert text.endswith(rows)
    assert [one for one in text.splitlines()[:3] if not one.startswith(("SET ", "--"))] == []


@pytest.mark.django_db
@pytest.mark.req("ADM-02")
def test_a_server_that_is_too_old_is_told_before_anything_is_changed(small_backup, monkeypatch):
    archive, ran = small_backup
    monkeypatch.setattr("itsm.run.backup.OLDEST_SERVER", 990_000)

    with pytest.raises(BackupError, match="99 or newer"):
        restore_backup(archive)

    assert ran == []
