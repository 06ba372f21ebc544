"""Columns, filters and orders of lists that only changes fill: type, risk, window and result."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from changes.codes import ChangeDomain, ChangeType
from changes.states import ChangePriority, Result, Risk
from itsm.web.filtering import NONE, ChoicesFilter, CodesFilter, MomentFilter
from itsm.web.paging import Column
from tickets.queues.columns import add_columns, own_columns
from tickets.queues.filters import add_filters, add_sorts

_UNSAID = (NONE, _("None"))
_column = own_columns("change")


def register() -> None:
    """Let lists, exports and endpoints know them."""
    add_columns(
        _column(
            "change_type", _("Type of change"), "change_type__name_zh", "change_type__name_en", sort="change_type"
        ),
        _column("precedence", _("Priority of the change"), shown="get_precedence_display"),
        _column("risk", _("Risk"), shown="get_risk_display"),
        _column("domain", _("Domain"), "domain__name_zh", "domain__name_en"),
        _column("planned_start", _("Planned start"), sort="planned_start"),
        _column("planned_end", _("Planned end"), sort="planned_end"),
        _column("result", pgettext_lazy("change", "Result"), shown="get_result_display"),
    )
    nothing = [_UNSAID]
    add_filters(
        "change",
        change_type=CodesFilter(field_name="change__change_type", model=ChangeType, label=_("Type of change")),
        precedence=ChoicesFilter(
            field_name="change__precedence", choices=ChangePriority.choices, label=_("Priority of the change")
        ),
        risk=ChoicesFilter(field_name="change__risk", choices=[*Risk.choices, _UNSAID], label=_("Risk")),
        domain=CodesFilter(field_name="change__domain", model=ChangeDomain, words=nothing, label=_("Domain")),
        result=ChoicesFilter(
            field_name="change__result", choices=[*Result.choices, _UNSAID], label=pgettext_lazy("change", "Result")
        ),
        planned_start_after=MomentFilter(
            field_name="change__planned_start", lookup_expr="gte", label=_("Planned start from")
        ),
        planned_start_before=MomentFilter(
            field_name="change__planned_start", lookup_expr="lt", label=_("Planned start until")
        ),
    )
    add_sorts(
        change_type=(Column("change__change_type__position", nullable=True),),
        planned_start=(Column("change__planned_start", nullable=True),),
        planned_end=(Column("change__planned_end", nullable=True),),
    )
