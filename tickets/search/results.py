"""Hits as people see them: the words marked, and the best piece of a text that the searcher may read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.db.models import F, Q
from django.db.models.functions import Left
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from accounts.permissions import Permission
from cmdb.asking.values import asked_attributes, told_value, with_value
from cmdb.models import ConfigurationItem
from tickets.lifecycle import kind_of
from tickets.models import AffectedItem, SearchDocument, Ticket, TimelineEntry
from tickets.search.marking import Marker, Piece
from tickets.search.words import Query

#: As many characters of a text are searched (``itsm_write_documents``).
READ = 20_000
#: Hits of people and items beside those of tickets.
FEW = 8


@dataclass(frozen=True)
class TicketHit:
    """A ticket that was found. ``source`` says where ``snippet`` comes from; without one, no text holds the words."""

    ticket: Ticket
    number: Piece
    summary: Piece
    source: str = ""
    snippet: Piece | None = None

    @classmethod
    def plain(cls, ticket: Ticket) -> TicketHit:
        """A ticket that is shown without having been searched for."""
        return cls(ticket, Piece(ticket.number), Piece(ticket.summary))


@dataclass(frozen=True)
class Hit:
    """A person or a configuration item that was found; ``url`` is the list of their tickets."""

    key: str
    title: Piece
    detail: Piece
    url: str
    api_url: str


def ticket_hits(tickets: Sequence[Ticket], query: Query, user: User) -> list[TicketHit]:
    """``tickets`` with what was searched for marked. Four queries, however many there are; none for none."""
    if not tickets:
        return []
    marker, texts = Marker(query), _texts_of(tickets, user)
    return [_ticket_hit(ticket, marker, texts[ticket.pk]) for ticket in tickets]


def _ticket_hit(ticket: Ticket, marker: Marker, texts: list[tuple[str, str]]) -> TicketHit:
    """The text in which most of the terms occur is shown, the first of equals."""
    source, best, most = "", "", 0
    for name, text in texts:
        count = marker.count(text)
        if count > most:
            source, best, most = name, text, count
    snippet = marker.snippet(best) if most else None
    return TicketHit(ticket, marker.mark(ticket.number), marker.mark(ticket.summary), source, snippet)


def _texts_of(tickets: Sequence[Ticket], user: User) -> dict[int, list[tuple[str, str]]]:
    """For each ticket (where it stands, text), as far as ``user`` may read it."""
    keys, internal = [ticket.pk for ticket in tickets], user.may(Permission.INTERNAL)
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in _own_texts(keys):
        found[row["pk"]] += [(_("Description"), row["text"]), (_("Handling"), row["own_open"])]
        if internal:
            found[row["pk"]].append((pgettext("search", "Internal record"), row["own_internal"]))
    for entry in _entries(tickets, keys, internal):
        found[entry["ticket_id"]].append(
            (pgettext("search", "Comment") if entry["is_public"] else _("Internal note"), entry["said"])
        )
    for ticket in tickets:
        person = ticket.requester
        names = [person.full_name, person.full_name_en, person.username] if person else []
        found[ticket.pk].append((_("Requester"), " ".join(filter(None, names))))
    if internal:
        for part in AffectedItem.objects.filter(ticket__in=keys).select_related("item").order_by("item__identifier"):
            found[part.ticket_id].append((_("Configuration item"), f"{part.item.identifier} {part.item.name}"))
    return found


def _own_texts(keys: list[int]) -> Iterable[Any]:
    own = SearchDocument.objects.filter(pk__in=keys)
    return own.values(
        "pk",
        text=Left(F("ticket__description"), READ),
        own_open=Left("own_public", READ),
        own_internal=Left("own", READ),
    )


def _entries(tickets: Sequence[Ticket], keys: list[int], internal: bool) -> Iterable[dict[str, Any]]:
    """Comments and notes, newest first; for requesters without texts that only staff read."""
    entries = TimelineEntry.objects.filter(ticket__in=keys).exclude(text="").order_by("-at", "-pk")
    if not internal:
        entries = entries.filter(is_public=True)
    private = {
        (kind, action.name)
        for kind in {ticket.kind for ticket in tickets}
        for action in kind_of(kind).actions.values()
        if action.private_text
    }
    kinds = {ticket.pk: ticket.kind for ticket in tickets}
    rows: Iterable[Any] = entries.values("ticket_id", "action", "is_public", said=Left("text", READ))
    for entry in rows:
        hidden = (kinds[entry["ticket_id"]], entry["action"]) in private
        if internal or not hidden:
            yield entry | {"is_public": entry["is_public"] and not hidden}


def people(text: str, query: Query, user: User, count: int = FEW) -> list[Hit]:
    """People whom ``user`` may find, by name, user name, phone, employee number."""
    found = User.objects.visible_to(user).active().matching(text)
    marker = Marker(query)
    return [_person(row, marker) for row in found.select_related("organisation").order_by("full_name", "pk")[:count]]


def _person(person: User, marker: Marker) -> Hit:
    known = (person.username, person.organisation, person.phone or person.mobile, person.employee_number)
    detail = " · ".join(str(part) for part in known if part)
    address = f"{reverse('tickets:queue')}?{urlencode({'view': 'all', 'requester': person.username})}"
    api = f"{reverse('api:people')}{quote(person.username, safe='')}/"
    return Hit(person.username, marker.mark(person.display_name), marker.mark(detail), address, api)


def items(text: str, query: Query, user: User, count: int = FEW) -> list[Hit]:
    """Configuration items that ``user`` may see, by identifier or name, or by the whole value of an attribute; what
    was merged into another leads to that one.
    """
    seen = ConfigurationItem.objects.visible_to(user).filter(merged_into=None)
    marker, attributes = Marker(query), asked_attributes(user)
    by_value = with_value(seen, text, attributes).order_by().values("pk")
    found = seen.filter(Q(pk__in=seen.matching(text, user).order_by().values("pk")) | Q(pk__in=by_value))
    rows = found.select_related("ci_class", "business_system").order_by("identifier")[:count]
    return [_item(row, marker, told_value(row, text, attributes)) for row in rows]


def _item(item: ConfigurationItem, marker: Marker, value: str) -> Hit:
    detail = " · ".join(str(part) for part in (item.ci_class, item.business_system, value) if part)
    address = f"{reverse('tickets:queue')}?{urlencode({'view': 'all', 'item': item.identifier})}"
    api = f"{reverse('api:configuration-items')}{quote(item.identifier, safe='')}/"
    return Hit(item.identifier, marker.mark(str(item)), Piece(detail), address, api)
