"""Databases of versions from before the first migrations were written anew are refused with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from itsm.run import steps
from itsm.run.backup import BackupError, create_backup, restore_backup

pytestmark = [pytest.mark.req("ADM-02"), pytest.mark.django_db]


def applied() -> set[tuple[str, str]]:
    """What the database says of itself."""
    return set(MigrationRecorder(connection).applied_migrations())


def make_older(app: str) -> None:
    """As if the first migration of ``app`` had been applied step by step, before it was written anew."""
    (first,) = MigrationLoader(None).graph.root_nodes(app)
    MigrationRecorder(connection).record_unapplied(*first)
    MigrationRecorder(connection).record_applied(app, "0001_initial")


@pytest.mark.parametrize("app", ["changes", "announcements"])  # one that others refer to, and one that none does
def test_a_database_from_before_is_told_what_to_do_first(app: str) -> None:
    make_older(app)
    before = applied()

    for migrate in (steps.migrate, lambda: call_command("migrate")):
        with pytest.raises(CommandError, match=rf"seen in {app}\), from which no way leads to this one. Export"):
            migrate()

    assert applied() == before


def test_a_backup_of_such_a_database_is_refused_before_anything_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def run(program: str, *arguments: object) -> None:
        ran.append(program)
        if program == "pg_dump":
            Path(str(arguments[-1]).removeprefix("--file=")).write_bytes(b"PGDMP")

    monkeypatch.setattr("itsm.run.backup._run", run)
    make_older("cmdb")
    archive = tmp_path / "old.tar"
    create_backup(archive)

    with pytest.raises(BackupError, match=r"seen in cmdb\), from which no way leads"):
        restore_backup(archive)
    assert ran == ["pg_dump"]
