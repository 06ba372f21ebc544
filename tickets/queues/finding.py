"""Finding one ticket by its number, for the person who asks."""

from __future__ import annotations

from django.db.models import ForeignKey, QuerySet
from django.http import Http404

from accounts.models import User
from tickets.lifecycle import Kind, kinds
from tickets.models import Ticket

#: Rows that most tickets refer to come with the ticket; what is rarely set is read when it is.
RARE = frozenset(
    {
        "wait_reason",
        "satisfaction",
        "parent",
        "duplicate_of",
        "reject_reason",
        "backup_confirmed_by",
        "ticket_ptr",
        "commander",
    }
)


def is_number(text: str) -> bool:
    """Whether ``text`` could be the whole number of a ticket: only then a query is worth it."""
    return text[-12:].isdecimal() and any(text[:-12] == kind.prefix for kind in kinds())


def kind_of_number(number: str) -> Kind:
    """The kind whose prefix ``number`` carries. Raises Http404 for an unknown one."""
    for kind in kinds():
        if number.startswith(kind.prefix):
            return kind
    raise Http404


def with_related(kind: Kind) -> QuerySet[Ticket]:
    """Tickets of ``kind`` with the rows that a page shows, in one query."""
    names = [
        field.name
        for field in kind.model._meta.concrete_fields
        if isinstance(field, ForeignKey) and field.name not in RARE
    ]
    deeper = ["business_system__primary_engineer", "business_system__deputy_engineer", "requester__department"]
    return kind.model.objects.select_related(*names, *deeper, "registered_by__organisation")


def find_ticket(user: User, number: str) -> Ticket:
    """The ticket with ``number``. Raises Http404 when there is none that ``user`` may see."""
    kind = kind_of_number(number)
    ticket: Ticket | None = with_related(kind).visible_to(user).filter(number=number).first()  # type: ignore[attr-defined]
    if ticket is None:
        raise Http404
    return ticket
