"""Filling a database with many tickets, fast: drawn and inserted by PostgreSQL itself, indexed afterwards."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, models, transaction

from bench.people import load_people
from bench.quality.problems import load_known_errors
from demo.reference import load_reference
from incidents.models import Incident
from itsm.run import steps
from reports.facts.keeping import recount
from tickets.models import SearchDocument, Ticket, TimelineEntry

SCRIPT, ROUNDS = (Path(__file__).with_name(name) for name in ("tickets.sql", "rounds.sql"))
VIEWS: dict[str, type[models.Model]] = {
    "load_ticket": Ticket,
    "load_incident": Incident,
    "load_entry": TimelineEntry,
    "load_document": SearchDocument,
}
MAX_AGE = timedelta(days=2)  # older data would have no live ticket left whose limit is still to come


def handlers() -> dict[str, Any]:
    """What the parent asks: see ``bench.child``."""
    return {"build": build, "is_current": is_current, "load": load}


def build() -> None:
    """Build what pages refer to."""
    call_command("build_assets", verbosity=0)
    for step in steps.build_steps():
        step.run()


def is_current() -> bool:
    """Whether the database holds data of this script; migrations that came since are applied."""
    if "bench_loaded" not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT loaded_at, sources FROM bench_loaded")
        loaded_at, stored = cursor.fetchone()
    sources = stored if isinstance(stored, dict) else json.loads(stored)
    if datetime.now(UTC) - loaded_at > MAX_AGE or any(_sources().get(name) != sha for name, sha in sources.items()):
        return False
    _migrate()
    return True


def _migrate() -> None:
    """Make every table that a portal has: that of the cache is in no migration."""
    steps.migrate()
    call_command("createcachetable", verbosity=0)


def load(size: int) -> float:
    """Fill the empty database with ``size`` tickets; return the seconds that took."""
    began = time.monotonic()
    _migrate()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("SET work_mem = '128MB'")
        cursor.execute("SELECT set_config('bench.tickets', %s, false)", [str(size)])
    load_reference()
    load_people()
    with transaction.atomic(), without_indexes():
        _load_tickets()
    with transaction.atomic():
        load_known_errors()
    recount(datetime.now(UTC))  # triggers were off
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_loaded (loaded_at timestamptz, sources jsonb)")
        cursor.execute("INSERT INTO bench_loaded VALUES (now(), %s)", [json.dumps(_sources())])
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
    return time.monotonic() - began


def _load_tickets() -> None:
    """Draw and insert. The owner switches triggers and foreign key checks off: the script keeps their rules."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(SCRIPT.read_text(encoding="utf-8"))
        for view, model in VIEWS.items():
            cursor.execute(copy_statement(model, view, _columns_of(view)))
        cursor.execute(ROUNDS.read_text(encoding="utf-8"))
        for model in (Ticket, TimelineEntry):
            table = model._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608


def copy_statement(model: type[models.Model], view: str, given: set[str]) -> str:
    """Return the INSERT that copies ``view`` into the table of ``model``; other columns get their defaults."""
    fields = model._meta.local_concrete_fields
    values = [field.column if field.column in given else _default(field) for field in fields]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {", ".join(values)} FROM {view}'  # noqa: S608


def _default(field: models.Field[Any, Any]) -> str:
    value = field.get_db_prep_save(field.get_default(), connection)
    if value is None and not field.null:
        raise ValueError(f"bench/tickets.sql must say what {field} is.")
    with connection.cursor() as cursor:
        return cursor.mogrify("%s", [value]).decode()


def _columns_of(view: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {view} LIMIT 0")  # noqa: S608  (a name of this module)
        return {column.name for column in cursor.description}


@contextmanager
def without_indexes() -> Iterator[None]:
    """Drop the big tables' indexes and make them again afterwards, which takes a fraction of keeping them."""
    tables = [model._meta.db_table for model in VIEWS.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = ANY(%s::regclass[])"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)",
            [tables],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    yield
    with connection.cursor() as cursor:
        for _, definition in indexes:
            cursor.execute(definition)


def _sources() -> dict[str, str]:
    """Fingerprints of what decides how a loaded database looks."""
    names = ("people.py", "quality/known_errors.py")
    files = [
        SCRIPT,
        ROUNDS,
        *(Path(__file__).parent / name for name in names),
        *settings.BASE_DIR.glob("*/migrations/[0-9]*.py"),
    ]
    return {
        str(path.relative_to(settings.BASE_DIR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
    }
