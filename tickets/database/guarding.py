"""What is only ever added to is never emptied either: TRUNCATE passes by the triggers of rows (TKT-03, SEC-03)."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.apps import apps
from django.db import connections, models, transaction

NEVER_EMPTIED = "never_emptied"
_FUNCTION = f"""CREATE OR REPLACE FUNCTION itsm_{NEVER_EMPTIED}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: rows are only added here, never removed', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$"""
_TRIGGER = (
    f"CREATE OR REPLACE TRIGGER {NEVER_EMPTIED} BEFORE TRUNCATE ON %s"
    f" FOR EACH STATEMENT EXECUTE FUNCTION itsm_{NEVER_EMPTIED}()"
)


def append_only_models() -> list[type[models.Model]]:
    """Models whose rows are evidence: the database refuses to remove them, some or all, or ``never_emptied`` is set.

    That attribute is for models of which the portal itself takes back single rows, such as those that one and the
    same transaction wrote.
    """
    return [model for model in apps.get_models(include_auto_created=True) if _is_evidence(model)]


def _is_evidence(model: type[models.Model]) -> bool:
    guards = [one for one in getattr(model._meta, "triggers", ()) if isinstance(one, pgtrigger.Protect)]
    return getattr(model, NEVER_EMPTIED, False) or any(pgtrigger.Delete in (one.operation or ()) for one in guards)


def guard_against_emptying(using: str = "default", **kwargs: Any) -> list[str]:
    """Give each table of ``append_only_models`` its trigger; return the tables that had none.

    Runs after every migration: a new model of this kind needs nothing more. Emptying a table that these refer to is
    refused with them.
    """
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s", [NEVER_EMPTIED])
        guarded = {row[0].strip('"') for row in cursor.fetchall()}
        present = set(connection.introspection.table_names(cursor))
        missing = sorted(({model._meta.db_table for model in append_only_models()} & present) - guarded)
        if missing:
            cursor.execute(_FUNCTION)
        for table in missing:
            cursor.execute(_TRIGGER % connection.ops.quote_name(table))
    return missing
