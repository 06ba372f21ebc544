"""The log of a record in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from records.models import Record


def lines_of(record: Record) -> list[dict[str, Any]]:
    """Its log, the newest line first: who did what when, and what changed. One query."""
    return [
        {
            "at": line.at,
            "actor": line.actor,
            "done": record.actions[line.step].done,
            "changes": [_in_words(record, change) for change in line.changes],
        }
        for line in record.log.select_related("actor")  # type: ignore[attr-defined]  # each family's own log
    ]


def _in_words(record: Record, change: dict[str, Any]) -> dict[str, Any]:
    field: Any = record._meta.get_field(change["field"])
    return {"label": field.verbose_name, "old": _text(field, change["old"]), "new": _text(field, change["new"])}


def _text(field: Any, value: Any) -> str:
    """A value of the log as people read it; empty for none."""
    if value in (None, "", []):
        return ""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(field, models.DateTimeField):
        return f"{timezone.localtime(datetime.fromisoformat(value)):%Y-%m-%d %H:%M}"
    return str(dict(field.flatchoices).get(value, value))
