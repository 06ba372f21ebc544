"""Tables of charts as files: texts are texts, never formulas."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.utils.translation import gettext as _

from itsm.documents.cells import cell
from itsm.documents.sheets import Row, open_sheet
from itsm.moments import moment_for_all
from reports.charts import Chart
from reports.periods import Period
from reports.pictures import png_of, svg_of
from tickets.figures.records import period_text


def chart_file(chart: Chart, period: Period, form: str) -> bytes:
    """The table of ``chart`` with its title, unit and period as CSV or Excel, or its picture as SVG or PNG."""
    if form in ("svg", "png"):
        said = {"period": period_text(period.span), "at": moment_for_all(period.span.at)}
        under = _("%(period)s, as of %(at)s") % said
        return svg_of(chart, under).encode() if form == "svg" else png_of(chart, under)
    return table_file(([cell(value) for value in row] for row in rows_of(chart, period)), form)


def table_file(rows: Iterable[Row], form: str) -> bytes:
    """Rows of safe cells as CSV or Excel."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{form}"
        sheet = open_sheet(path, form)
        for row in rows:
            sheet.write(row)
        sheet.close()
        return path.read_bytes()


def rows_of(chart: Chart, period: Period) -> list[Row]:
    """The lines of the file."""
    head = [str(chart.title), *(str(name) for name, _how, _tone in chart.series)]
    lines = [[line.label, *(c.text if c.value is None else c.value for c in line.cells)] for line in chart.lines]
    told = [_("Period"), period_text(period.span), _("As of"), period.span.at.isoformat(timespec="seconds")]
    unit = [[_("Unit"), str(chart.unit)]] if chart.unit else []
    return [head, *lines, [], told, *unit]
