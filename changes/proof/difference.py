"""What was written to configuration items because of a change: its part of their history (CMDB-06, CHG-08)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from cmdb.definitions import Definitions
from cmdb.models import ConfigurationItem
from cmdb.versioning.history import Field, Names, lines_under


@dataclass(frozen=True)
class Written:
    """One write: when, by whom, and which fields differ."""

    at: datetime
    by: str
    fields: list[Field]


def written_under(number: str, items: QuerySet[ConfigurationItem]) -> dict[int, list[Written]]:
    """What was written to ``items`` with the reference ``number``, by key of the item, the oldest first."""
    return {
        key: [Written(line.at, line.by.display_name if line.by else line.source, list(line.fields)) for line in lines]
        for key, lines in lines_under(number, items, Names(Definitions())).items()
    }
