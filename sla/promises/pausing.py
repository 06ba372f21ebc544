"""Which reasons for waiting stop the clocks of a ticket, by the policies that count for it (SLM-04)."""

from __future__ import annotations

from sla.models import AgreementKind, Clock
from tickets.models import Ticket


def reasons_that_pause(ticket: Ticket) -> frozenset[str] | None:
    """Codes of the reasons that stop the clock to the customer; None while none runs. One query."""
    active = Clock.objects.filter(ticket_id=ticket.pk, agreement=AgreementKind.SLA, state__in=("running", "paused"))
    found = active.order_by("metric").values_list("metric", "policy_version__pausing")
    by_metric = {metric: frozenset(pausing) for metric, pausing in found}
    return by_metric.get("resolve") if "resolve" in by_metric else next(iter(by_metric.values()), None)
