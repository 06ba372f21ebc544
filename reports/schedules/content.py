"""What a scheduled report says to one reader: the list or board as that reader sees it, as a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from exporting.models import Export
from exporting.services import plan_export, sent_rows
from exporting.sources import SOURCES, RefusedList, ticket_rows
from itsm.documents.cells import cell
from itsm.documents.paper import Part, moment, pdf_of, printed
from itsm.documents.sheets import TYPES, Book
from reports.boards import KpiBoard
from reports.charts import Chart, drawn
from reports.files import table_file
from reports.known.printed import query_of
from reports.known.scope import sealed
from reports.own.board import OwnKpiBoard
from reports.own.models import OwnBoard
from reports.own.services import boards_for
from reports.periods import PeriodError, chosen_period
from reports.pictures import svg_of
from reports.schedules.models import Schedule
from reports.texts import plain, shown
from tickets.figures.charts import charts_of
from tickets.figures.measures import measure_of
from tickets.figures.records import period_text, written
from tickets.lifecycle import kind_of

Format = Schedule.Format
CONTENT_TYPES = {**TYPES, "pdf": "application/pdf"}
#: A list of more rows goes as a link; on paper of more than the second.
MOST_ROWS, MOST_ON_PAPER = 20_000, 1_000
#: So many columns a sheet of paper has no room for.
MOST_COLUMNS = 9


class TooBig(ValueError):  # noqa: N818 - what it is
    """The list has more rows than a mail carries."""


@dataclass
class Content:
    """What is sent. ``path``: the page with the same; ``data``: the file, None for a link alone.

    ``rows``: of a list. ``values``: the figures by code; ``query``: period and filters that they are of.
    """

    text: str
    path: str
    data: bytes | None = None
    rows: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    known_at: datetime | None = None


def list_of(schedule: Schedule, reader: User, now: datetime, form: str) -> Content:
    """A saved list as ``reader`` sees it now. Raises RefusedList, TooBig."""
    view = schedule.view
    if view is None:
        raise RefusedList({"view": [""]})
    query = view.query
    if view.kind:
        query["kind"] = view.kind
    count = ticket_rows(reader, query, now).order_by().count()
    address = reverse("tickets:list", args=[kind_of(view.kind).slug]) if view.kind else reverse("tickets:queue")
    path = f"{address}?{view.query.urlencode()}"
    text = _("%(count)d tickets, as of %(at)s") % {"count": count, "at": moment(now)}
    if form == Format.LINK:
        return Content(text, path, rows=count)
    if count > (MOST_ON_PAPER if form == Format.PDF else MOST_ROWS):
        raise TooBig(str(count))
    offered = SOURCES["tickets"].columns(reader)
    columns = [code for code in view.columns if code in offered]
    kept_as = Export.Format.CSV if form == Format.PDF else form
    export = plan_export(user=reader, source="tickets", query=query, columns=columns, file_format=kept_as, now=now)
    rows = list(sent_rows(export))
    data = _paper_of_list(schedule, reader, rows, text, now) if form == Format.PDF else table_file(rows, form)
    return Content(text, path, data, len(rows) - 1)


def _paper_of_list(schedule: Schedule, reader: User, rows: list[list[Any]], text: str, now: datetime) -> bytes:
    head, *lines = [[str(value) for value in row] for row in rows]
    broad = [place for place, longest in enumerate(_longest(head, lines)) if longest > 24]
    part = Part("", head=head, rows=lines, broad=broad)
    return pdf_of(schedule.name, text, [part], printed=printed(reader, now), wide=True)


def _longest(head: list[str], lines: list[list[str]]) -> Iterable[int]:
    return (max(len(text) for text in column) for column in zip(head, *lines, strict=True))


# --- Boards ---


def board_of(schedule: Schedule, reader: User, due: datetime, now: datetime) -> KpiBoard:
    """The board as ``reader`` sees it ``now``, of the period that its name meant when it was ``due``."""
    own = schedule.board
    params = (own.query if own else schedule.query).copy()
    try:
        span = chosen_period(params, due).span
    except PeriodError:
        span = chosen_period(QueryDict(), due).span
    params.pop("period", None)
    params["from"], params["to"] = written(span.start)[:10], written(span.end)[:10]
    if own:
        return OwnKpiBoard(own, params, user=reader, now=now)
    return KpiBoard(params, user=reader, kind=kind_of(schedule.kind), now=now)


def board_content(schedule: Schedule, reader: User, due: datetime, now: datetime, form: str) -> Content:
    """A board as ``reader`` sees it ``now``. Call it in a transaction: until its end no fact changes."""
    board = board_of(schedule, reader, due, now)
    known_at = sealed(board.scope)
    rows = _chosen_rows(board.table(), schedule.board)
    values = {
        row["figure"].measure.code: {
            "value": plain(row["figure"].value),
            "numerator": row["figure"].numerator,
            "denominator": row["figure"].denominator,
            "version": row["figure"].measure.version,
        }
        for row in rows
    }
    own = schedule.board
    visible = own is None or boards_for(reader).filter(pk=own.pk).exists()
    address = board.path if visible else reverse("reports:board", args=[board.kind.slug])
    words = {"period": period_text(board.period.span), "at": moment(now)}
    content = Content(
        text=_("%(period)s, as of %(at)s") % words,
        path=f"{address}?{board.query}",
        values=values,
        query=query_of(board.scope),
        known_at=known_at,
    )
    if form != Format.LINK:
        content.data = _board_file(schedule, board, rows, content.text, form)
    return content


def _chosen_rows(rows: list[dict[str, Any]], own: OwnBoard | None) -> list[dict[str, Any]]:
    if own is None:
        return rows
    known = {row["figure"].measure.code: row for row in rows}
    return [known[code] for code in own.figures if code in known]


def _board_file(schedule: Schedule, board: KpiBoard, rows: list[dict[str, Any]], under: str, form: str) -> bytes:
    head = [_("Figure"), _("Value"), _("Period before"), _("A year ago"), pgettext("figure", "Counted"), _("Of")]
    lines = [_figure_line(row) for row in rows]
    if form == Format.CSV:
        told = [[_("Report"), schedule.name], [_("Period"), under], []]
        return table_file(([cell(value) for value in row] for row in [*told, head, *lines]), form)
    codes = charts_of(board.kind.code)
    own = schedule.board
    wanted = [code for code, _size in own.charts if code in codes] if own else list(codes)
    charts = [drawn(code, board.scope, board.url) for code in wanted]
    if form == Format.XLSX:
        book = Book()
        book.add(schedule.name, head, lines, widths=(40, 16, 16, 16, 12, 12))
        for chart in charts:
            book.add(str(chart.title), _head(chart), _numbers(chart), widths=(30,))
        return book.as_bytes()
    texts = [["" if value is None else str(value) for value in line] for line in lines]
    parts = [Part(_("Figures"), head=head, rows=texts, broad=(0,))]
    parts += [_part(chart, under) for chart in charts]
    return pdf_of(schedule.name, under, parts, printed=printed(board.user, board.now))


def _head(chart: Chart) -> list[str]:
    return [str(chart.title), *(str(name) for name, _how, _tone in chart.series)]


def _numbers(chart: Chart) -> list[list[Any]]:
    return [[line.label, *(c.text if c.value is None else c.value for c in line.cells)] for line in chart.lines]


def _part(chart: Chart, under: str) -> Part:
    """Picture and table; a table of more columns than paper has room for stands in its picture alone."""
    if len(chart.series) >= MOST_COLUMNS:
        return Part(str(chart.title), picture="" if chart.is_empty else svg_of(chart, under))
    rows = [[line.label, *(cell.shown for cell in line.cells)] for line in chart.lines]
    return Part(str(chart.title), head=_head(chart), rows=rows, picture="" if chart.is_empty else svg_of(chart, under))


def _figure_line(row: dict[str, Any]) -> list[Any]:
    figure = row["figure"]
    return [str(figure.measure.label), *row["texts"], figure.numerator, figure.denominator]


def values_text(values: dict[str, Any]) -> str:
    """The first figures in a line, for a mail."""
    first = list(values.items())[:6]
    return "\n".join(f"{measure_of(c).label}: {shown(v['value'], measure_of(c).unit)}" for c, v in first)
