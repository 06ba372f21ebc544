"""Configuration items and tickets together: what hangs on a ticket's items, and the tickets of an item (CMDB-09)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from cmdb.models import ConfigurationItem, SpareMovement
from cmdb.network.answers import impact_of
from cmdb.versioning.recent import changes_below
from tickets.lifecycle import Phase, kind_of, kinds
from tickets.models import AffectedItem, Ticket

#: Before a ticket came, so far back it is asked what changed.
LOOK_BACK = timedelta(hours=72)
#: So many items are listed one by one; of no more than these is asked, while a page is drawn, what fails with them.
LISTED, ASKED = 20, 100


def behind_items(ticket: Ticket, user: User) -> dict[str, Any]:
    """What fails with the ticket's items, and what changed below them before it came; its spare parts."""
    if not user.may(Permission.CMDB_VIEW):
        return {}
    found = {
        "spares": _spares_of(ticket),
        "spares_url": f"{reverse('cmdb:spares')}?{urlencode({'ticket': ticket.number})}",
    }
    keys = list(ticket.affected_items.values_list("item_id", flat=True)[: ASKED + 1])
    if not keys or len(keys) > ASKED:
        return found
    impact = impact_of(keys, user, limit=1)
    return found | {
        "impact": impact,
        "impact_services": impact.services,
        "recent": [] if impact.cut else changes_below(keys, ticket.created_at - LOOK_BACK, ticket.created_at, user),
    }


def listed_items(ticket: Ticket) -> dict[str, Any]:
    """The ticket's items for its properties, and how many more there are than are listed. One query, two for many."""
    rows = list(ticket.items.select_related("ci_class", "status")[: LISTED + 1])
    more = ticket.affected_items.count() - LISTED if len(rows) > LISTED else 0
    return {"items": rows[:LISTED], "more_items": more}


def items_for_customer(ticket: Ticket, user: User) -> dict[str, Any]:
    """What somebody who sees only the own items reads of the ticket's: these, and whether shared ones are affected.

    Nothing tells which or how many (ORG-03). Two queries.
    """
    seen = ConfigurationItem.objects.visible_to(user)
    shared = ticket.items.filter(organisation=None).exclude(pk__in=seen.values("pk"))
    rows = seen.filter(tickets=ticket.pk).select_related("ci_class", "status").order_by("identifier")
    return {"items": list(rows[:LISTED]), "shared_affected": shared.exists()}


def _spares_of(ticket: Ticket) -> list[SpareMovement]:
    """Spare parts that were taken or returned for the ticket."""
    return list(SpareMovement.objects.filter(reference=ticket.number).select_related("part", "by"))


def pages_of_tickets(numbers: Collection[str], user: User) -> dict[str, str]:
    """The pages of the tickets of those numbers that ``user`` sees, by number. One query."""
    found = Ticket.objects.visible_to(user).filter(number__in=list(numbers)).values_list("number", flat=True)
    return {number: reverse("tickets:detail", args=[number]) for number in found}


def marks_of(keys: Collection[int], user: User) -> dict[int, list[dict[str, Any]]]:
    """How many incidents and changes about each of the items are not over, for the graph. One query."""
    marking = [kind.code for kind in kinds() if kind.marks_items]
    seen = Ticket.objects.visible_to(user).filter(kind__in=marking, phase__in=[Phase.OPEN, Phase.WAITING])
    rows = (
        AffectedItem.objects.filter(item__in=list(keys), ticket__in=seen)
        .values("item_id", "ticket__kind")
        .annotate(count=Count("pk"))
        .order_by("-ticket__kind")
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        kind = kind_of(row["ticket__kind"])
        found.setdefault(row["item_id"], []).append(
            {"code": kind.code, "label": str(kind.label_plural), "count": row["count"]}
        )
    return found


def tickets_of(item: Any, user: User) -> list[dict[str, Any]]:
    """Panels for an item's page: its tickets by kind, open and in all. One query."""
    keys = AffectedItem.objects.filter(item=item).values("ticket_id")
    counts = (
        Ticket.objects.visible_to(user)
        .filter(pk__in=keys)
        .values("kind")
        .annotate(total=Count("pk"), running=Count("pk", filter=Q(phase__in=[Phase.OPEN, Phase.WAITING])))
    )
    by_kind = {row["kind"]: row for row in counts}
    query = urlencode({"item": item.identifier, "view": "all"})
    rows = [
        {
            "label": _("%(kind)s, %(count)d of them open")
            % {"kind": kind.label_plural, "count": by_kind[kind.code]["running"]},
            "count": by_kind[kind.code]["total"],
            "url": f"{reverse('tickets:list', args=[kind.slug])}?{query}",
        }
        for kind in kinds()
        if kind.code in by_kind
    ]
    return [{"title": _("Tickets"), "rows": rows}] if rows else []
