"""Indexes of tickets. Work that is not finished is a twentieth of the rows: it has small indexes of its own.

Those that views are counted by include what narrows a view to one kind, so that counting reads the index alone.
"""

from django.db.models import F, Index, Q

from tickets.querysets import LIVE

_LIVE = Q(phase__in=LIVE)
#: The order of queues (INC-18): priority first, then the shortest time left, then the simpler one.
QUEUE_ORDER = ("priority_rank", "queue_due_at", "complexity", "id")


def _queue(name: str, *first: str, also: tuple[str, ...] = (), **only: object) -> Index:
    """An index that answers a queue in its order, among live tickets that match ``only``; ``also``: what it counts."""
    include = (*(() if "kind" in first else ("kind",)), *also) or None
    return Index(fields=[*first, *QUEUE_ORDER], include=include, condition=_LIVE & Q(**only), name=name)


def _by_creation(name: str, *first: str, condition: Q | None = None) -> Index:
    """An index that answers a list in the order of creation."""
    return Index(fields=[*first, "created_at", "id"], condition=condition, name=name)


TICKET_INDEXES = [
    _queue("ticket_live_queue"),
    # The live board counts all of it by group (``reports.walls.live``).
    _queue("ticket_live_by_group", "group", also=("phase", "due_soon_at", "wait_until", "escalated_at")),
    _queue("ticket_live_by_assignee", "assignee"),
    _queue("ticket_live_by_kind", "kind"),
    _queue("ticket_live_by_source", "source"),
    _queue("ticket_live_unassigned", "group", assignee=None),
    _queue("ticket_live_reopened", reopen_count__gt=0),
    Index(fields=QUEUE_ORDER, include=["kind", "wait_until"], condition=Q(phase="waiting"), name="ticket_waiting"),
    Index(fields=["queue_due_at", "id"], include=["kind"], condition=_LIVE, name="ticket_live_due"),
    Index(
        fields=["queue_due_at", "due_soon_at"],
        include=["kind", "priority_rank", "complexity", "id"],
        condition=_LIVE,
        name="ticket_live_soon",
    ),
    Index(fields=["created_at", "id"], include=["kind"], condition=Q(phase="resolved"), name="ticket_to_confirm"),
    _queue("ticket_live_escalated", escalated_at__isnull=False),
    _by_creation("ticket_by_creation"),
    _by_creation("ticket_by_organisation", "organisation"),
    _by_creation("ticket_by_requester", "requester"),
    _by_creation("ticket_by_group", "group"),
    _by_creation("ticket_by_assignee", "assignee"),
    _by_creation("ticket_by_supplier", "supplier", condition=Q(supplier__isnull=False)),
    Index(fields=["updated_at", "id"], name="ticket_by_update"),
    # Figures of a period (``tickets.figures.records``): by the date that places a ticket in it.
    Index(fields=["resolved_at"], condition=Q(resolved_at__isnull=False), name="ticket_by_solution"),
    Index(fields=["closed_at"], condition=Q(closed_at__isnull=False), name="ticket_by_closing"),
    Index(fields=["responded_at"], condition=Q(responded_at__isnull=False), name="ticket_by_response"),
    Index(fields=["agreed_at"], condition=Q(agreed_at__isnull=False), name="ticket_by_agreement"),
    Index(
        fields=["category", "organisation", "resolved_at"],
        include=["kind", "business_system"],
        condition=Q(category__isnull=False, resolved_at__isnull=False),
        name="ticket_same_fault",
    ),
    # What an organisation uses (``tickets.shared.uses``).
    Index(
        fields=["organisation", "business_system"],
        condition=Q(business_system__isnull=False),
        name="ticket_uses_system",
    ),
    Index(fields=["organisation", "category"], condition=Q(category__isnull=False), name="ticket_uses_category"),
]
TIMELINE_INDEXES = [
    Index(fields=["ticket", "at", "id"], name="timeline_of_ticket"),
    # How tickets went from state to state is read from this alone (``tickets.figures.moves``).
    Index(
        fields=["ticket", "at", "id"],
        include=["state_from", "state_to"],
        condition=~Q(state_from=F("state_to")),
        name="timeline_moves",
    ),
]
