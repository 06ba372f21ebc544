"""Tables in and out: CSV and Excel, cell by cell as texts; dates and formulas of spreadsheets are never guessed at."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook

from itsm.documents.cells import plain
from itsm.documents.sheets import exchange_csv, exchange_excel

LARGEST = 1_000_000


#: Characters. A longer one is no cell: a quotation mark was never closed. (Python's own limit is one of the process,
#: whoever set it last.)
LONGEST_CELL = 100_000

#: What every .xls begins with, whatever it is called where it is kept.
OLD_EXCEL = bytes.fromhex("d0cf11e0a1b11ae1")


class TableError(ValueError):
    """The file cannot be read as a table. ``file``: which of those that were sent, items or relations."""

    file = "items"


def read_table(file: IO[bytes], name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV or Excel file with their line numbers, by heading. Raises TableError."""
    rows = _excel_rows(file) if name.lower().endswith(".xlsx") else _csv_rows(file)
    number = 0
    try:
        heading = next(rows, None)
        if not heading or not any(heading):
            raise TableError(_("The file is empty."))
        number = 1
        names = [cell.strip().removeprefix("\ufeff") for cell in heading]
        doubled = sorted({cell for cell in names if cell and names.count(cell) > 1})
        if doubled:
            raise TableError(_("A heading occurs twice: %(names)s.") % {"names": ", ".join(doubled)})
        for number, cells in enumerate(rows, start=2):
            if any(cell.strip() for cell in cells):
                if len(cells) > len(names) and any(cells[len(names) :]):
                    raise TableError(_("Line %(number)d has more cells than the heading.") % {"number": number})
                yield number, dict(zip(names, [*cells, *[""] * (len(names) - len(cells))], strict=False))
    except UnicodeDecodeError as error:
        raise TableError(_("This is not a CSV file in UTF-8.")) from error
    except csv.Error as error:
        text = _("No table can be read from this file: it is no CSV.")
        if number:
            text = _("No table can be read from this file: after line %(number)d it is no CSV.") % {"number": number}
        raise TableError(text) from error


def _csv_rows(file: IO[bytes]) -> Iterator[list[str]]:
    if file.read(len(OLD_EXCEL)) == OLD_EXCEL:
        raise TableError(_("Old Excel files (.xls) are not read: save it as .xlsx or CSV."))
    file.seek(0)
    for row in csv.reader(TextIOWrapper(file, encoding="utf-8-sig", newline="")):
        if any("\0" in cell or len(cell) > LONGEST_CELL for cell in row):  # nothing that a database takes
            raise csv.Error
        yield [plain(cell) for cell in row]


def _excel_rows(file: IO[bytes]) -> Iterator[list[str]]:
    try:
        sheet = load_workbook(file, read_only=True, data_only=True).worksheets[0]
        for row in sheet.iter_rows(values_only=True):
            yield [plain(_cell(value)) for value in row]
    except Exception as error:
        raise TableError(_("This is not an Excel file (.xlsx).")) from error


def _cell(value: Any) -> str:
    """A cell as text: whole numbers without a decimal point, dates in ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def open_table(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of the file at ``path``."""
    with path.open("rb") as file:
        yield from read_table(file, path.name)


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as CSV; the same table gives the same bytes."""
    return exchange_csv([heading, *rows])


def excel_bytes(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table as Excel; every cell is a text, so that 00123 and 1E5 stay what they are."""
    return exchange_excel([heading, *rows], title="items")
