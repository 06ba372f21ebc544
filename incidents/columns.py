"""Columns and filters of lists that only incidents fill: how they ended, and what was called in (TKT-02, TKT-08)."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from itsm.web.filtering import NONE, CodesFilter, MomentFilter, YesNoFilter
from tickets.models import CloseCode
from tickets.queues.columns import add_columns, own_columns
from tickets.queues.filters import add_filters

_column = own_columns("incident")


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
        "incident",
        close_code=CodesFilter(
            field_name="incident__close_code", model=CloseCode, words=[(NONE, _("None"))], label=_("Close code")
        ),
        solution=YesNoFilter(Q(incident__handling__gt=""), label=_("With a solution")),
        vendor_needed=YesNoFilter(Q(incident__vendor_needed=True), label=_("Vendor needed")),
        occurred_after=MomentFilter(field_name="incident__occurred_at", lookup_expr="gte", label=_("Occurred from")),
        occurred_before=MomentFilter(field_name="incident__occurred_at", lookup_expr="lt", label=_("Occurred until")),
    )
