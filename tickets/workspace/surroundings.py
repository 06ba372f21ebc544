"""What stands around a ticket: what else its requester and its items have, and which ones are like it (DESK-01)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import User
from tickets.lifecycle import Phase
from tickets.models import AffectedItem, Ticket
from tickets.workspace import pages
from tickets.workspace.pages import Row
from tickets.workspace.suggestions import FINISHED, Call, duplicates, most_similar, words_of

SHOWN = 5
#: Close codes of tickets that solved nothing, whatever stands in them.
NOT_SOLVED = ("unresolved", "rejected")
#: So alike must a solved ticket be to help.
ALIKE = 0.4


@dataclass
class Surroundings:
    """Lines beside a ticket, each a list that may be empty.

    ``twins``: open tickets that may be the same event, with reasons; ``solved``: finished ones whose words are
    alike, with the words; ``requester``: other tickets of the same person; ``items``: live tickets of its items.
    """

    twins: list[dict[str, Any]] = field(default_factory=list)
    solved: list[dict[str, Any]] = field(default_factory=list)
    requester: list[Row] = field(default_factory=list)
    items: list[Row] = field(default_factory=list)


def surroundings_of(ticket: Ticket, user: User, now: datetime) -> Surroundings:
    """What ``user`` may see around ``ticket``. Nine queries at most, whatever there is."""
    items = list(ticket.affected_items.values_list("item_id", "item__identifier"))
    return Surroundings(
        twins=_twins(ticket, user, [identifier for _key, identifier in items]),
        solved=_solved(ticket, user),
        requester=_of_requester(ticket, user, now),
        items=_of_items(ticket, user, [key for key, _identifier in items], now),
    )


def _twins(ticket: Ticket, user: User, items: list[str]) -> list[dict[str, Any]]:
    if not ticket.is_live or ticket.duplicate_of_id or ticket.parent_id:
        return []
    requester = ticket.requester.username if ticket.requester else ""
    call = Call(ticket.summary, requester, ticket.business_system_id or "", tuple(items))
    return [row for row in duplicates(call, user) if row["number"] != ticket.number]


def _solved(ticket: Ticket, user: User) -> list[dict[str, Any]]:
    """Solved tickets of the same words; how they were solved stands in them. Never one that was closed unresolved."""
    model = ticket.kind_info.model
    finished = model.objects.visible_to(user).filter(phase__in=[Phase.RESOLVED, Phase.CLOSED])
    if any(field.name == "close_code" for field in model._meta.concrete_fields):
        finished = finished.exclude(close_code__in=NOT_SOLVED)
    rows = finished.order_by("-created_at", "-id").values("number", "summary", "resolved_at")[:FINISHED]
    others = (row for row in rows if row["number"] != ticket.number and row["resolved_at"])
    alike = most_similar(words_of(ticket.summary), others)
    return [{**row, "words": words[:3]} for likeness, words, row in alike if likeness >= ALIKE][:SHOWN]


def _of_requester(ticket: Ticket, user: User, now: datetime) -> list[Row]:
    """The requester's other tickets, the newest first."""
    if ticket.requester_id is None:
        return []
    own = Ticket.objects.visible_to(user).filter(requester=ticket.requester_id, parent=None).exclude(pk=ticket.pk)
    return pages.rows_of(own.for_rows().order_by("-created_at", "-id")[:SHOWN], now)


def _of_items(ticket: Ticket, user: User, items: list[int], now: datetime) -> list[Row]:
    """Other live tickets about the same configuration items."""
    if not items:
        return []
    keys = AffectedItem.objects.filter(item__in=items).exclude(ticket=ticket.pk).order_by("-ticket_id")
    about = list(keys.values_list("ticket_id", flat=True)[:200])
    found = Ticket.objects.visible_to(user).live().filter(pk__in=about)
    return pages.rows_of(found.for_rows().order_by("-created_at", "-id")[:SHOWN], now)
