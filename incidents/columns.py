"""Columns and filters of lists that only incidents fill: how they ended, and what was called in (TKT-02, TKT-08)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from itsm.web.filtering import NONE, CodesFilter, MomentFilter, YesNoFilter
from tickets.models import CloseCode, Ticket
from tickets.queues.columns import ListColumn, add_columns
from tickets.queues.filters import add_filters


def _own(name: str) -> Callable[[Ticket], Any]:
    """Reads a column of the incident; empty for tickets of other kinds."""
    return lambda ticket: getattr(getattr(ticket, "incident", None), name, None)


def _column(name: str, label: Any, *paths: str, **more: Any) -> ListColumn:
    loads = tuple(f"incident__{path}" for path in paths or (name,))
    return ListColumn(code=name, label=label, value=_own(name), loads=loads, staff=True, **more)


def register() -> None:
    """Let lists, exports and endpoints know them."""
    add_columns(
        _column("close_code", _("Close code"), "close_code__name_zh", "close_code__name_en"),
        _column("vendor_needed", _("Vendor needed")),
        _column("vendor_case_number", _("Vendor's case number")),
        _column("occurred_at", _("Occurred")),
        _column("extent", _("Extent")),
        _column("reported_by", _("Reported for the requester by")),
        _column("cause", _("Cause"), wide=True),
        _column("handling", _("Handling"), wide=True),
    )
    add_filters(
        close_code=CodesFilter(
            field_name="incident__close_code", model=CloseCode, words=[(NONE, _("None"))], label=_("Close code")
        ),
        solution=YesNoFilter(Q(incident__handling__gt=""), label=_("With a solution")),
        vendor_needed=YesNoFilter(Q(incident__vendor_needed=True), label=_("Vendor needed")),
        occurred_after=MomentFilter(field_name="incident__occurred_at", lookup_expr="gte", label=_("Occurred from")),
        occurred_before=MomentFilter(field_name="incident__occurred_at", lookup_expr="lt", label=_("Occurred until")),
    )
