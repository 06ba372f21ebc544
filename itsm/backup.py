"""Backup and restore of everything that matters: the database and the uploaded files, in one archive (ADM-02).

The archive is a tar with ``manifest.json``, ``database.dump`` (pg_dump, custom format) and ``uploads/``.
Redis holds nothing worth keeping.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F

from itsm.embedded.postgres import postgres_programs
from sla.engine import note_backup
from tickets import clock
from tickets.file_checks import compare
from tickets.models import IdempotencyKey, NumberCounter, Ticket

FORMAT = 1
#: Numbers given out after the backup was made must not be given out again.
NUMBER_JUMP = 1000


class BackupError(Exception):
    """The archive cannot be written, or must not be restored; nothing was changed."""


def create_backup(target: Path) -> dict[str, Any]:
    """Write the archive to ``target`` and return its manifest. The portal may go on working meanwhile.

    Raises BackupError when ``target`` exists or the database cannot be dumped; no half archive stays.
    """
    if target.exists():
        raise BackupError(f"{target} exists already.")
    manifest = _manifest(clock.now())
    manifest["files"] = list_files(settings.MEDIA_ROOT)
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        dump = Path(work) / "database.dump"
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={dump}")
        archive = Path(work) / "archive.tar"
        with tarfile.open(archive, "w") as tar:
            _add_text(tar, "manifest.json", json.dumps(manifest, indent=2))
            tar.add(dump, "database.dump")
            for name in manifest["files"]:
                with suppress(FileNotFoundError):  # removed meanwhile; the restore would say so
                    tar.add(settings.MEDIA_ROOT / name, f"uploads/{name}")
        archive.replace(target)
    note_backup(clock.now())
    return manifest


def restore_backup(source: Path, *, replace: bool = False) -> dict[str, Any]:
    """Put the database and the files back as they were; return the manifest. The portal must be stopped.

    Afterwards everybody signs in anew, and today's numbers go on 1,000 higher. Migrate, then call
    ``sla.engine.begin_new_epoch``: the engines must not send again what was sent since. Raises BackupError when
    the archive is not ours, or when there are tickets already and ``replace`` is not given.
    ``manifest["trouble"]``: sentences about files that are missing, cut or of no ticket; what is there is restored.
    """
    if not replace and _has_tickets():
        raise BackupError("There are tickets already; --replace puts the backup in their place.")
    with tempfile.TemporaryDirectory() as work, tarfile.open(source) as tar:
        manifest = _read_manifest(tar)
        tar.extractall(work, filter="data")
        connection.close()
        dump = Path(work) / "database.dump"
        _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--dbname", _name(), dump)
        manifest["trouble"] = differences(Path(work) / "uploads", manifest.get("files", {}))
        _replace_files(Path(work) / "uploads")
    _start_anew()
    manifest["trouble"] += compare(digests=False).sentences
    return manifest


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
        "migrations": migrations,
    }


def _read_manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    try:
        member = tar.extractfile("manifest.json")
        manifest = json.load(member) if member else {}
    except (KeyError, ValueError) as error:
        raise BackupError("This is not a backup of the portal.") from error
    if manifest.get("format") != FORMAT:
        raise BackupError("This backup was made by another version of the portal.")
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


def _replace_files(uploads: Path) -> None:
    if settings.MEDIA_ROOT.exists():
        shutil.rmtree(settings.MEDIA_ROOT)
    if uploads.exists():
        shutil.copytree(uploads, settings.MEDIA_ROOT)


def _start_anew() -> None:
    """What happened after the backup is unknown: nobody stays signed in, no number is given out twice."""
    Session.objects.all().delete()
    IdempotencyKey.objects.all().delete()
    NumberCounter.objects.update(last=F("last") + NUMBER_JUMP)
