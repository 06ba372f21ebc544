"""Reading an export: plain or gzip, UTF-8 or GB18030, one row at a time."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

#: Tried in this order: text in GB18030 is hardly ever valid UTF-8, the other way round it often is.
ENCODINGS = ("utf-8", "gb18030")
GZIP_MAGIC = b"\x1f\x8b"
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BYTE_ORDER_MARK = "\ufeff"
CHUNK = 1 << 20
#: The longest value that is read, in characters; a quotation mark that is never closed ends here.
LONGEST_VALUE = 1_000_000


class InputError(Exception):
    """The file cannot be read at all; the text says why, and where if that is known."""


@dataclass(frozen=True)
class Row:
    """A row: the line that it starts on (the header is line 1), its cells by column.

    Without cells when there are more or fewer of them than columns, or when a quotation mark in it is ``broken``.
    """

    line: int
    cells: dict[str, str]
    broken: bool = False


def _each(reader: Any) -> Iterator[list[str] | None]:
    """Rows of a strict ``reader``; None for one with a character behind a closing quotation mark.

    What is lost in it cannot be known, so that it is left out and said. Raises csv.Error for other trouble, such as
    a quotation mark that is never closed.
    """
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "expected after" not in str(error):
                raise
            yield None


class ExportFile:
    """An export on disk. Making one reads it once, to be sure of its encoding."""

    def __init__(self, path: Path, encoding: str = "") -> None:
        """Raises InputError when the file is missing, broken or in another encoding."""
        self.path = path
        self.size = 0
        self._raw: BinaryIO | None = None
        with self._open() as stream:
            if stream.read(2) in UTF16_MARKS:
                raise InputError(f"{path} is UTF-16. Save it as UTF-8.")
        self.encoding = self._encoding([encoding] if encoding else list(ENCODINGS))

    @property
    def read_share(self) -> float:
        """How much of the file was read so far, 0 to 1."""
        return self._raw.tell() / self.size if self._raw and self.size and not self._raw.closed else 0.0

    def rows(self, delimiter: str, needed: set[str]) -> Iterator[Row]:
        """Every row in order. Raises InputError without the ``needed`` columns, or when it is no CSV."""
        with self._open() as stream:
            reader = csv.reader(io.TextIOWrapper(stream, self.encoding, newline=""), delimiter=delimiter, strict=True)
            csv.field_size_limit(LONGEST_VALUE)
            try:
                header = self._header(reader, needed)
                start = reader.line_num + 1
                for cells in _each(reader):
                    if cells is None:
                        yield Row(start, {}, broken=True)
                    elif cells:
                        whole = len(cells) == len(header)
                        yield Row(start, dict(zip(header, cells, strict=True)) if whole else {})
                    start = reader.line_num + 1
            except csv.Error as error:
                raise InputError(f"{self.path}, line {reader.line_num}: {error}.") from error

    def _header(self, reader: Iterator[list[str]], needed: set[str]) -> list[str]:
        header = [name.strip(BYTE_ORDER_MARK).strip() for name in next(reader, [])]
        lacking = needed - set(header)
        if lacking:
            raise InputError(f"{self.path} has no column {', '.join(sorted(lacking))}. It has: {', '.join(header)}.")
        if len(set(header)) < len(header):
            raise InputError(f"{self.path} has two columns of the same name.")
        return header

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        """The file's bytes, unpacked when they are packed, whatever the name says."""
        try:
            with self.path.open("rb") as raw:
                self._raw, self.size = raw, self.path.stat().st_size
                packed = raw.read(2) == GZIP_MAGIC
                raw.seek(0)
                yield cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if packed else raw
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise InputError(f"{self.path} is damaged: it cannot be unpacked ({error}).") from error
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror or error}.") from error

    def _encoding(self, candidates: list[str]) -> str:
        for encoding in candidates:
            if self._is_in(encoding):
                return encoding
        raise InputError(f"{self.path} is not text in {' or '.join(candidates)}. Save it as UTF-8.")

    def _is_in(self, encoding: str) -> bool:
        decoder = codecs.getincrementaldecoder(encoding)()
        with self._open() as stream:
            try:
                while chunk := stream.read(CHUNK):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                return False
        return True
