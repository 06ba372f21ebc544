"""The page with the records behind a figure as they were known then."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from itsm.api.views import PAGING
from itsm.web.filtering import YES_NO
from itsm.web.paging import Column, Page, PagingError, page_of, parse_ordering
from reports.boards import KpiBoard
from reports.facts.models import FactVersion
from reports.known.scope import NARROWINGS, PROMISES, KnownScope, NotKept
from reports.views import ReportsView
from tickets.figures.records import Chosen, chosen_from, period_text
from tickets.lifecycle import Kind
from tickets.models import Ticket

NAMES = ("priority", "group", "category", "organisation")
#: What may stand in an address of records as known then; anything else is refused, for it would change nothing.
ASKED = ("records", "known_at", *NARROWINGS)
SORTS = {"created_at": (Column("created_at"),)}
ORDER = "created_at"


class KnownBoard(KpiBoard):
    """The board whose records as known then an address names: they may be narrowed further than its figures."""

    narrowings = NARROWINGS

    def _labels(self) -> dict[str, Any]:
        yes_or_no = [(code, label, True) for code, label in YES_NO]
        return {**super()._labels(), **dict.fromkeys(PROMISES, yes_or_no)}


class KnownRecordsView(ReportsView):
    """What was known of each record that a figure counted then, beside what is known now."""

    board_class = KnownBoard

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show a page of them."""
        board = self.board(kind)
        if not set(request.GET) <= {*ASKED, *PAGING}:
            raise Http404(_("Of this it is not kept what was known then."))
        chosen, found = known_records(board, request.GET.get("records", ""))
        page = self._page(found)
        rows = [{"ticket": ticket, "cells": _cells(version, ticket)} for version, ticket in with_tickets(page.rows)]
        context = {
            "kind": kind,
            "records": chosen.records,
            "period_text": period_text(chosen.span),
            "narrowed": board.active(),
            "count": found.count(),
            "rows": rows,
            "known_at": board.known_at,
            "back_url": board.url(**dict.fromkeys(PROMISES)),
            "previous_url": self._turn(page.previous),
            "next_url": self._turn(page.next),
        }
        return render(request, "reports/known.html", context)

    def _page(self, found: QuerySet[FactVersion]) -> Page[FactVersion]:
        """The page of the cursor; a stale or foreign cursor gives the first one."""
        ordering = parse_ordering(ORDER, SORTS)
        try:
            return page_of(found, ordering, cursor=self.request.GET.get("cursor", ""))
        except PagingError:
            return page_of(found, ordering)

    def _turn(self, cursor: str | None) -> str:
        asked = {name: values for name, values in self.request.GET.lists() if name != "cursor"}
        return f"{self.request.path}?{urlencode({**asked, 'cursor': [cursor]}, doseq=True)}" if cursor else ""


def known_records(board: KpiBoard, address: str) -> tuple[Chosen, QuerySet[FactVersion]]:
    """The set that an address names and what was known of its records. Raises Http404."""
    if not isinstance(board.scope, KnownScope) or board.errors:
        raise Http404(_("Of this it is not kept what was known then."))
    try:
        chosen = chosen_from(address)
        return chosen, board.scope.counted(chosen).select_related(*NAMES)
    except (ValueError, KeyError, NotKept) as error:
        raise Http404 from error


def with_tickets(versions: list[FactVersion]) -> list[tuple[FactVersion, Ticket | None]]:
    """Each with its ticket as it is now, None where it was removed. Who asks as known then sees every ticket."""
    now = Ticket.objects.select_related(*NAMES)  # visible: known_moment refuses everybody else
    there = now.in_bulk([version.ticket_id for version in versions])
    return [(version, there.get(version.ticket_id)) for version in versions]


def _cells(then: FactVersion, now: Ticket | None) -> list[tuple[str, str]]:
    """Value then, and now where it is another."""
    pairs = [(str(getattr(then, name) or "–"), str(getattr(now, name, None) or "–")) for name in NAMES]
    return [(old, new if now and new != old else "") for old, new in pairs]


def as_row(then: FactVersion, now: Ticket | None) -> dict[str, Any]:
    """What was known of a ticket, for programs."""
    moments = ("known_from", "known_until", "phase", "created_at", "resolved_at", "closed_at")
    codes = {name: getattr(getattr(then, name), "code", None) for name in NAMES}
    return {"number": now.number if now else None, **codes, **{name: getattr(then, name) for name in moments}}
