"""What the properties column shows of a change."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from changes.models import Change


def details_of(change: Change) -> list[tuple[str, Any]]:
    """(label, value) pairs beyond those of every ticket; empty values are left out by the page."""
    return [
        (_("Type of change"), change.change_type),
        (_("Template"), change.template_version),
        (_("Priority"), change.get_precedence_display()),
        (_("Domain"), change.domain),
        (_("Touches"), change.get_scope_display()),
        (_("Risk"), change.get_risk_display()),
        (_("Raised from"), change.raised_from.number if change.raised_from else None),
        (_("Third party that asks for it"), change.third_party),
        (_("Helped what it was raised from"), _yes_or_no(change.helped)),
        (_("Planned start"), change.planned_start),
        (_("Planned end"), change.planned_end),
        (_("Actual start"), change.actual_start),
        (_("Actual end"), change.actual_end),
        (pgettext("change", "Result"), change.get_result_display()),
        (_("Decided at the latest"), change.no_return_at),
        (pgettext("point of no return", "Decision"), change.get_decision_display()),
        (_("Record completed"), change.record_completed_at),
        (_("Configuration notice sent"), change.noticed_at),
        (_("Configuration operator"), change.operator),
        (_("Update of items ordered"), change.ordered_at),
        (_("Order returned"), change.returned_at),
        (_("Expected result reached"), _yes_or_no(change.expected_reached)),
        (_("Rating"), change.get_rating_display()),
        (_("Business satisfaction"), change.get_business_view_display()),
        (_("Interruption (minutes)"), change.interruption_minutes),
        (_("Reviewed by"), change.reviewed_by),
    ]


def _yes_or_no(said: bool | None) -> str:
    """In words; nothing while nobody has said it."""
    return "" if said is None else _("Yes") if said else _("No")
