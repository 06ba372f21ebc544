"""Pages of boards of one's own."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from reports.boards import KpiBoard
from reports.own.board import OwnKpiBoard
from reports.own.models import OwnBoard
from reports.own.services import (
    SHIPPED,
    BoardForm,
    begin_from,
    boarded_kinds,
    boards_for,
    chosen_parameters,
    figures_for,
    kind_called,
    may_edit,
    parts_of,
    placed,
    save_board,
)
from reports.periods import NAMED
from reports.views import ReportsView
from tickets import clock
from tickets.figures.measures import measures_of
from tickets.figures.records import zone
from tickets.lifecycle import Kind


class OwnBoardsView(ReportsView):
    """The boards that a person has, and those to begin from."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them."""
        found = boards_for(request.user)
        shipped = [(code, board.label) for code, board in SHIPPED.items()]
        return render(
            request, "reports/own_list.html", {"boards": found, "shipped": shipped, "kinds": boarded_kinds()}
        )


class OwnBoardView(ReportsView):
    """One of them."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show its frame; figures follow."""
        board = get_object_or_404(boards_for(request.user), pk=pk)
        context = OwnKpiBoard(board, request.GET, user=request.user, now=clock.now()).context()
        return render(request, "reports/board.html", context, status=400 if context["errors"] else 200)


class EditBoardView(ReportsView):
    """Choosing, ordering, sizing and sharing; a new one begins from a shipped one or from nothing."""

    def get(self, request: SignedInRequest, pk: int | None = None) -> HttpResponse:
        """The form; ``keep``: period and filters of the board that it was opened from."""
        board = self._board(pk)
        kind = self._kind(board)
        form = BoardForm(instance=board, kind=kind, user=request.user, label_suffix="")
        form.initial["role"] = board.role and board.role.code
        kept = request.GET.get("keep", "") or board.parameters
        return self._draw(board, kind, form, board.figures, dict(board.charts), kept)

    def post(self, request: SignedInRequest, pk: int | None = None) -> HttpResponse:
        """Store it, or remove it."""
        board = self._board(pk)
        if pk is not None and "remove" in request.POST:
            board.delete()
            messages.success(request, _("The board “%(name)s” is removed.") % {"name": board.name})
            return redirect("reports:own_boards")
        kind = self._kind(board)
        figures = placed([m.code for m in measures_of(kind.code, on_demand=True)], request.POST)
        charts = placed([f"chart-{code}" for code in parts_of(kind)], request.POST)
        sizes = {name.removeprefix("chart-"): request.POST.get(f"size-{name}", "normal") for name in charts}
        data = request.POST.copy()
        data.setlist("figures", figures)
        data["parameters"] = chosen_parameters(request.POST)
        data.setlist("charts", [f"{code}:{size}" for code, size in sizes.items()])
        form = BoardForm(data, instance=board, kind=kind, user=request.user, label_suffix="")
        if not form.is_valid():
            return self._draw(board, kind, form, figures, sizes, data.get("parameters", ""), 422)
        board = save_board(form=form, kind=kind, user=request.user, now=clock.now())
        messages.success(request, _("The board “%(name)s” is saved.") % {"name": board.name})
        return redirect("reports:own", board.pk)

    def _board(self, pk: int | None) -> OwnBoard:
        if pk is None:
            return begin_from(self.request.GET.get("from", ""))
        board = get_object_or_404(boards_for(self.request.user), pk=pk)
        if not may_edit(board, self.request.user):
            raise PermissionDenied
        return board

    def _kind(self, board: OwnBoard) -> Kind:
        try:
            return kind_called(self.request.GET.get("kind") or board.kind)
        except KeyError as error:
            raise Http404 from error

    def _draw(
        self,
        board: OwnBoard,
        kind: Kind,
        form: BoardForm,
        figures: list[str],
        sizes: dict[str, str],
        parameters: str,
        status: int = 200,
    ) -> HttpResponse:
        drawn = parts_of(kind)
        shown = KpiBoard(QueryDict(parameters), user=self.request.user, kind=kind, now=clock.now())
        order = list(sizes)
        context = {
            "board": board,
            "kind": kind,
            "form": form,
            "fields": [form[name] for name in ("name", "role") if name in form.fields],
            "figures": [
                (m.code, m.label, m.meaning, m.code in figures, figures.index(m.code) + 1 if m.code in figures else "")
                for m in figures_for(kind, self.request.user)
            ],
            "charts": [
                (f"chart-{code}", drawn[code], code in sizes, order.index(code) + 1 if code in sizes else "",
                 sizes.get(code, "normal"))
                for code in drawn
            ],
            "sizes": OwnBoard.Size.choices,
            "period": shown.period.code,
            "periods": [(code, named.label) for code, named in NAMED.items()],
            "from": shown.period.first_day.isoformat() if not shown.period.code else "",
            "to": shown.period.span.end.astimezone(zone()).date().isoformat() if not shown.period.code else "",
            "filters": shown.fields(),
            "people": shown.filters.getlist("assignee"),
        }  # fmt: skip
        return render(self.request, "reports/own_edit.html", context, status=status)
