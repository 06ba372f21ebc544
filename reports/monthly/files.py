"""The service report as PDF and Excel, from the numbers that it keeps."""

from __future__ import annotations

import json
from itertools import zip_longest
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from itsm.documents.fonts import FONTS, typeset
from itsm.documents.sheets import Book
from reports.charts import Cell, Chart, Line
from reports.models import ServiceReport

TEMPLATE = Path(__file__).parent / "service_report.typ"


def status_of(report: ServiceReport) -> str:
    """State, version and moment of the report, in the language of who reads: on paper that is the customer's."""
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


def linked(section: dict[str, Any], for_staff: bool) -> dict[str, Any]:
    """A section whose cells of the column ``linked`` lead to ``links``, a path for each row.

    Tickets open for everybody who reads the report; the records behind a figure for staff alone.
    """
    opens = for_staff or not section.get("staff")
    links = section.get("links", []) if opens else []
    lines = list(zip_longest(section["rows"], links[: len(section["rows"])], fillvalue=""))
    return {**section, "linked": section.get("linked", 0), "links": links, "lines": lines}


def as_data(report: ServiceReport, *, for_staff: bool = False) -> dict[str, Any]:
    """What the template draws; texts stay texts, addresses are whole."""
    sections = [linked(section, for_staff) for section in report.content["sections"]]
    for section in sections:
        section["links"] = [f"{settings.SITE_URL}{path}" if path else "" for path in section["links"]]
    with translation.override(report.language):
        status = status_of(report)
    return {
        **report.content,
        "sections": sections,
        "status": status,
        "reason": report.reason,
        "improvements": report.improvements.replace("\r", ""),
        "author": "ITSM",
        "fonts": FONTS,
        "lang": report.language[:2],
    }


def pdf_of(report: ServiceReport, *, for_staff: bool = False) -> bytes:
    """The report as PDF: searchable text, outline, links into the portal, one page after the other."""
    data = json.dumps(as_data(report, for_staff=for_staff), ensure_ascii=False)
    return typeset(str(TEMPLATE), sys_inputs={"data": data})


def _cover(report: ServiceReport) -> list[list[str]]:
    """What stands at the head of page and PDF, and what a person wrote."""
    state = " · ".join([str(report.get_state_display()), *([_("made late")] if report.is_late else [])])
    rows = [
        [_("Period"), report.content["period"]],
        [_("Figures as of"), report.content["as_of"]],
        [_("State"), state],
        [_("Version"), str(report.version)],
        *([[_("Reason of the correction"), report.reason]] if report.reason else []),
    ]
    labels = report.content["labels"]
    lines = report.improvements.replace("\r", "").split("\n") if report.improvements else [labels["none"]]
    return rows + [[labels["improvements"] if not number else "", line] for number, line in enumerate(lines)]


def xlsx_of(report: ServiceReport) -> bytes:
    """The report as Excel: what it is, a sheet per section, and the bare numbers for calculating with them."""
    book = Book()
    content = report.content
    with translation.override(report.language):
        book.add(content["title"], (_("Customer"), content["customer"]), _cover(report), widths=(28, 90))
    for section in report.content["sections"]:
        widths = [48 if column == section["wide"] else 18 for column in range(len(section["head"]))]
        rows = [[str(value) for value in row] for row in section["rows"]]
        book.add(section["title"], section["head"], rows, widths=widths)
    names = ("value", "numerator", "denominator", "version")
    values = report.content["values"].items()
    book.add("values", ("id", *names), [[code, *(row[name] for name in names)] for code, row in values])
    return book.as_bytes()
