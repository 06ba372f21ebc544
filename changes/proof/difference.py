"""What was written to configuration items because of a change: its part of their history (CMDB-06, CHG-08)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cmdb.definitions import Definitions
from cmdb.models import ConfigurationItem
from cmdb.versioning.history import Field, Names, history_of

#: No more items than this are looked at one by one.
MOST = 200


@dataclass(frozen=True)
class Written:
    """One write: when, by whom, and which fields differ."""

    at: datetime
    by: str
    fields: list[Field]


def written_under(number: str, items: Iterable[ConfigurationItem]) -> dict[int, list[Written]]:
    """What was written to ``items`` with the reference ``number``, by key of the item, the oldest first."""
    names = Names(Definitions())
    found: dict[int, list[Written]] = {}
    for item in list(items)[:MOST]:
        lines = [line for line in history_of(item, names, visible=[item.pk]) if line.reference == number]
        if lines:
            found[item.pk] = [
                Written(line.at, line.by.display_name if line.by else line.source, list(line.fields))
                for line in reversed(lines)
            ]
    return found
