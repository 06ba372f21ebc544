"""Mapping files: how another product's export is read. The format is described in docs/importing.md."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

SHIPPED = Path(__file__).parent / "mappings"

#: Fields that can be read from a column, beside ``category``, which takes up to three columns.
FIELDS = frozenset(
    {
        "number",
        "state",
        "event_at",
        "event_by",
        "opened_at",
        "resolved_at",
        "closed_at",
        "registered_by",
        "requester",
        "group",
        "assignee",
        "resolved_by",
        "item",
        "source",
        "impact",
        "urgency",
        "priority",
        "close_code",
        "completed_in_time",
        "reopen_count",
        "vendor",
    }
)
#: Fields whose words are translated into codes of the portal.
CODED = frozenset({"priority", "impact", "urgency", "source", "close_code", "completed_in_time"})
TEXTS = frozenset({"summary", "description", "cause", "handling"})
NEEDED_FIELDS = ("number", "state", "opened_at", "priority")
NEEDED_KEYS = ("system", "columns", "states", "values", "customer", "groups", "items")
#: Optional keys with what holds when they are left out.
DEFAULTS: dict[str, Any] = {
    "delimiter": ",",
    "encoding": "",
    "missing": [],
    "time_formats": ["%Y-%m-%d %H:%M:%S"],
    "zone": "",
    "texts": {},
    "relations": [],
    "keep": [],
    "rising": [],
    "prefix": "",
}
#: In a table of words: stands for every word that is not listed.
ANY_OTHER = "*"


class MappingError(Exception):
    """The mapping file is missing or wrong; the text says where."""


@dataclass(frozen=True)
class StateRule:
    """What a state of the other product means here. ``with_group``: instead of ``state`` once a group has it."""

    state: str
    with_group: str = ""
    wait_reason: str | None = None


@dataclass(frozen=True)
class TextRule:
    """Columns whose values make a text, joined in this order; missing ones are left out."""

    columns: tuple[str, ...]
    join: str = "\n"


@dataclass(frozen=True)
class RelationRule:
    """A column that names a record of the other product, and what the relation means."""

    column: str
    meaning: str
    kind: str


@dataclass(frozen=True)
class Mapping:
    """A mapping file, checked. The attributes are the keys of the file."""

    name: str
    system: str
    columns: dict[str, str]
    category: tuple[str, ...]
    states: dict[str, StateRule]
    values: dict[str, dict[str, Any]]
    texts: dict[str, TextRule]
    relations: tuple[RelationRule, ...]
    keep: tuple[str, ...]
    rising: tuple[str, ...]
    missing: frozenset[str]
    delimiter: str
    encoding: str
    time_formats: tuple[str, ...]
    zone: zoneinfo.ZoneInfo
    prefix: str
    customer: dict[str, str]
    groups: dict[str, Any]
    items: dict[str, str]

    @property
    def has_updates(self) -> bool:
        """Whether each row is an update with its own time; otherwise a row tells a ticket's whole life."""
        return "event_at" in self.columns

    @property
    def needed_columns(self) -> set[str]:
        """Every column that the mapping names."""
        used = {*self.columns.values(), *self.category, *self.keep, *self.rising}
        used |= {rule.column for rule in self.relations}
        return used.union(*(rule.columns for rule in self.texts.values()))


def shipped_mappings() -> list[str]:
    """Names of the mappings that come with the portal."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load_mapping(name: str) -> Mapping:
    """Return the shipped mapping ``name``, or the one in the YAML file at that path.

    Raises MappingError when there is none, or when it is not as docs/importing.md says.
    """
    path = SHIPPED / f"{name}.yaml" if name in shipped_mappings() else Path(name)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = ", ".join(shipped_mappings())
        raise MappingError(f"There is no mapping {name}. Known: {known}; or give the path of a YAML file.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(f"The mapping {name} cannot be read: {error}") from error
    try:
        return _mapping(path.stem, raw)
    except (TypeError, ValueError, AttributeError) as error:
        raise MappingError(f"The mapping {name} is not in order: {error}") from error


def _mapping(name: str, raw: Any) -> Mapping:
    if not isinstance(raw, dict):
        raise ValueError("it must be a list of keys and values")
    _check_names("keys", raw, {*NEEDED_KEYS, *DEFAULTS}, NEEDED_KEYS)
    file = DEFAULTS | raw
    columns = dict(file["columns"])
    category = columns.pop("category", [])
    _check_names("columns", columns, FIELDS, NEEDED_FIELDS)
    _check_names("values", file["values"], CODED, CODED & columns.keys())
    _check_names("texts", file["texts"], TEXTS)
    return Mapping(
        name=name,
        system=str(file["system"]),
        columns=columns,
        category=_columns([category] if isinstance(category, str) else category, most=3),
        states={_word(word): StateRule(**rule) for word, rule in file["states"].items()},
        values={field: _words(table) for field, table in file["values"].items()},
        texts={field: _text_rule(**rule) for field, rule in file["texts"].items()},
        relations=tuple(RelationRule(**rule) for rule in file["relations"]),
        keep=_columns(file["keep"]),
        rising=_columns(file["rising"]),
        missing=frozenset({"", *map(_word, file["missing"])}),
        delimiter=str(file["delimiter"]),
        encoding=str(file["encoding"]),
        time_formats=_columns(file["time_formats"]),
        zone=_zone(file["zone"]),
        prefix=str(file["prefix"]),
        customer=dict(file["customer"]),
        groups=dict(file["groups"]),
        items=dict(file["items"]),
    )


def _check_names(what: str, given: Iterable[str], known: Iterable[str], needed: Iterable[str] = ()) -> None:
    """Raise ValueError for names that nobody knows and for needed ones that are not there."""
    unknown, lacking = set(map(str, given)) - set(known), set(needed) - set(given)
    if unknown:
        raise ValueError(f"unknown {what}: {', '.join(sorted(unknown))}")
    if lacking:
        raise ValueError(f"missing {what}: {', '.join(sorted(lacking))}")


def _word(word: Any) -> str:
    """A word of the other product. YAML makes numbers, dates and truth values of unquoted ones."""
    if not isinstance(word, str):
        raise TypeError(f"put the word {word!r} in quotation marks")
    return re.sub(r"\s+", " ", word).strip()


def _words(table: dict[Any, Any]) -> dict[str, Any]:
    return {_word(word): code for word, code in table.items()}


def _columns(names: Any, most: int | None = None) -> tuple[str, ...]:
    if not isinstance(names, list) or len(names) > (most or len(names)):
        raise ValueError(f"{names!r} is not a list" + (f" of at most {most} columns" if most else ""))
    return tuple(map(str, names))


def _text_rule(columns: Any, join: str = "\n") -> TextRule:
    return TextRule(_columns(columns), join)


def _zone(name: str) -> zoneinfo.ZoneInfo:
    """The zone of the export's times; the portal's own when the mapping names none."""
    try:
        return zoneinfo.ZoneInfo(name or settings.TIME_ZONE)
    except (zoneinfo.ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"unknown time zone {name}") from error
