"""Which warnings nobody needs any more: their clock stopped before they could be sent."""

from __future__ import annotations

from notifications.models import Notice
from sla.models import Clock

WARNING = "limit_near"


def is_obsolete(notice: Notice) -> bool:
    """Whether ``notice`` warns of a limit whose clock has stopped. One query for a warning, none for others."""
    if notice.event != WARNING or notice.ticket_id is None:
        return False
    said = notice.payload
    found = Clock.objects.filter(ticket_id=notice.ticket_id, metric=said["metric"], agreement=said["agreement"])
    of_round = found.filter(round=int(notice.key.rpartition(":")[2]))
    return of_round.filter(state__in=(Clock.State.STOPPED, Clock.State.CANCELLED)).exists()
