"""Writing rows of cells as CSV or Excel."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from exporting.cells import csv_text, excel_text

#: What Excel takes: rows of a sheet, characters of a cell.
MAX_ROWS, MAX_TEXT = 1_048_576, 32_767
CUT = " […]"
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
