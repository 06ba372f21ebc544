"""Which tickets changed, and what pages need of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import User
from accounts.permissions import Permission
from tickets.clock import NO_LIMIT
from tickets.models import Ticket, TimelineEntry
from tickets.querysets import LIVE
from tickets.timeline import present
from tickets.workspace.pages import row_of

#: A transaction that takes longer than this to commit may be told late, never wrongly.
SETTLED_AFTER = timedelta(seconds=20)
#: More changed tickets than this: pages are told to read their list anew.
MANY = 200
#: Lines of a ticket that are told with a change; the page reads the rest with the lines themselves.
NOTES = 5


@dataclass(frozen=True)
class Since:
    """What changed since a moment. ``tickets``: their keys, None for too many. ``cursor``: where to go on."""

    tickets: set[int] | None
    cursor: int


def changed_since(cursor: int | None, now: datetime) -> Since:
    """Tickets with timeline entries after ``cursor``; without one those of the last 20 seconds. One or two queries.

    Entries of the last 20 seconds are told again next time: numbers are given out before transactions commit, so
    one below the newest may still be on its way.
    """
    entries = TimelineEntry.objects.order_by("-pk").values_list("pk", "ticket_id", "at")
    found = list((entries if cursor is None else entries.filter(pk__gt=cursor))[: MANY + 1])
    settled = max((pk for pk, _ticket, at in found if at < now - SETTLED_AFTER), default=None)
    if cursor is None:
        fresh = [row for row in found if row[2] >= now - SETTLED_AFTER]
        oldest = min((row[0] for row in fresh), default=max((row[0] for row in found), default=0) + 1)
        return Since({row[1] for row in fresh}, settled or oldest - 1)
    if len(found) > MANY:
        return Since(None, settled or found[0][0])
    return Since({ticket for _pk, ticket, _at in found}, settled or cursor)


def crossed(begin: datetime, end: datetime) -> set[int]:
    """Live tickets that became due soon or overdue after ``begin`` and not after ``end``: time changes views, too."""
    soon = Q(queue_due_at__gte=begin, queue_due_at__lt=NO_LIMIT, due_soon_at__gt=begin, due_soon_at__lte=end)
    late = Q(queue_due_at__gt=begin, queue_due_at__lte=end)
    live = Ticket.objects.filter(phase__in=LIVE)
    return {pk for part in (soon, late) for pk in live.filter(part).values_list("pk", flat=True)[:MANY]}


@dataclass
class Changed:
    """A ticket that changed. Its line is drawn once for each language and zone, when a page first asks."""

    ticket: Ticket
    now: datetime
    entries: list[TimelineEntry] = field(default_factory=list)
    _rows: dict[tuple[str, str], str] = field(default_factory=dict)
    _gone: dict[str, str] = field(default_factory=dict)
    _notes: dict[tuple[str, bool], list[dict[str, Any]]] = field(default_factory=dict)

    def row(self, language: str, zone: str) -> str:
        """The line with its place in the order of queues, as JSON."""
        key = (language, zone)
        if key not in self._rows:
            with translation.override(language), timezone.override(ZoneInfo(zone)):
                row = row_of(self.ticket, self.now)
                html = render_to_string("components/ticket_row.html", {"ticket": row}).strip()
                self._rows[key] = json.dumps({"number": row.number, "key": row.order, "html": html})
        return self._rows[key]

    def gone(self, language: str) -> str:
        """That the ticket is not, or no longer, in a list, with its new state, as JSON."""
        if language not in self._gone:
            with translation.override(language):
                label = str(self.ticket.state_label)
            self._gone[language] = json.dumps({"number": self.ticket.number, "gone": label})
        return self._gone[language]

    def notes(self, language: str, user: User) -> list[dict[str, Any]]:
        """The newest entries that ``user`` may read: id, who, what."""
        key = (language, user.may(Permission.INTERNAL))
        if key not in self._notes:
            with translation.override(language):
                lines = present(self.entries[-NOTES:], user, self.ticket.kind_info)
                self._notes[key] = [
                    {"id": line.id, "by": line.actor_name, "who": line.actor, "what": line.title} for line in lines
                ]
        return self._notes[key]


def load(keys: Collection[int], now: datetime, *, watched: Collection[str] = (), after: int = 0) -> list[Changed]:
    """The tickets with ``keys`` as they stand. Those ``watched`` come with their entries after ``after``.

    One query; three when some of them are watched.
    """
    if not keys:
        return []
    tickets = list(Ticket.objects.for_rows().filter(pk__in=list(keys)))
    entries = _entries({ticket.pk for ticket in tickets if ticket.number in watched}, after)
    return [Changed(ticket, now, entries.get(ticket.pk, [])) for ticket in tickets]


def _entries(tickets: Collection[int], after: int) -> dict[int, list[TimelineEntry]]:
    found: defaultdict[int, list[TimelineEntry]] = defaultdict(list)
    if tickets:
        rows = TimelineEntry.objects.filter(ticket_id__in=list(tickets), pk__gt=after).order_by("pk")
        for entry in rows.select_related("actor").prefetch_related("attachments"):
            found[entry.ticket_id].append(entry)
    return found
