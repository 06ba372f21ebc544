"""Migrating a database that is in use: one at a time, without the limits of pages, never in the way of them.

A step that changes a table waits two seconds for its lock and is tried again: behind one that waits longer every page
would queue. An index that is built beside the work of others may wait as long as it has to: it stands in nobody's way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from psycopg2.errors import LockNotAvailable

from itsm.lifting import lifted, set_limits

#: Of the advisory locks that migrations of one database share, and machines that prepare it.
LOCK, PREPARING = 7_461_053, 7_461_054
#: Seconds between two looks whether it is one's turn.
LOOKS_EVERY = 0.5
STEP_WAITS, AGAIN_AFTER, GIVES_UP_AFTER = "2s", 3.0, 600.0


def refuse_too_old() -> None:
    """Raise CommandError, before anything is changed, when the database stands between steps that are gone."""
    if sentence := too_old(MigrationRecorder(connection).applied_migrations()):
        raise CommandError(sentence)


def too_old(applied: Collection[tuple[str, str]]) -> str:
    """Why a database with these migrations cannot be brought up to date, or "" when nothing is in the way.

    First migrations were written anew once (decision 0039): with others of an app, but without its first one, a
    database is from before. Django would make tables anew that are there.
    """
    graph = MigrationLoader(None).graph
    begun = {app for app, _ in applied}
    old = [app for app in sorted(begun) for first in graph.root_nodes(app) if first not in applied]
    if not old:
        return ""
    return (
        f"The database is of a version from before the first release (seen in {', '.join(old)}), from which no way "
        "leads to this one. Export what you need with that version, then begin with an empty database "
        "(that of `make run`: remove the folder var/). Nothing was changed."
    )


def alone(work: Callable[[], object], tell: Callable[[str], object]) -> None:
    """Do ``work``, which migrates, while nobody else does. Raises CommandError when a lock is never to be had."""
    deadline = time.monotonic() + GIVES_UP_AFTER
    with turn(tell), lifted():
        while True:
            mend_indexes(tell)
            try:
                work()
                return
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                if time.monotonic() > deadline:
                    raise CommandError("A table is in use all the time: stop what reads it, then migrate.") from error
                tell("A table is in use; trying again …")
            time.sleep(AGAIN_AFTER)


def prepare_step(migration: Any) -> None:
    """How long the statements of ``migration`` may wait for a lock."""
    set_limits({"lock_timeout": STEP_WAITS if migration.atomic else "0"})


@contextmanager
def turn(tell: Callable[[str], object], lock: int = LOCK) -> Iterator[None]:
    """Wait for others that migrate the same database; a connection of its own keeps the place, behind a pooler too.

    Who waits looks again and again and rests outside a transaction: an index that is built beside the work of others
    waits for every transaction that began before, so for one that waits for the builder it would wait for ever.
    """
    given = connection.get_connection_params() | {"application_name": "migrate"}
    given.pop("cursor_factory", None)
    given.pop("context", None)
    with connection.cursor():  # the test database may just have been made: complain in Django's words
        own = psycopg2.connect(**given)
    try:
        with own.cursor() as cursor:
            cursor.execute(
                "SET idle_in_transaction_session_timeout = 0; SET lock_timeout = 0; SET statement_timeout = 0"
            )
            own.commit()
            if not _is_ours(cursor, lock):
                tell("Another machine prepares the database; waiting …")
                while not _is_ours(cursor, lock):
                    own.rollback()
                    time.sleep(LOOKS_EVERY)
            yield
    finally:
        own.close()


def _is_ours(cursor: Any, lock: int) -> bool:
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
    return bool(cursor.fetchone()[0])


_INVALID = """
SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace
WHERE NOT x.indisvalid AND n.nspname = current_schema() ORDER BY i.relname
"""


def mend_indexes(tell: Callable[[str], object]) -> list[str]:
    """What an interrupted step left half built: removed when the step is still to come, else built anew."""
    with connection.cursor() as cursor:
        cursor.execute(_INVALID)
        found = [name for (name,) in cursor.fetchall()]
    pending = _pending_indexes() if found else set()
    for name in found:
        tell(f"The index {name} was left half built; mending it …")
        half = name in pending or name.endswith(("_ccnew", "_ccold"))
        statement = "DROP INDEX CONCURRENTLY %s" if half else "REINDEX INDEX CONCURRENTLY %s"
        with connection.cursor() as cursor:
            cursor.execute(statement % connection.ops.quote_name(name))
    return found


def _pending_indexes() -> set[str]:
    """Names of indexes that migrations still to come make."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    operations = [operation for migration, _backwards in plan for operation in migration.operations]
    return {operation.index.name for operation in operations if hasattr(operation, "index")}
