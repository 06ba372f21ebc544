"""Sets of incidents as they stand now: what the live board shows and its lists open (DESK-03, INC-13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tickets.figures.records import Records, Span, register_records
from tickets.lifecycle import Phase
from tickets.querysets import LIVE

#: What runs out within so long is at risk.
AT_RISK = timedelta(hours=1)
#: Priorities of major incidents.
URGENT_RANK = 2


def _set(code: str, label: Any, meaning: Any, where: Any) -> Records:
    where_live = lambda span: Q(phase__in=LIVE) & where(span)  # noqa: E731 - one condition before another
    return Records(
        code=f"incident.now_{code}",
        kind="incident",
        label=label,
        meaning=meaning,
        when="",
        where=where_live,
        internal=True,
    )


def _at_risk(span: Span) -> Q:
    return Q(queue_due_at__gte=span.edge, queue_due_at__lt=span.edge + AT_RISK)


URGENT = _set(
    "urgent",
    _("Open P1 and P2"),
    _("Not finished, of the two most urgent priorities."),
    lambda span: Q(priority_rank__lte=URGENT_RANK),
)
OVERDUE = _set(
    "overdue",
    _("Past their limit"),
    _("Not finished, and the limit that runs is over."),
    lambda span: Q(queue_due_at__lt=span.edge),
)
RISK = _set("at_risk", _("At risk"), _("Not finished, and the limit that runs is over within an hour."), _at_risk)
UNDISPATCHED = _set(
    "undispatched",
    _("Not dispatched"),
    _("Not finished, and no group has it."),
    lambda span: Q(phase=Phase.OPEN, group=None),
)
WAIT_OVER = _set(
    "wait_over",
    _("Waiting past its end"),
    _("Waits, and the time until which it was to wait is over."),
    lambda span: Q(phase=Phase.WAITING, wait_until__lt=span.edge),
)
ESCALATED = _set(
    "escalated",
    _("Escalated, nobody acted yet"),
    _("Not finished, escalated by time, and nobody took note of it."),
    lambda span: Q(escalated_at__isnull=False),
)
#: In the order in which the live board shows them.
STANDING = (URGENT, OVERDUE, RISK, ESCALATED, UNDISPATCHED, WAIT_OVER)


def register() -> None:
    """Make them known; called once when the portal starts."""
    register_records(*STANDING)
