"""Which tickets a person sees, and the sets that queues are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.models import Organisation
from accounts.permissions import Permission
from tickets.lifecycle import Phase, kinds
from tickets.meaning import Audience

if TYPE_CHECKING:
    from accounts.models import User

#: Phases in which somebody still has to do something.
LIVE = (Phase.OPEN.value, Phase.WAITING.value)
_NAMES = ("name_zh", "name_en")
_PERSON = ("username", "full_name", "full_name_en")
#: What ``tickets.workspace.pages.row_of`` and the lists of the portal read, the row's own columns and those of others.
ROW_COLUMNS = (
    *(
        "kind",
        "number",
        "version",
        "state",
        "phase",
        "summary",
        "complexity",
        "parent",
        "organisation",
        "supplier",
        "duplicate_of",
    ),
    *("priority_rank", "queue_due_at", "due_soon_at", "responded_at", "planned_response_at"),
    *("planned_completion_at", "confirmed_at"),
    "wait_reason",
    *("created_at", "updated_at", "children_total", "children_open", "reopen_count", "urge_count"),
    *(f"{name}__{column}" for name in ("priority", "business_system", "group", "source") for column in _NAMES),
    *(f"{name}__{column}" for name in ("assignee", "requester") for column in _PERSON),
)


class TicketQuerySet(models.QuerySet):
    """Tickets of any kind."""

    def visible_to(self, user: User) -> TicketQuerySet:
        """Tickets that ``user`` may see: the one door to lists, pages, endpoints, searches (ORG-03).

        Provider staff see all; supplier staff what was handed to their supplier and where they were called in;
        staff without that right where they were called in (``tickets.shared.guests``); customers the
        records of their organisation, or only their own when their role does not grant that, of the
        kinds that are meant for them (``tickets.meaning.Audience``).
        """
        return self if user.may(Permission.VIEW) else self.filter(visibility(user))

    def live(self) -> TicketQuerySet:
        """Tickets that are neither resolved nor closed."""
        return self.filter(phase__in=LIVE)

    def for_rows(self, *, also: Iterable[str] = (), join: Iterable[str] = ()) -> TicketQuerySet:
        """Load just what a row of a list shows, in one query; ``also`` further columns, those of rows ``join``ed."""
        relations = {"priority", "business_system", "group", "assignee", "source", "requester", *join}
        return self.select_related(*sorted(relations)).only(*dict.fromkeys([*ROW_COLUMNS, *also]))


def visibility(user: User) -> Q:
    """The condition of ``visible_to``, which a loaded row can be held against, too (``itsm.matching``)."""
    if user.may(Permission.VIEW):
        return Q()
    if user.organisation.kind == Organisation.Kind.SUPPLIER:
        return Q(supplier_id=user.organisation_id) | _invited(user)
    follows = user.may(Permission.VIEW_ORGANISATION)
    own = Q(organisation_id=user.organisation_id, parent=None, kind__in=_kinds_for(follows=follows))
    if not follows:
        own &= Q(requester_id=user.pk)
    if user.organisation.kind == Organisation.Kind.CUSTOMER:
        own |= Q(organisation_id=user.organisation_id) & _asked(user)
    if user.organisation.kind == Organisation.Kind.PROVIDER:
        own |= _invited(user)
    return own


def _kinds_for(*, follows: bool) -> list[str]:
    """Codes of the kinds that people outside read; ``follows``: those who follow all of their organisation's."""
    meant = {Audience.REQUESTERS, Audience.ORGANISATION} if follows else {Audience.REQUESTERS}
    return [kind.code for kind in kinds() if kind.audience in meant]


def _asked(user: User) -> Q:
    """Tickets that ``user`` was asked to decide about: part of the statement, for customers' pages read it often."""
    from tickets.shared.guests import Guest  # as below

    found = Guest.objects.filter(user_id=user.pk, because=Guest.Because.ASKED)
    return Q(pk__in=found.values_list("ticket_id", flat=True))


def _invited(user: User) -> Q:
    """Tickets that ``user`` was called in to or asked about: keys first, so that no plan joins what few have."""
    from tickets.shared.guests import invited_keys  # its model refers to the ticket, whose manager is here

    return Q(pk__in=invited_keys(user))
