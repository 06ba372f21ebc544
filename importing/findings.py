"""What is damaged in an export, by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TextIO

from itsm.documents.sheets import csv_writer


class Flaw(StrEnum):
    """Kinds of damage, each with what the import does about it."""

    CELLS = "wrong number of cells: row left out"
    NO_NUMBER = "no ticket number: row left out"
    ROUNDED = "number rounded by a spreadsheet, several tickets may share it: row left out"
    TWICE = "the same row again: left out"
    SAME_NUMBER = "another row with the number of a ticket that is there already: left out"
    QUOTES = "broken quotation mark: row left out"
    APART = "rows of this ticket stand apart: row left out"
    NO_TIME = "no readable time of the update: row left out"
    NO_STATE = "no known state in any row: ticket left out"
    NO_PRIORITY = "no known priority in any row: ticket left out"
    NO_VALUE = "nothing known in any row where the kind needs a value: ticket left out"
    STATE = "unknown state: the state before it stays"
    WORD = "unknown word: the value before it stays"
    TIME = "unreadable time: left empty"
    RANGE = "time before 1970 or in the future: left empty"
    CLOCK = "hour that the change of clocks skips: left empty"
    COUNT = "not a whole number: the value before it stays"
    CONTROL = "characters that no text may contain: left empty"
    LEVEL = "category without the level above it: left out"
    LONG_NAME = "name longer than 100 characters: left empty"
    LONG = "text too long for a summary: cut there, whole in the description"
    BACKWARDS = "earlier than the update before it: kept"
    BEFORE_OPENING = "update before the opening: kept"
    END_BEFORE = "solved or closed before it was opened, or closed before solved: kept"
    PERIOD = "ends before it begins: end left empty"
    FALLING = "counter went down: kept"


#: Damage that keeps the row, or the whole ticket, out.
FATAL = frozenset(
    {
        *(Flaw.CELLS, Flaw.QUOTES, Flaw.NO_NUMBER, Flaw.ROUNDED, Flaw.TWICE, Flaw.SAME_NUMBER),
        *(Flaw.APART, Flaw.NO_TIME, Flaw.NO_STATE, Flaw.NO_PRIORITY, Flaw.NO_VALUE),
    }
)


@dataclass(frozen=True)
class Finding:
    """A damaged value: the line of the file, the ticket, the column, the value as it stands, what is wrong."""

    line: int
    number: str
    column: str
    value: str
    flaw: Flaw


@dataclass
class Findings:
    """What was found. Keeps the first ``shown`` pieces of damage; ``sink`` gets every one of them."""

    shown: int = 20
    sink: Callable[[Finding], None] | None = None
    first: list[Finding] = field(default_factory=list)
    flaws: Counter[Flaw] = field(default_factory=Counter)

    @property
    def left_out(self) -> int:
        """How many rows and tickets are kept out."""
        return sum(count for flaw, count in self.flaws.items() if flaw in FATAL)

    def add(self, finding: Finding) -> None:
        """Note a piece of damage."""
        self.flaws[finding.flaw] += 1
        if len(self.first) < self.shown:
            self.first.append(finding)
        if self.sink:
            self.sink(finding)


def finding_writer(stream: TextIO) -> Callable[[Finding], None]:
    """Return a sink that writes each finding as a row of CSV, which a spreadsheet may open safely."""
    write_row = csv_writer(stream)
    write_row(["line", "number", "column", "value", "finding"])

    def write(finding: Finding) -> None:
        write_row([finding.line, finding.number, finding.column, finding.value, finding.flaw.value])

    return write
