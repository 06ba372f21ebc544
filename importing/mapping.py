"""Mapping files: how another product's export is read. The format is described in docs/importing.md."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from importing.columns import NEEDED, Readable, readable
from tickets.lifecycle import kinds

SHIPPED = Path(__file__).parent / "mappings"

NEEDED_KEYS = ("system", "columns", "states", "values", "customer", "groups", "items")
#: Optional keys with what holds when they are left out.
DEFAULTS: dict[str, Any] = {
    "kind": "incident",
    "rows": "",
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
    "systems": {"class": "non_core"},
}
#: At the end of a word in a table: stands for every word that begins so; alone for every word that is not listed.
ANY_OTHER = "*"


#: Between the words of columns that are put together.
JOIN = " / "


class Rows(StrEnum):
    """What a row of the export is."""

    UPDATES = "updates"
    TICKETS = "tickets"
    ITEMS = "items"


#: What a row must tell, by what it is.
NEEDED_BY = {Rows.UPDATES: ("event_at",), Rows.TICKETS: ("opened_at",), Rows.ITEMS: ("opened_at", "item")}


class MappingError(Exception):
    """The mapping file is missing or wrong; the text says where."""


@dataclass(frozen=True)
class StateRule:
    """What a state of the other product means here.

    ``with_group``: instead of ``state`` once a group has it. ``nobody``: whoever the row names does not have it;
    nor has the group, unless ``with_group`` says what it is then.
    """

    state: str
    with_group: str = ""
    wait_reason: str | None = None
    nobody: bool = False


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
    """A mapping file, checked. The attributes are the keys of the file.

    ``joined``: columns that the mapping puts together, by the name that stands for them in ``columns``.
    """

    name: str
    kind: Readable
    rows: Rows
    system: str
    columns: dict[str, str]
    joined: dict[str, tuple[str, ...]]
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
    systems: dict[str, str]

    @property
    def has_updates(self) -> bool:
        """Whether each row is an update with its own time; otherwise a row tells a ticket's whole life."""
        return self.rows == Rows.UPDATES

    @property
    def needed_columns(self) -> set[str]:
        """Every column that the mapping names."""
        used = {*self.columns.values(), *self.category, *self.keep, *self.rising}
        used |= {rule.column for rule in self.relations}
        used = used.union(*(rule.columns for rule in self.texts.values()), *self.joined.values())
        return used - self.joined.keys()


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
    kind = _kind(file["kind"])
    columns = dict(file["columns"])
    category = columns.pop("category", [])
    rows = Rows(file["rows"] or (Rows.UPDATES if "event_at" in columns else Rows.TICKETS))
    _check_names("columns", columns, kind.fields, (*NEEDED, *NEEDED_BY[rows], *kind.needed))
    _check_names("values", file["values"], kind.translatable, kind.worded & columns.keys())
    _check_names("texts", file["texts"], kind.texts)
    joined = {JOIN.join(names): _columns(names) for names in columns.values() if isinstance(names, list)}
    return Mapping(
        name=name,
        kind=kind,
        rows=rows,
        system=str(file["system"]),
        columns={field: JOIN.join(names) if isinstance(names, list) else names for field, names in columns.items()},
        joined=joined,
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
        systems=dict(file["systems"]),
    )


def _kind(code: Any) -> Readable:
    """The kind of ticket that the history becomes."""
    known = {kind.code: kind for kind in kinds() if kind.imports}
    if code not in known:
        raise ValueError(f"unknown kind: {code}. Known: {', '.join(sorted(known))}")
    return readable(known[code])


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
