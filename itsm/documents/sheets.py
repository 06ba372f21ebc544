"""Writing rows of cells as CSV or Excel: the one place where files for spreadsheets are made (TKT-08).

No text in them can become a formula, whichever program opens them (``cells``); a test forbids a second writer.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import xlsxwriter
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from itsm.documents.cells import csv_text, excel_text, exchanged, safe_text

#: What Excel takes: rows of a sheet, characters of a cell.
MAX_ROWS, MAX_TEXT = 1_048_576, 32_767
CUT = " […]"
#: When files that are read in again say that they were made: a moment in them would make each another.
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
#: The content types of files, by how their names end.
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Row = Sequence[Any]


class Sheet(Protocol):
    """A file that is written row by row."""

    def write(self, row: Row) -> None:
        """Add a row."""

    def close(self) -> None:
        """Complete the file."""


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        """Return the text."""
        return text


def csv_lines(rows: Iterable[Row]) -> Iterable[bytes]:
    """The bytes of a CSV file, row by row; the mark at the beginning tells Excel that it is UTF-8."""
    write = csv_writer(_Echo())
    yield codecs.BOM_UTF8
    for row in rows:
        yield write(row).encode()


def csv_writer(stream: Any) -> Callable[[Row], Any]:
    """Return what writes a row to ``stream``, so that no reader takes a text in it for a formula."""
    writer = csv.writer(stream)
    return lambda row: writer.writerow([csv_text(value) if isinstance(value, str) else value for value in row])


class CsvSheet:
    """A CSV file: UTF-8 with a mark that Excel knows, lines end as RFC 4180 says."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._write = csv_writer(self._file)

    def write(self, row: Row) -> None:
        """Add a row."""
        self._write(row)

    def close(self) -> None:
        """Complete the file."""
        self._file.close()


class XlsxSheet:
    """An Excel file. Texts are typed as texts, never taken for formulas; beyond Excel's limit a sheet begins."""

    def __init__(self, path: Path) -> None:
        self._path, self._book = path, Workbook(write_only=True)
        self._header: Row | None = None
        self._begin()

    def _begin(self) -> None:
        self._sheet: Any = self._book.create_sheet()
        self._sheet.freeze_panes = "A2"
        self._rows = 0

    def write(self, row: Row) -> None:
        """Add a row; the first one is repeated on every sheet."""
        if self._header is None:
            self._header = row
        elif self._rows == MAX_ROWS:
            self._begin()
            self._append(self._header)
        self._append(row)

    def _append(self, row: Row) -> None:
        self._sheet.append([self._text(value) if isinstance(value, str) else value for value in row])
        self._rows += 1

    def _text(self, value: str) -> Any:
        """A plain text costs nothing more than itself; one that openpyxl would read as something else is typed."""
        if len(value) > MAX_TEXT:
            value = value[: MAX_TEXT - len(CUT)] + CUT
        value = excel_text(value)
        if value[:1] not in ("=", "#"):
            return value
        typed = WriteOnlyCell(self._sheet, value)
        typed.data_type = "s"
        return typed

    def close(self) -> None:
        """Complete the file."""
        self._book.save(self._path)


def open_sheet(path: Path, file_format: str) -> Sheet:
    """A new file at ``path``."""
    return XlsxSheet(path) if file_format == "xlsx" else CsvSheet(path)


# --- Files that are read in again -----------------------------------------------------------------------------------


def exchange_csv(rows: Iterable[Sequence[str]]) -> str:
    """A table of texts as CSV; the same table gives the same bytes. ``cells.plain`` gives each text back."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([exchanged(text) for text in row] for row in rows)
    return out.getvalue()


def exchange_excel(rows: Iterable[Sequence[str]], *, title: str) -> bytes:
    """A table of texts as Excel: typed as texts, so that 00123 and 1E5 stay what they are; guarded as in CSV.

    The same table gives the same bytes, whenever it is written.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True})
    book.set_properties({"created": ALWAYS})
    sheet = book.add_worksheet(title)
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            sheet.write_string(number, column, exchanged(text))
    book.close()
    return out.getvalue()


# --- Files that people read -----------------------------------------------------------------------------------------


class Book:
    """An Excel file of several sheets with heads, widths and wrapped texts; every cell is a text or a number."""

    _OPTIONS = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")

    def __init__(self) -> None:
        self._out = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._out, {"in_memory": True, **dict.fromkeys(self._OPTIONS, False)})
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._names: set[str] = set()

    def add(
        self, title: str, head: Row, rows: Iterable[Row], *, widths: Sequence[int] = (), frozen_columns: int = 0
    ) -> None:
        """A sheet; ``widths`` in characters. None is an empty cell."""
        sheet = self._book.add_worksheet(self._name(title))
        sheet.freeze_panes(1, frozen_columns)
        for column, label in enumerate(head):
            sheet.write_string(0, column, safe_text(str(label)), self._bold)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, int | float):
                    sheet.write_number(number, column, value)
                elif value is not None:
                    sheet.write_string(number, column, excel_text(safe_text(str(value))), self._wrapped)

    def _name(self, title: str) -> str:
        """A name that Excel takes: at most 31 characters, none of its own signs, once."""
        name = "".join(" " if sign in "[]:*?/\\'" else sign for sign in title)[:28].strip() or "-"
        while name in self._names:
            name = f"{name[:27]}+"
        self._names.add(name)
        return name

    def as_bytes(self) -> bytes:
        """Complete the file."""
        self._book.close()
        return self._out.getvalue()
