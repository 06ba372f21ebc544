"""Reading a row into facts: values in the portal's terms, as far as the row tells them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from importing.columns import Reads
from importing.findings import Finding, Findings, Flaw
from importing.mapping import ANY_OTHER, JOIN, Mapping, StateRule
from importing.reading import Row
from importing.values import CONTROL, MANY, DamagedError, read_count, read_name, tidy, time_reader

#: Damage after which the value before it stays; other damage leaves the value empty.
STAYING = frozenset({Flaw.STATE, Flaw.WORD, Flaw.COUNT})

#: A cell's value, and what is wrong with the cell.
Reading = tuple[Any, Flaw | None]
Read = Callable[[str], Reading]


@dataclass(slots=True)
class Facts:
    """What a row says. ``values`` by field, None where it says nothing; ``kept``: words as they stand, by column."""

    row: Row
    number: str
    state_word: str
    values: dict[str, Any]
    kept: dict[str, str]

    def __getitem__(self, field: str) -> Any:
        """The value of ``field``, None when the row or the mapping has none."""
        return self.values.get(field)

    @property
    def state(self) -> StateRule | None:
        """What its state means; None as long as no row told a known one."""
        return self.values["state"]


class FactReader:
    """Reads rows by a mapping; notes what is damaged in ``findings``."""

    def __init__(self, mapping: Mapping, findings: Findings, now: datetime) -> None:
        self.mapping = mapping
        self.findings = findings
        self.columns = sorted(mapping.needed_columns)
        self.word = word_reader(mapping.missing)
        self.read_time = cell_reader(time_reader(mapping.time_formats, mapping.zone, now), mapping.missing)
        self.read_name = cell_reader(read_name, mapping.missing)
        self.reads = [
            (field, column, self._read(field)) for field, column in mapping.columns.items() if field != "number"
        ]

    def read(self, row: Row, number: str, before: Facts | None) -> Facts:
        """Return what ``row`` says; damaged words and counts keep their value ``before``."""
        cells, values = row.cells, {}
        for field, column, read in self.reads:
            value, flaw = read(cells[column])
            if flaw is not None:
                self.note(row, number, column, flaw)
                value = before[field] if before and flaw in STAYING else value
            values[field] = value
        for needed in self.mapping.kind.needed if before else ():
            if values[needed] is None:  # a ticket always has one: the last that is known
                values[needed] = before[needed]  # type: ignore[index]
        if values["state"] and values["state"].nobody:
            values["assignee"] = None
            values["group"] = values["group"] if values["state"].with_group else None
        self._check_periods(values, row, number)
        values["category"] = self._category(row, number)
        kept = {column: self.word(cells[column]) for column in self.mapping.keep}
        return Facts(row, number, self.word(cells[self.mapping.columns["state"]]), values, kept)

    def text(self, row: Row, column: str) -> str:
        """The text of a cell with its line breaks, empty when it is missing."""
        text = row.cells[column].strip()
        return "" if text in self.mapping.missing else text

    def clean(self, row: Row) -> Row:
        """The row with the cells emptied that hold what is no text, and with those that are put together."""
        row = self._legible(row)
        if not row.cells or not self.mapping.joined:
            return row
        together = {}
        for name, columns in self.mapping.joined.items():
            words = [self.word(row.cells[column]) for column in columns]
            together[name] = JOIN.join(words) if any(words) else ""
        return Row(row.line, row.cells | together)

    def _legible(self, row: Row) -> Row:
        """The row with the cells emptied that hold what is no text."""
        if not row.cells or not CONTROL.search("".join([row.cells[column] for column in self.columns])):
            return row
        number = CONTROL.sub("", row.cells[self.mapping.columns["number"]])
        unsound = [column for column in self.columns if CONTROL.search(row.cells[column])]
        for column in unsound:
            self.note(row, number, column, Flaw.CONTROL)
        return Row(row.line, row.cells | dict.fromkeys(unsound, ""))

    def note(self, row: Row, number: str, column: str, flaw: Flaw) -> None:
        """Note that the cell of ``column`` is damaged."""
        self.findings.add(Finding(row.line, number, column, row.cells.get(column, ""), flaw))

    def _read(self, field: str) -> Read:
        """How the cells of ``field`` are read; what was read once is remembered."""
        missing = self.mapping.missing
        if field == "state":
            return word_table(self.mapping.states, missing, Flaw.STATE)
        if field in self.mapping.values:
            return word_table(self.mapping.values[field], missing, Flaw.WORD)
        reads = self.mapping.kind.read(field)
        if reads == Reads.TIME:
            return self.read_time
        if reads == Reads.PRESENCE:
            return lambda cell: (bool(self.word(cell)), None)
        return cell_reader(read_count, missing) if reads == Reads.COUNT else self.read_name

    def _check_periods(self, values: dict[str, Any], row: Row, number: str) -> None:
        """Empty the end of what ends before it begins; the database would refuse the ticket."""
        imports = self.mapping.kind.imports
        for beginning, end in imports.periods:
            since, until = values.get(beginning), values.get(end)
            if since is None or until is None or until > since:
                continue
            if until < since or (beginning, end) in imports.lasting:
                self.note(row, number, self.mapping.columns[end], Flaw.PERIOD)
                values[end] = None

    def _category(self, row: Row, number: str) -> tuple[str, ...]:
        """The names from the top level down to the first that is missing."""
        columns = self.mapping.category
        levels = [self.word(row.cells[column]) for column in columns]
        if "" not in levels:
            return tuple(levels)
        end = levels.index("")
        for column, name in zip(columns[end:], levels[end:], strict=True):
            if name:
                self.note(row, number, column, Flaw.LEVEL)
        return tuple(levels[:end])


def word_reader(missing: frozenset[str]) -> Callable[[str], str]:
    """Return a function from a cell to its tidy text; empty when that is missing."""

    @lru_cache(maxsize=MANY)
    def word(cell: str) -> str:
        text = tidy(cell)
        return "" if text in missing else text

    return word


def cell_reader(read: Callable[[str], Any], missing: frozenset[str]) -> Read:
    """Return a function that reads a cell with ``read``; the value of a missing or damaged one is None."""

    @lru_cache(maxsize=MANY)
    def reading(cell: str) -> Reading:
        text = tidy(cell)
        try:
            return (None if text in missing else read(text)), None
        except DamagedError as damaged:
            return None, damaged.flaw

    return reading


def word_table(table: dict[str, Any], missing: frozenset[str], unknown: Flaw) -> Read:
    """Return a function that looks a cell's word up. A missing word has a value only if the table lists it.

    Of the beginnings that fit the longest counts.
    """
    word = word_reader(missing)
    beginnings = sorted((key[:-1] for key in table if key.endswith(ANY_OTHER)), key=len, reverse=True)

    @lru_cache(maxsize=MANY)
    def reading(cell: str) -> Reading:
        found = word(cell)
        if found in table:
            return table[found], None
        if not found:
            return None, None
        fitting = next((start for start in beginnings if found.startswith(start)), None)
        return (None, unknown) if fitting is None else (table[fitting + ANY_OTHER], None)

    return reading
