"""Databases of versions from before the first migrations were written anew: whole ones go on, others are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from itsm.run import steps
from itsm.run.backup import BackupError, create_backup, restore_backup

pytestmark = [pytest.mark.req("ADM-02"), pytest.mark.django_db]


def applied() -> set[tuple[str, str]]:
    """What the database says of itself."""
    return set(MigrationRecorder(connection).applied_migrations())


def forget(*names: tuple[str, str]) -> None:
    """As if these had never been applied."""
    for app, name in names:
        MigrationRecorder(connection).record_unapplied(app, name)


def test_a_database_with_all_that_is_replaced_goes_on_without_work() -> None:
    before = applied()
    firsts = set(MigrationLoader(None).replacements)
    forget(*firsts)
    assert firsts
    assert not MigrationExecutor(connection).migration_plan(MigrationLoader(connection).graph.leaf_nodes())

    assert not steps.migrate()

    assert applied() == before


@pytest.mark.parametrize("app", ["changes", "announcements"])  # one that others refer to, and one that none does
def test_a_database_with_a_part_of_it_is_told_what_to_do_first(app: str) -> None:
    (first,) = [migration for (of, _), migration in MigrationLoader(None).replacements.items() if of == app]
    forget((app, first.name), *first.replaces[-2:])
    before = applied()
    told = f"lacks 2 of its steps, {app}.{first.replaces[-2][1]} the first. Put the version of 30 November 2026"

    for migrate in (steps.migrate, lambda: call_command("migrate")):
        with pytest.raises(CommandError, match=told):
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
    forget(("cmdb", "0001_squashed_0026"), ("cmdb", "0026_numbers_of_long_writes"))
    archive = tmp_path / "old.tar"
    create_backup(archive)

    with pytest.raises(BackupError, match=r"lacks 1 of its steps, cmdb\.0026_numbers_of_long_writes the first"):
        restore_backup(archive)
    assert ran == ["pg_dump"]
