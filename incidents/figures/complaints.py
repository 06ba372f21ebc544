"""Complaints, which no figure of incidents counts (INC-03): beside each those that its date would place in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.figures.records import COMPLAINT
from tickets.figures.records import ENDED, Records, Span


def complaints(code: str, when: str, where: Callable[[Span], Q], **more: Any) -> Records:
    """The complaints among what ``where`` says, as a set of its own."""
    return Records(
        code=f"incident.complaints_{code}",
        kind="incident",
        label=_("Complaints"),
        meaning=_("A complaint is about the service, not a fault of it: it is in no figure of incidents."),
        when=when,
        where=lambda span: Q(nature=COMPLAINT) & where(span),
        **more,
    )


OPEN = complaints("open", "", lambda span: span.open_at_edge(), is_open=True)
#: By the date that places them in a period.
BY_DATE = {
    "created_at": complaints("registered", "created_at", lambda span: span.within("created_at")),
    "responded_at": complaints("responded", "responded_at", lambda span: span.within("responded_at")),
    "resolved_at": complaints("resolved", "resolved_at", lambda span: span.within("resolved_at") & Q(phase__in=ENDED)),
    "closed_at": complaints("closed", "closed_at", lambda span: span.within("closed_at") & Q(phase="closed")),
    "agreed_at": complaints("agreed", "agreed_at", lambda span: span.within("agreed_at")),
}


def complaints_beside(counted: Records) -> tuple[Records, ...]:
    """The complaints of the dates by which ``counted`` is placed. Raises KeyError for what no date places."""
    if counted.is_open:
        return (OPEN,)
    parts = counted.parts or (counted,)
    return tuple(dict.fromkeys(OPEN if part.is_open else BY_DATE[part.when] for part in parts))
