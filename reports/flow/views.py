"""Pages of the process as it really runs: frame at once, parts one by one."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from accounts.permissions import Permission
from reports.boards import KpiBoard
from reports.flow.hand_overs import matrix_of
from reports.flow.map import map_of
from reports.flow.process import MOST_VARIANTS, Process
from reports.flow.xes import xes_of
from reports.texts import duration, shares
from reports.views import ReportsView
from tickets.lifecycle import Kind

#: Parts of the page, in order.
PARTS = ("map", "ways", "time", "hand_overs")


class ProcessBoard(KpiBoard):
    """The process page with the parameters of an address."""

    page = "process"
    asks_versions = False


class ProcessPart(ReportsView):
    """Base of the page and its parts."""

    board_class = ProcessBoard


class ProcessView(ProcessPart):
    """The page."""

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show its frame; the parts follow."""
        board = self.board(kind)
        context = board.frame()
        export = board.part_url("xes") if request.user.may(Permission.EXPORT) else ""
        context |= {
            "title": _("The process"),
            "parts": [(name, board.part_url(f"process_{name}")) for name in PARTS],
            "export_url": export,
        }
        return render(request, "reports/process.html", context, status=400 if context["errors"] else 200)


class MapView(ProcessPart):
    """The states and steps, drawn, and every step as a table."""

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show it."""
        board = self.board(kind)
        process = Process(board.scope)
        return self.draw("reports/_process_map.html", board, title=_("Steps"), process=process, map=map_of(process))


class WaysView(ProcessPart):
    """The variants."""

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show them."""
        board = self.board(kind)
        process = Process(board.scope)
        ways, found = process.ways()
        rest = process.tickets - sum(way.tickets for way in ways)
        percent = shares([*(way.tickets for way in ways), rest])
        rows = list(zip(ways, percent, strict=False))
        context = {
            "rows": rows,
            "rest": rest,
            "others": max(found - MOST_VARIANTS, 0),
            "rest_share": percent[-1],
            "rest_url": process.other_ways_url(ways),
        }
        return self.draw("reports/_process_ways.html", board, title=_("Ways"), **context)


class TimeView(ProcessPart):
    """Time in each state and phase, what came back, what the life cycle does not know."""

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show it."""
        board = self.board(kind)
        process = Process(board.scope)
        phases = process.phases()
        percent = shares([int(seconds) for _label, seconds in phases])
        rows = [(label, duration(s), share) for (label, s), share in zip(phases, percent, strict=True)]
        figures = {measure.code for measure in board.askable}
        stays = [
            (stay, board.part_url("explain", code) if (code := f"stay_{stay.state}") in figures else "")
            for stay in process.stays.values()
        ]
        context = {"process": process, "phases": rows, "stays": stays}
        return self.draw("reports/_process_time.html", board, title=_("Time"), **context)


class HandOversView(ProcessPart):
    """Who handed over to whom."""

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show the matrix."""
        board = self.board(kind)
        matrix = matrix_of(Process(board.scope))
        return self.draw("reports/_process_hand_overs.html", board, title=_("Hand-overs"), matrix=matrix)


class XesView(ProcessPart):
    """The log for tools of process mining (IEEE 1849, XES)."""

    def get(self, request: SignedInRequest, kind: Kind) -> StreamingHttpResponse:
        """Send it, for those who may export; names of persons for those who see figures by name."""
        if not request.user.may(Permission.EXPORT):
            raise PermissionDenied
        board = self.board(kind)
        named = request.user.may(Permission.PEOPLE_FIGURES)
        lines: Iterator[str] = xes_of(Process(board.scope), named=named)
        response = StreamingHttpResponse(lines, content_type="application/xml; charset=utf-8")
        name = f"{kind.code}-{board.period.first_day}-{board.period.last_day}.xes"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
