"""The service report as PDF and Excel, from the numbers that it keeps."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import typst
import xlsxwriter
from django.utils import translation
from django.utils.translation import gettext as _

from exporting.cells import safe_text
from reports.models import ServiceReport

TEMPLATE = Path(__file__).parent / "service_report.typ"
#: The first that is there is taken; the last one comes with typst, but knows no Chinese (docs/reports.md).
FONTS = [
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "Libertinus Serif",
]


def status_of(report: ServiceReport) -> str:
    """State, version and moment of the report, in its language."""
    with translation.override(report.language):
        words = {
            "state": report.get_state_display(),
            "version": report.version,
            "as_of": report.content["as_of"],
        }
        text = _("%(state)s · version %(version)d · figures as of %(as_of)s") % words
        return " · ".join([text, _("made late")]) if report.is_late else text


def as_data(report: ServiceReport) -> dict[str, Any]:
    """What the template draws; texts stay texts."""
    return {
        **report.content,
        "status": status_of(report),
        "reason": report.reason,
        "improvements": report.improvements.replace("\r", ""),
        "author": "ITSM",
        "fonts": FONTS,
        "lang": report.language[:2],
    }


def pdf_of(report: ServiceReport) -> bytes:
    """The report as PDF: searchable text, outline, one page after the other."""
    data = json.dumps(as_data(report), ensure_ascii=False)
    return typst.compile(str(TEMPLATE), sys_inputs={"data": data})


def xlsx_of(report: ServiceReport) -> bytes:
    """The report as Excel: a sheet per section. Every cell is a text or a number, never a formula."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(file, options)
    bold = book.add_format({"bold": True, "bottom": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    used: set[str] = set()
    for section in report.content["sections"]:
        sheet = book.add_worksheet(_sheet_name(section["title"], used))
        sheet.freeze_panes(1, 0)
        for column, head in enumerate(section["head"]):
            sheet.write_string(0, column, safe_text(head), bold)
            sheet.set_column(column, column, 48 if column == section["wide"] else 18)
        for number, row in enumerate(section["rows"], start=1):
            for column, value in enumerate(row):
                sheet.write_string(number, column, safe_text(str(value)), wrapped)
    _write_values(book, report, bold, used)
    book.close()
    return file.getvalue()


def _write_values(book: Any, report: ServiceReport, bold: Any, used: set[str]) -> None:
    """The bare numbers, for calculating with them."""
    sheet = book.add_worksheet(_sheet_name("values", used))
    for column, head in enumerate(("id", "value", "numerator", "denominator", "version")):
        sheet.write_string(0, column, head, bold)
    for number, (code, row) in enumerate(report.content["values"].items(), start=1):
        sheet.write_string(number, 0, code)
        for column, name in enumerate(("value", "numerator", "denominator", "version"), start=1):
            if row[name] is not None:
                sheet.write_number(number, column, row[name])


def _sheet_name(title: str, used: set[str]) -> str:
    """A name that Excel takes: at most 31 characters, none of its own signs, once."""
    name = "".join(" " if sign in "[]:*?/\\'" else sign for sign in title)[:28].strip() or "-"
    while name in used:
        name = f"{name[:27]}+"
    used.add(name)
    return name
