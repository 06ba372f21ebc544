"""Backup and restore of everything that matters: the database and the uploaded files, in one archive (ADM-02).

The archive is a tar with ``manifest.json``, ``database.dump`` (pg_dump, custom format), ``uploads/`` and, at its end,
``end.json``: an archive without it was cut off. Redis holds nothing worth keeping.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.sessions.models import Session
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from itsm import uploads
from itsm.embedded.postgres import postgres_programs
from itsm.run.migrating import too_old
from itsm.run.restarting import Reached, jump_ahead, reached_now
from sla.engine.rounds import note_backup
from tickets import clock
from tickets.files.checks import compare
from tickets.models import IdempotencyKey, Ticket

#: 1: without a mark at the end.
FORMAT, OLDER = 2, 1
END = "end.json"
#: The oldest PostgreSQL that the portal is promised for, and the first that knows this setting of a dump.
OLDEST_SERVER, KNOWS_TIMEOUT = 150_000, 170_000
TIMEOUT, NO_TIMEOUT = b"SET transaction_timeout = 0;", b"-- transaction_timeout = 0; "
#: Settings stand at the beginning of a script.
HEAD_BYTES = 4096
#: What newer versions added refers to what the backup replaces, and would be in the way.
CLEAR = """DO $$ DECLARE one record; BEGIN
FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
EXECUTE format('DROP TABLE IF EXISTS public.%I CASCADE', one.tablename); END LOOP; END $$"""


class BackupError(Exception):
    """The archive cannot be written, or must not be restored; nothing was changed."""


def create_backup(target: Path) -> dict[str, Any]:
    """Write the archive to ``target``, for its owner alone, and return its manifest. The portal may go on working.

    Raises BackupError when ``target`` exists or the database cannot be dumped; no half archive stays.
    """
    if target.exists():
        raise BackupError(f"{target} exists already.")
    if not target.parent.is_dir():
        raise BackupError(f"There is no directory {target.parent}.")
    manifest = _manifest(clock.now())
    manifest["files"] = uploads.listed()
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        dump = Path(work) / "database.dump"
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={dump}")
        archive = Path(work) / "archive.tar"
        with _private(archive) as file, tarfile.open(fileobj=file, mode="w") as tar:
            _add_text(tar, "manifest.json", json.dumps(manifest, indent=2))
            tar.add(dump, "database.dump")
            for name in manifest["files"]:
                uploads.add_to(tar, name)  # one that was removed meanwhile the restore names
            _add_text(tar, END, json.dumps({"members": len(tar.getmembers())}))
        archive.replace(target)
    note_backup(clock.now())
    return manifest


def _private(path: Path) -> Any:
    """A new file that nobody but its owner can read, whatever the umask says."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


def restore_backup(source: Path, *, replace: bool = False) -> dict[str, Any]:
    """Put the database and the files back as they were; return the manifest. The portal must be stopped.

    Afterwards everybody signs in anew, and no number is given out twice (``itsm.run.restarting``). Migrate, then call
    ``sla.engine.rounds.begin_new_epoch`` and ``restarting.end_what_was_signed``: nothing old lives again. Raises
    BackupError when the archive is not ours, cut off, or newer than the server can take, or when there are tickets
    already and ``replace`` is not given.
    ``manifest["trouble"]``: sentences about files that are missing, damaged or of no ticket; the others are restored.
    """
    if not replace and _has_tickets():
        raise BackupError("There are tickets already; --replace puts the backup in their place.")
    with tempfile.TemporaryDirectory() as work:
        manifest = _unpack(source, Path(work))
        server = _server_version()
        before = reached_now()
        script = Path(work) / "database.sql"
        dump = Path(work) / "database.dump"
        _run("pg_restore", "--clean", "--if-exists", "--no-owner", f"--file={script}", dump)
        fit_to_server(script, server)
        connection.close()
        _run(
            *("psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"),
            *("-c", CLEAR, "-f", script),
        )
        manifest["trouble"] = differences(Path(work) / "uploads", manifest.get("files", {}))
        uploads.replace_all(Path(work) / "uploads")
    _start_anew(manifest, before)
    manifest["trouble"] += compare(digests=False).sentences
    return manifest


