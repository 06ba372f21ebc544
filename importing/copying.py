"""Storing many rows at once with COPY: Django cannot bulk-create models that have a parent table."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models

NULL = "\\N"
SPECIAL = re.compile(r"[\\\t\n\r]")
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Take ``count`` new ids of ``model``'s table. Like every id they are lost when the transaction is undone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [model._meta.db_table, model._meta.pk.column, count],
        )
        return [row[0] for row in cursor.fetchall()]


def copy_rows(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert ``rows`` into ``model``'s own table, without that of its parent.

    Rows may be of a child model. Ids are given by the database when the first row has none. No signal
    is sent and nothing is checked but by the database.
    """
    if not rows:
        return
    fields = [
        field
        for field in model._meta.local_concrete_fields
        if not field.primary_key or getattr(rows[0], field.attname) is not None
    ]
    names = [field.attname for field in fields]
    lines = ("\t".join([as_text(getattr(row, name)) for name in names]) for row in rows)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", io.StringIO("\n".join(lines)))


def as_text(value: Any) -> str:
    """``value`` in the text format of COPY."""
    if value is None:
        return NULL
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds()} seconds"
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    text = str(value)
    return text.translate(ESCAPES) if SPECIAL.search(text) else text
