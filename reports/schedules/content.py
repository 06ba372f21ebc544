"""What a scheduled report says to one reader: the list or board as that reader sees it, as a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.models import User
from exporting.models import Export
from exporting.services import plan_export, sent_rows
from exporting.sources import SOURCES, RefusedList, ticket_rows
from itsm.documents.cells import cell
from itsm.documents.paper import Part, pdf_of, printed
from itsm.documents.sheets import TYPES, Book
from itsm.moments import moment_for_all
from reports.boards import KpiBoard
from reports.charts import Chart, drawn
from reports.files import table_file
from reports.known.printed import query_of
from reports.known.scope import sealed
from reports.load import TABLES as LOAD
from reports.load import load_chart
from reports.own.board import OwnKpiBoard
from reports.own.services import TABLES, boards_for
from reports.periods import PeriodError, chosen_period
from reports.pictures import svg_of
from reports.schedules.models import Schedule
from reports.texts import plain, shown, unit_name
from tickets.figures.charts import charts_of
from tickets.figures.measures import measure_of
from tickets.figures.records import period_text, written
from tickets.lifecycle import kind_of
from tickets.queues.filter_forms import told_filters
from tickets.queues.listing import Listing

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

    ``rows``: of a list, ``keys``: of its tickets where a file shows them. ``values``: the figures by code; ``query``:
    period and filters that they are of.
    """

    text: str
    path: str
    data: bytes | None = None
    rows: int | None = None
    keys: list[int] = field(default_factory=list)
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
    text = _("%(count)d tickets, as of %(at)s") % {"count": count, "at": moment_for_all(now)}
    if form == Format.LINK:
        return Content(text, path, rows=count)
    if count > (MOST_ON_PAPER if form == Format.PDF else MOST_ROWS):
        raise TooBig(str(count))
    offered = SOURCES["tickets"].columns(reader)
    columns = [code for code in view.columns if code in offered]
    kept_as = Export.Format.CSV if form == Format.PDF else form
    export = plan_export(user=reader, source="tickets", query=query, columns=columns, file_format=kept_as, now=now)
    rows = list(sent_rows(export))
    filters = told_filters(Listing(view.query, user=reader, now=now, kind=kind_of(view.kind) if view.kind else None))
    if form == Format.PDF:
        data = _paper_of_list(schedule, reader, rows, f"{text} · {filters}", now)
    else:
        told = [[_("Report"), schedule.name], [_("As of"), moment_for_all(now)], [_("Filters"), filters]]
        data = table_file([*rows, [], *([cell(value) for value in line] for line in told)], form)
    keys = list(ticket_rows(reader, query, now).order_by().values_list("pk", flat=True))
    return Content(text, path, data, len(rows) - 1, keys)


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
    rows = board.table(board.figures if isinstance(board, OwnKpiBoard) else None)
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
    words = {"period": period_text(board.period.span), "at": moment_for_all(now)}
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


@dataclass(frozen=True)
class Block:
    """A table of the file; ``chart``: what is drawn of it."""

    title: str
    head: list[str]
    rows: list[list[Any]]
    chart: Chart | None = None


def _board_file(schedule: Schedule, board: KpiBoard, rows: list[dict[str, Any]], under: str, form: str) -> bytes:
    blocks = [_figures_block(schedule.name, rows), *_blocks(board)]
    told = [[_("Report"), schedule.name], [_("Period"), under], [_("Filters"), filters_of(board)]]
    if lost := _lost(board):
        told.append([_("Left out"), lost])
    if form == Format.CSV:
        lines = [line for block in blocks for line in ([], [block.title], block.head, *block.rows)]
        return table_file(([cell(value) for value in row] for row in [*told, *lines]), form)
    if form == Format.XLSX:
        book = Book()
        book.add(_("Report"), told[0], told[1:], widths=(24, 80))
        for block in blocks:
            book.add(
                block.title, block.head, block.rows, widths=(30,) if block.chart else (40, 16, 16, 16, 12, 12, 12)
            )
        return book.as_bytes()
    said = [under, filters_of(board) if board.filters else "", lost]
    parts = [_part(block, under) for block in blocks]
    return pdf_of(schedule.name, " · ".join(filter(None, said)), parts, printed=printed(board.user, board.now))


def _lost(board: KpiBoard) -> str:
    lost = board.lost if isinstance(board, OwnKpiBoard) else 0
    words = ngettext(
        "%(n)d part of this board that there is no more, or that is not for you.",
        "%(n)d parts of this board that there are no more, or that are not for you.",
        lost,
    )
    return words % {"n": lost} if lost else ""


def _blocks(board: KpiBoard) -> list[Block]:
    """What stands under the figures: of a board of one's own what was chosen, else every chart."""
    chosen = [code for code, _size in board.parts] if isinstance(board, OwnKpiBoard) else charts_of(board.kind.code)
    found = []
    for code in chosen:
        if code == "table":
            found.append(_figures_block(str(TABLES[code]), board.table()))
        elif code == "load":
            found += [_chart_block(load_chart(each, board.scope, board.url)) for each in LOAD]
        else:
            found.append(_chart_block(drawn(code, board.scope, board.url)))
    return found


def _figures_block(title: str, rows: list[dict[str, Any]]) -> Block:
    head = [_("Figure"), _("Value"), _("Period before"), _("A year ago"), pgettext("figure", "Counted"), _("Of")]
    return Block(title, [*head, _("Unit")], [_figure_line(row) for row in rows])


def _chart_block(chart: Chart) -> Block:
    rows = [[line.label, *(c.text if c.value is None else c.value for c in line.cells)] for line in chart.lines]
    return Block(str(chart.title), [str(chart.title), *(str(name) for name, _how, _tone in chart.series)], rows, chart)


def filters_of(board: KpiBoard) -> str:
    """What the board is narrowed to, for people."""
    return "; ".join(f"{one['label']}: {one['value']}" for one in board.active()) or _("None")


def _part(block: Block, under: str) -> Part:
    """Picture and table; a table of more columns than paper has room for stands in its picture alone."""
    chart = block.chart
    if chart is None:
        rows = [["" if value is None else str(value) for value in row] for row in block.rows]
        return Part(block.title, head=block.head, rows=rows, broad=(0,))
    picture = "" if chart.is_empty else svg_of(chart, under)
    if len(chart.series) >= MOST_COLUMNS:
        return Part(block.title, picture=picture)
    rows = [[line.label, *(cell.shown for cell in line.cells)] for line in chart.lines]
    return Part(block.title, head=block.head, rows=rows, picture=picture)


def _figure_line(row: dict[str, Any]) -> list[Any]:
    figure = row["figure"]
    unit = unit_name(figure.measure.unit)
    return [str(figure.measure.label), *row["texts"], figure.numerator, figure.denominator, unit]


def values_text(values: dict[str, Any]) -> str:
    """The first figures in a line, for a mail."""
    first = list(values.items())[:6]
    return "\n".join(f"{measure_of(c).label}: {shown(v['value'], measure_of(c).unit)}" for c, v in first)
