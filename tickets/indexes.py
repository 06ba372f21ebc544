"""Indexes of tickets. Work that is not finished is a twentieth of the rows: it has small indexes of its own."""

from django.db.models import Index, Q

from tickets.querysets import LIVE

_LIVE = Q(phase__in=LIVE)
#: The order of queues (INC-18): priority first, then the shortest time left, then the simpler one.
QUEUE_ORDER = ("priority_rank", "queue_due_at", "complexity", "id")


def _queue(name: str, *first: str, **only: object) -> Index:
    """An index that answers a queue in its order, among live tickets that match ``only``."""
    return Index(fields=[*first, *QUEUE_ORDER], condition=_LIVE & Q(**only), name=name)


TICKET_INDEXES = [
    _queue("ticket_live_queue"),
    _queue("ticket_live_by_group", "group"),
    _queue("ticket_live_by_assignee", "assignee"),
    _queue("ticket_live_by_kind", "kind"),
    _queue("ticket_live_by_source", "source"),
    _queue("ticket_live_unassigned", "group", assignee=None),
    _queue("ticket_live_reopened", reopen_count__gt=0),
    Index(fields=QUEUE_ORDER, condition=Q(phase="waiting"), name="ticket_waiting"),
    Index(fields=["queue_due_at", "id"], condition=_LIVE, name="ticket_live_due"),
    Index(fields=["due_soon_at", "queue_due_at"], condition=_LIVE, name="ticket_live_soon"),
    Index(fields=["resolved_at", "id"], condition=Q(phase="resolved"), name="ticket_to_confirm"),
    Index(fields=["created_at", "id"], name="ticket_by_creation"),
    Index(fields=["updated_at", "id"], name="ticket_by_update"),
    Index(fields=["organisation", "created_at", "id"], name="ticket_by_organisation"),
    Index(fields=["requester", "created_at", "id"], name="ticket_by_requester"),
]
