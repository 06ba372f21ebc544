"""Pages of the KPI board. The page is drawn at once; its parts arrive one by one, and none waits for another."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView, is_htmx
from accounts.permissions import Permission
from itsm.documents.sheets import TYPES
from reports.boards import KpiBoard
from reports.charts import Chart, drawn
from reports.course import PREFIX, course, title_of
from reports.files import chart_file
from reports.known.printed import compared
from reports.known.scope import NotKept
from reports.load import MOST_PEOPLE, by_group, by_person, load_chart
from reports.load import TABLES as LOAD_TABLES
from sla.boards import may_see_board
from tickets import clock
from tickets.figures.charts import charts_of
from tickets.figures.measures import SHEETS, measures_of
from tickets.lifecycle import Kind, kinds

#: Files of a chart: its table, and its picture.
FILES = {**TYPES, "svg": "image/svg+xml", "png": "image/png"}
NAMES = {"csv": "CSV", "xlsx": "Excel", "svg": "SVG", "png": "PNG"}


class ReportsView(SignedInView):
    """Base: only for staff who see every ticket. ``board_class``: what the address is read into."""

    board_class = KpiBoard

    def dispatch(self, request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """Refuse everybody else."""
        if request.user.is_authenticated and not may_see_board(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def board(self, kind: Kind) -> KpiBoard:
        """The board that the address names. Raises Http404 for a kind without figures."""
        if not measures_of(kind.code):
            raise Http404
        return self.board_class(self.request.GET, user=self.request.user, kind=kind, now=clock.now())

    def draw(self, template: str, board: KpiBoard, **context: Any) -> HttpResponse:
        """A part of the board: alone for htmx, else as a page of its own."""
        context |= {"board": board, "back_url": board.url(), "errors": board.shown_errors()}
        if not is_htmx(self.request):
            return render(self.request, "reports/part.html", {**context, "part": template})
        return render(self.request, template, context)


class BoardsView(ReportsView):
    """Where boards begin."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Go to the board of the first kind that brought figures."""
        return redirect("reports:board", next(kind for kind in kinds() if measures_of(kind.code)))


class BoardView(ReportsView):
    """The board of a kind."""

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show its frame; figures follow."""
        context = self.board(kind).context()
        return render(request, "reports/board.html", context, status=400 if context["errors"] else 200)


class TilesView(ReportsView):
    """The tiles."""

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show them."""
        board = self.board(kind)
        return self.draw(
            "reports/_tiles.html", board, title=_("Indicators"), tiles=board.tiles(), others=board.others()
        )


class TableView(ReportsView):
    """Every figure against the period before and a year ago."""

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show it."""
        board = self.board(kind)
        rows = board.table()
        sheets = [(label, [row for row in rows if row["sheet"] == code]) for code, label in SHEETS.items()]
        return self.draw("reports/_table.html", board, title=_("Every figure"), sheets=sheets)


class LoadView(ReportsView):
    """Load by group and person."""

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show it."""
        board = self.board(kind)
        if not board.draws_incidents or board.known_at:
            raise Http404
        people = by_person(board.scope, board.url)
        shown = people if request.GET.get("people") == "all" else people[:MOST_PEOPLE]
        context = {
            "groups": by_group(board.scope, board.url),
            "people": shown,
            "count": len(people),
            "all_url": f"{board.part_url('load')}&people=all",
            "files": [(label, files_of(board, code)) for code, (label, _count) in LOAD_TABLES.items()],
        }
        named = request.user.may(Permission.PEOPLE_FIGURES)
        return self.draw("reports/_load.html", board, title=_("Load"), named=named, **context)


class ChartView(ReportsView):
    """A chart with its table."""

    def get(self, request: SignedInRequest, kind: Kind, code: str) -> HttpResponse:
        """Show it."""
        board = self.board(kind)
        chart = chart_of(board, code)
        return self.draw("reports/_chart.html", board, title=chart.title, chart=chart, files=files_of(board, code))


class ChartFileView(ReportsView):
    """The table of a chart as a file."""

    def get(self, request: SignedInRequest, kind: Kind, code: str, form: str) -> HttpResponse:
        """Send it, for those who may export."""
        if not request.user.may(Permission.EXPORT):
            raise PermissionDenied
        if form not in FILES:
            raise Http404
        board = self.board(kind)
        chart = chart_of(board, code)
        response = HttpResponse(chart_file(chart, board.period, form), content_type=FILES[form])
        name = f"{kind.code}-{code}-{board.period.first_day}-{board.period.last_day}.{form}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


class ExplainView(ReportsView):
    """What a figure counts, and what it leaves out."""

    def get(self, request: SignedInRequest, kind: Kind, code: str) -> HttpResponse:
        """Show it."""
        board = self.board(kind)
        try:
            told = board.explanation(code)
        except KeyError as error:
            raise Http404 from error
        told["printed"] = [] if board.known_at else compared(told["figure"], clock.now())
        return self.draw("reports/_explain.html", board, title=told["figure"].measure.label, **told)


def chart_of(board: KpiBoard, code: str) -> Chart:
    """A chart of the board, or the course of a figure. Raises Http404."""
    if code in LOAD_TABLES and board.draws_incidents and not board.known_at:
        return load_chart(code, board.scope, board.url)
    figure = next((m for m in board.askable if code == f"{PREFIX}{m.code}"), None)
    try:
        return course(figure, board.scope, board.url) if figure else drawn(code, board.scope, board.url)
    except KeyError as error:
        raise Http404 from error
    except NotKept as error:
        title = title_of(figure) if figure else charts_of(board.kind.code)[code].title
        return Chart(code, title, "", "", [], [], note=str(error))


def files_of(board: KpiBoard, code: str) -> list[tuple[str, str]]:
    """The files of a chart: name and address; none for those who may not export."""
    if not board.user.may(Permission.EXPORT):
        return []
    return [(label, board.part_url("file", code, form)) for form, label in NAMES.items()]
