"""The service report as PDF and Excel, from the numbers that it keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typst
from django.utils import translation
from django.utils.translation import gettext as _

from itsm.documents.paper import FONTS
from itsm.documents.sheets import Book
from reports.charts import Cell, Chart, Line
from reports.models import ServiceReport

TEMPLATE = Path(__file__).parent / "service_report.typ"


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


def daily_chart(report: ServiceReport) -> Chart:
    """What came and was solved on each day, as it was counted; for the page, which draws charts as boards do."""
    daily = report.content["daily"]
    how = (("bar", "info"), ("line", "ok"), ("step", "soon"))
    series = [(name, *drawn) for name, drawn in zip(daily["names"], how, strict=False)]
    lines = [
        Line(label, [Cell(value) for value in values])
        for label, values in zip(daily["labels"], daily["values"], strict=True)
    ]
    return Chart("daily", daily["title"], "", "trend", series, lines)


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
    """The report as Excel: a sheet per section, and the bare numbers for calculating with them."""
    book = Book()
    for section in report.content["sections"]:
        widths = [48 if column == section["wide"] else 18 for column in range(len(section["head"]))]
        rows = [[str(value) for value in row] for row in section["rows"]]
        book.add(section["title"], section["head"], rows, widths=widths)
    names = ("value", "numerator", "denominator", "version")
    values = report.content["values"].items()
    book.add("values", ("id", *names), [[code, *(row[name] for name in names)] for code, row in values])
    return book.as_bytes()
