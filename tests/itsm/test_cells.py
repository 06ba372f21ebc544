"""Nothing that people typed can become a formula in a spreadsheet (TKT-08)."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from itsm.documents.cells import RISKY, cell, csv_text, exchanged, plain, safe_text
from itsm.documents.sheets import CUT, MAX_TEXT, Book, CsvSheet, XlsxSheet, csv_lines, exchange_excel

pytestmark = pytest.mark.req("TKT-08")

DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠A1",
    " =1",
    "\ufeff=1",
    "\u200b=1",
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_formulas_get_an_apostrophe(text: str) -> None:
    assert safe_text(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "1+1", "主机宕机", "a\nb", "'=1", "(=1)"])
def test_other_texts_stay(text: str) -> None:
    assert safe_text(text) == text


@given(st.text(max_size=40))
def test_no_text_begins_like_a_formula(text: str) -> None:
    made = safe_text(text)
    assert not made.lstrip(" \u200b\ufeff\u00a0").startswith(tuple(RISKY))
    assert made.removeprefix("'") == safe_text(made.removeprefix("'")).removeprefix("'")


@given(st.lists(st.lists(st.text(max_size=20), min_size=1, max_size=3), min_size=1, max_size=4))
def test_csv_and_excel_hold_what_was_written(rows: list[list[str]]) -> None:
    cells = [[cell(text) for text in row] for row in rows]
    written = b"".join(csv_lines(cells)).decode("utf-8-sig")
    found = [row for row in csv.reader(io.StringIO(written, newline="")) if row]
    assert found == [[csv_text(str(value)) for value in row] for row in cells if row]
    assert not any(str(value).startswith(("=", "+", "-", "@")) for row in cells for value in row)


SPLIT = [";=1", "a;=1", 'a;"=1"', "a;\t=1", "a; @x", "a\t=1", "a|+1", "a\n=1", "a\r-1", "a\u2028=1", "a,b;＝1"]


@pytest.mark.parametrize("text", SPLIT, ids=ascii)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_no_reader_finds_a_formula_whatever_parts_its_cells(text: str, delimiter: str) -> None:
    """``;=1`` is two cells for a reader that splits at semicolons, and programs differ in what they do with quotes."""
    written = b"".join(csv_lines([["IM1", text, text]])).decode("utf-8-sig")

    naive = [piece.strip('"') for line in written.splitlines() for piece in line.split(delimiter)]
    proper = [value for row in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter) for value in row]
    assert not [value for value in [*naive, *proper] if value.lstrip(' "').startswith(tuple(RISKY))]


@given(st.text(alphabet="=+-@＝'\";|\t\n a1中", max_size=12))
def test_what_is_read_in_again_is_what_it_was(text: str) -> None:
    assert plain(exchanged(text)) == text
    assert not exchanged(text).lstrip(" \t\n").startswith(tuple(RISKY))


def test_a_text_that_nobody_guarded_is_read_as_it_is() -> None:
    assert [plain(text) for text in ("'a", "it's", "=1", "a;=1", "'")] == ["'a", "it's", "=1", "a;=1", "'"]


def test_books_hold_texts_and_numbers_only() -> None:
    book = Book()
    book.add("a/b", ["=head", "n"], [["=1+1", 2], ["_x003D_1", None]], widths=[20])
    book.add("a:b", ["x"], [])
    read = load_workbook(io.BytesIO(book.as_bytes()))

    assert read.sheetnames == ["a b", "a b+"]
    cells = [[(one.value, one.data_type) for one in row] for row in read["a b"].iter_rows()]
    assert cells[0] == [("'=head", "s"), ("n", "s")]
    assert cells[1] == [("'=1+1", "s"), (2, "n")]


@pytest.mark.parametrize("text", ["a\nb", "a\r\n\r\nb", "a\n\nb; c", "a\tb"])
def test_texts_of_several_lines_stay_what_they_are(text: str) -> None:
    assert csv_text(text) == text


def test_excel_does_not_read_numbers_of_characters(tmp_path: Path) -> None:
    sheet = XlsxSheet(tmp_path / "a.xlsx")
    sheet.write(["_x003D_1+1"])
    sheet.close()
    [[cell]] = load_workbook(tmp_path / "a.xlsx").active.iter_rows()  # type: ignore[union-attr]
    assert cell.value in ("_x005F_x003D_1+1", "_x003D_1+1")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        assert "_x005F_x003D_1+1" in book.read("xl/worksheets/sheet1.xml").decode() + "".join(
            book.read(name).decode() for name in book.namelist() if name.endswith("sharedStrings.xml")
        )


def test_numbers_moments_and_truths() -> None:
    moment = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
    with timezone.override("Asia/Shanghai"):
        assert [cell(value) for value in (3, -1, None, moment)] == [3, -1, "", "2026-11-22 09:02:03"]


def test_excel_texts_are_typed_as_texts(tmp_path: Path) -> None:
    sheet = XlsxSheet(tmp_path / "a.xlsx")
    for row in (["header"], ["'=1+1"], ["=not possible, yet safe"], [7], ["x" * 40_000]):
        sheet.write(row)
    sheet.close()
    found = [row[0] for row in load_workbook(tmp_path / "a.xlsx").active.iter_rows()]  # type: ignore[union-attr]
    assert [one.data_type for one in found] == ["s", "s", "s", "n", "s"]
    assert [one.value for one in found[1:4]] == ["'=1+1", "=not possible, yet safe", 7]
    assert (len(str(found[4].value)), str(found[4].value)[-len(CUT) :]) == (MAX_TEXT, CUT)


def test_excel_goes_on_on_another_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("itsm.documents.sheets.MAX_ROWS", 3)
    sheet = XlsxSheet(tmp_path / "a.xlsx")
    for row in (["head"], [1], [2], [3], [4], [5]):
        sheet.write(row)
    sheet.close()
    book = load_workbook(tmp_path / "a.xlsx")
    assert [[row[0] for row in page.values] for page in book] == [["head", 1, 2], ["head", 3, 4], ["head", 5]]


def test_csv_file_begins_with_the_mark(tmp_path: Path) -> None:
    sheet = CsvSheet(tmp_path / "a.csv")
    sheet.write(["编号"])
    sheet.close()
    assert (tmp_path / "a.csv").read_bytes() == b"\xef\xbb\xbf" + "编号\r\n".encode()


@pytest.mark.req("CMDB-05")
def test_a_table_that_is_read_in_again_gives_the_same_bytes_at_any_time() -> None:
    table = [["identifier", "name"], ["00123", "1E5"], ["=1+1", ""]]
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False):
        first = exchange_excel(table, title="items")
    with time_machine.travel(datetime(2027, 8, 9, 23, tzinfo=UTC), tick=False):
        assert exchange_excel(table, title="items") == first