def _unpack(source: Path, work: Path) -> dict[str, Any]:
    """All of the archive in ``work``, and its manifest. Raises BackupError for one that is not whole."""
    try:
        with tarfile.open(source) as tar:
            manifest = _read_manifest(tar)
            if manifest["format"] != OLDER and END not in tar.getnames():
                raise BackupError("The archive is cut off: its end is missing. Nothing was changed.")
            tar.extractall(work, filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"The archive is cut off or damaged ({error}). Nothing was changed.") from error
    if not (work / "database.dump").is_file():
        raise BackupError("The archive holds no database. Nothing was changed.")
    return manifest


def _server_version() -> int:
    """The version of the server as a number, such as 150018. Raises BackupError when it is too old."""
    connection.ensure_connection()
    version: int = connection.pg_version  # type: ignore[attr-defined]  # PostgreSQL's own
    if version < OLDEST_SERVER:
        raise BackupError(
            f"PostgreSQL {OLDEST_SERVER // 10_000} or newer is needed; this server is {version // 10_000}."
        )
    return version


def fit_to_server(script: Path, server: int) -> None:
    """Take out of ``script`` what a server of that version does not know: programs of 17 and later set a new limit."""
    if server >= KNOWS_TIMEOUT:
        return
    with script.open("r+b") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        file.write(head.replace(TIMEOUT, NO_TIMEOUT))  # as long as what it replaces


def list_files(folder: Path) -> dict[str, list[int | str]]:
    """Every file below ``folder`` with its size and digest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.exists() else []
    return {str(path.relative_to(folder)): [path.stat().st_size, _digest(path)] for path in files}


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def differences(folder: Path, listed: dict[str, list[int | str]]) -> list[str]:
    """What an archive says of its files and does not hold, in sentences."""
    there = list_files(folder)
    sorts = {
        "missing from the archive": sorted(listed.keys() - there.keys()),
        "damaged in the archive": sorted(name for name in listed.keys() & there.keys() if listed[name] != there[name]),
        "in the archive without being listed": sorted(there.keys() - listed.keys()),
    }
    return [f"{len(names)} files {what}: {', '.join(names[:20])}" for what, names in sorts.items() if names]


def _manifest(now: datetime) -> dict[str, Any]:
    migrations = sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())
    return {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "tickets": Ticket.objects.count(),
        "server": _server_version(),
        "migrations": migrations,
    }


def _read_manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    try:
        member = tar.extractfile("manifest.json")
        manifest = json.load(member) if member else {}
    except (KeyError, ValueError) as error:
        raise BackupError("This is not a backup of the portal.") from error
    if manifest.get("format") not in (FORMAT, OLDER):
        raise BackupError("This backup was made by another version of the portal.")
    applied = [name.partition(".") for name in manifest.get("migrations", [])]
    if sentence := too_old({(app, name) for app, _, name in applied}):
        raise BackupError(sentence)
    return manifest


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode()
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def _has_tickets() -> bool:
    return Ticket._meta.db_table in connection.introspection.table_names() and Ticket.objects.exists()


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _run(program: str, *arguments: str | Path) -> None:
    """Run a program of PostgreSQL against the portal's database. Raises BackupError with what it said."""
    given = connection.settings_dict
    access = {
        "PGHOST": given["HOST"] or given["OPTIONS"].get("host", ""),
        "PGPORT": str(given["PORT"] or ""),
        "PGUSER": given["USER"],
        "PGPASSWORD": given["PASSWORD"],
        "PGDATABASE": _name(),
    }
    environment = {**os.environ, **{name: value for name, value in access.items() if value}}
    command = [str(postgres_programs() / program), *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{program}: {done.stderr.strip()}")


def _start_anew(manifest: dict[str, Any], before: Reached) -> None:
    """What happened after the backup is unknown: nobody stays signed in, no number is given out twice."""
    Session.objects.all().delete()
    IdempotencyKey.objects.all().delete()
    jump_ahead(datetime.fromisoformat(manifest["made_at"]), clock.now(), before)
