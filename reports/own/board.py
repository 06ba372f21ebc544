"""A board of one's own as a person sees it."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from accounts.models import User
from reports.boards import KpiBoard
from reports.own.models import OwnBoard
from reports.own.services import TABLES, may_edit, parts_of
from tickets.figures.measures import Measure
from tickets.lifecycle import kind_of


class OwnKpiBoard(KpiBoard):
    """The chosen parts of a board. An address without a period has that of the board."""

    page = "board"

    def __init__(self, board: OwnBoard, params: QueryDict, *, user: User, now: datetime) -> None:
        self.own = board
        given = params if any(params.getlist(name) for name in ("period", "from", "to")) else _joined(board, params)
        super().__init__(given, user=user, kind=kind_of(board.kind), now=now)

    @property
    def path(self) -> str:
        """The page of this board."""
        return reverse("reports:own", args=[self.own.pk])

    @property
    def schedule_url(self) -> str:
        """Where it is sent regularly, as it is kept."""
        return f"{reverse('reports:schedule_new')}?board={self.own.pk}"

    @cached_property
    def figures(self) -> list[Measure]:
        """The chosen figures that there are and that the reader gets, in their order."""
        known = {measure.code: measure for measure in self.askable}
        return [known[code] for code in self.own.figures if code in known]

    @cached_property
    def parts(self) -> list[tuple[str, str]]:
        """The chosen charts and tables that there are, in their order: code and size."""
        there = parts_of(self.kind)
        return [(code, size) for code, size in self.own.charts if code in there]

    @property
    def lost(self) -> int:
        """How much of what was chosen is left out: it is no more, or not for this reader."""
        return len(self.own.figures) + len(self.own.charts) - len(self.figures) - len(self.parts)

    def context(self) -> dict[str, Any]:
        """What is chosen, in its order and size."""
        figures = [measure.code for measure in self.figures]
        tiles = f"{self.part_url('tiles')}{''.join(f'&figure={code}' for code in figures)}" if figures else ""
        frame = super().context()
        return frame | {
            "title": self.own.name,
            "tiles_url": tiles,
            "table_url": "",
            "load_url": "",
            "charts": [(code, self._url_of(code), size) for code, size in self.parts],
            "lost": self.lost,
            "own": self.own,
            "waiting": figures,
            "may_edit": may_edit(self.own, self.user),
            "others": [],
            "pages": [page | {"on": False} for page in frame["pages"]],
        }

    def _url_of(self, code: str) -> str:
        return self.part_url(code) if code in TABLES else self.part_url("chart", code)


def _joined(board: OwnBoard, params: QueryDict) -> QueryDict:
    joined = board.query.copy()
    for name, values in params.lists():
        joined.setlist(name, values)
    return joined
