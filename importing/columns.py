"""What a mapping may read of a ticket: the columns of every ticket, and those that the kind declares.

How a cell is read follows from the model's column, so that a kind names its columns and nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models

from accounts.models import User
from tickets.lifecycle import Kind
from tickets.meaning import Grade, Imports
from tickets.models import Ticket

#: Columns of every ticket that take words which the mapping translates.
COMMON_WORDS = ("priority", "impact", "urgency", "source", "completed_in_time")
#: Fields that every kind can read from a column, beside ``category``, which takes up to three columns.
COMMON = frozenset(
    {
        *("number", "state", "event_at", "event_by", "opened_at", "resolved_at", "closed_at", "registered_by"),
        *("requester", "group", "assignee", "item", "business_system", "reopen_count", *COMMON_WORDS),
    }
)
COMMON_TEXTS = frozenset({"summary", "description"})
COMMON_TIMES = ("event_at", "opened_at", "resolved_at", "closed_at")
NEEDED = ("number", "state")


class Reads(Enum):
    """How a cell is read."""

    WORD = auto()
    TIME = auto()
    COUNT = auto()
    PERSON = auto()
    PRESENCE = auto()
    NAME = auto()


@dataclass(frozen=True)
class Readable:
    """What can be read of a kind. ``own``: its columns beside those of every ticket, with how they are read."""

    kind: Kind
    imports: Imports
    own: Mapping[str, Reads]

    @property
    def fields(self) -> frozenset[str]:
        """Everything that can be read from a column."""
        return COMMON | self.own.keys()

    @property
    def texts(self) -> frozenset[str]:
        """Everything that can be put together from several columns."""
        return COMMON_TEXTS | set(self.imports.texts)

    @property
    def worded(self) -> frozenset[str]:
        """Fields whose words have to be translated; those that only ask whether there is anything need not be."""
        return frozenset({*COMMON_WORDS, *(name for name, reads in self.own.items() if reads == Reads.WORD)})

    @property
    def translatable(self) -> frozenset[str]:
        """Fields whose words may be translated."""
        return self.worded | {name for name, reads in self.own.items() if reads == Reads.PRESENCE}

    @property
    def staff(self) -> tuple[str, ...]:
        """Fields with people of the provider; requesters belong to the customer."""
        return ("registered_by", "assignee", *(name for name, reads in self.own.items() if reads == Reads.PERSON))

    @property
    def kept_in_timeline(self) -> tuple[str, ...]:
        """Its own columns whose changes the timeline shows: not what holds only at the end."""
        return tuple(name for name in self.own if name not in self.imports.at_end)

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns without which none can be stored; the last known value stays."""
        graded = ("priority",) if self.kind.grade == Grade.PRIORITY else ()
        return (*graded, *self.imports.needed)

    def read(self, field: str) -> Reads:
        """How the cells of ``field`` are read when the mapping has no words for it."""
        if field in COMMON_TIMES:
            return Reads.TIME
        return Reads.COUNT if field == "reopen_count" else self.own.get(field, Reads.NAME)

    def codes(self, field: str) -> dict[Any, Any]:
        """The values of a field that is translated, by their code: rows of its table, or the values themselves."""
        column = _column(self.kind.model, field)
        if column.is_relation:
            return column.related_model._default_manager.in_bulk()
        if column.choices:
            return {value: value for value, _label in column.flatchoices}
        return {True: True, False: False}


def readable(kind: Kind) -> Readable:
    """What can be read of ``kind``. Raises ImproperlyConfigured when it does not say, or names what cannot be read."""
    if kind.imports is None:
        raise ImproperlyConfigured(f"{kind.code}: say how its history is imported (imports=).")
    own = {name: _reads(kind.model, name) for name in kind.imports.columns}
    return Readable(kind, kind.imports, own)


def _column(model: type[Ticket], name: str) -> Any:
    return model._meta.get_field(name)


def _reads(model: type[Ticket], name: str) -> Reads:
    column = _column(model, name)
    if column.is_relation:
        return Reads.PERSON if column.related_model is User else Reads.WORD
    if isinstance(column, models.BooleanField):
        return Reads.WORD if column.null else Reads.PRESENCE
    if column.choices:
        return Reads.WORD
    if isinstance(column, models.DateTimeField):
        return Reads.TIME
    if isinstance(column, models.IntegerField):
        return Reads.COUNT
    raise ImproperlyConfigured(f"{model._meta.label}.{name} cannot be read from a column; name it in texts.")
