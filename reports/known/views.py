"""The page with the records behind a figure as they were known then."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from reports.boards import KpiBoard
from reports.facts.models import FactVersion
from reports.known.scope import KnownScope, NotKept
from reports.views import ReportsView
from tickets.figures.records import chosen_from, period_text
from tickets.lifecycle import Kind
from tickets.models import Ticket

#: So many records the page shows; the count is of all.
SHOWN = 500
NAMES = ("priority", "group", "category", "organisation")


class KnownRecordsView(ReportsView):
    """What was known of each record that a figure counted then, beside what is known now."""

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show it."""
        board = self.board(kind)
        chosen, found = known_records(board, request.GET.get("records", ""))
        rows = [{"ticket": ticket, "cells": _cells(version, ticket)} for version, ticket in known_rows(found, board)]
        context = {
            "kind": kind,
            "records": chosen.records,
            "period_text": period_text(chosen.span),
            "count": found.count(),
            "rows": rows,
            "known_at": board.known_at,
            "back_url": board.url(),
        }
        return render(request, "reports/known.html", context)


def known_records(board: KpiBoard, address: str) -> tuple[Any, QuerySet[FactVersion]]:
    """The set that an address names and what was known of its records. Raises Http404."""
    if not isinstance(board.scope, KnownScope) or board.errors:
        raise Http404(_("Of this it is not kept what was known then."))
    try:
        chosen = chosen_from(address)
        return chosen, board.scope.counted(chosen).order_by("created_at", "ticket_id")
    except (ValueError, KeyError, NotKept) as error:
        raise Http404 from error


def known_rows(found: QuerySet[FactVersion], board: KpiBoard) -> list[tuple[FactVersion, Ticket]]:
    """The first of them, each with the ticket as it is now; what its reader may not see is left out."""
    versions = list(found.select_related(*NAMES)[:SHOWN])
    tickets = Ticket.objects.visible_to(board.user).select_related(*NAMES)
    there = tickets.in_bulk([version.ticket_id for version in versions])
    return [(version, there[version.ticket_id]) for version in versions if version.ticket_id in there]


def _cells(then: FactVersion, now: Ticket) -> list[tuple[str, str]]:
    """Value then, and now where it is another."""
    pairs = [(str(getattr(then, name) or "–"), str(getattr(now, name) or "–")) for name in NAMES]
    return [(old, new if new != old else "") for old, new in pairs]


def as_row(then: FactVersion, now: Ticket) -> dict[str, Any]:
    """What was known of a ticket, for programs."""
    moments = ("known_from", "known_until", "phase", "created_at", "resolved_at", "closed_at")
    codes = {name: getattr(getattr(then, name), "code", None) for name in NAMES}
    return {"number": now.number, **codes, **{name: getattr(then, name) for name in moments}}
