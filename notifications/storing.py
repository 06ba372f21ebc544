"""Storing what has to be told: any number of notices in three statements, each of them exactly once.

What several notices share, their readers with rights, the places outside, the choices of administrators, is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.models import User
from accounts.permissions import Permission
from itsm.matching import Unmatchable, matches
from notifications.choices import channels_for, gateway, quiet_of, rooms_for
from notifications.events import Channel
from notifications.models import Delivery, Endpoint, EventChoice, Notice
from notifications.texts import snapshot
from tickets.models import Ticket
from tickets.querysets import visibility

#: In the payload of a notice that had no reader when it was given.
UNREAD = "unread"


@dataclass(frozen=True)
class Telling:
    """One thing that has to be told; the fields are explained at ``services.give_notice``. ``readers``: their keys.

    ``instead``: asked for other keys when none of the readers may know of it; without it nobody is told then.
    """

    key: str
    event: str
    ticket: Ticket | None
    readers: Sequence[int]
    urgent: bool
    at: datetime
    due_at: datetime | None = None
    not_before: datetime | None = None
    payload: dict[str, Any] = field(default_factory=dict)
    rooms: bool = True
    internal: bool = False
    without: Sequence[str] = ()
    instead: Callable[[], Sequence[int]] | None = None

    def notice(self) -> Notice:
        """The row, not stored yet."""
        ticket = self.ticket
        return Notice(
            key=self.key,
            event=self.event,
            organisation_id=ticket.organisation_id if ticket else None,
            ticket_id=ticket.pk if ticket else None,
            urgent=self.urgent,
            due_at=self.due_at or self.at,
            created_at=self.at,
            payload={**(snapshot(ticket) if ticket else {}), **self.payload},
        )


class Known:
    """People with their rights, each read once. For the notices of one moment."""

    def __init__(self) -> None:
        self._people: dict[int, User | None] = {}

    def people(self, keys: Iterable[int]) -> list[User]:
        """Those of ``keys`` who are active. One query when somebody is new."""
        wanted = list(dict.fromkeys(keys))
        missing = [key for key in wanted if key not in self._people]
        if missing:
            found = {person.pk: person for person in User.objects.active().with_access().filter(pk__in=missing)}
            self._people |= {key: found.get(key) for key in missing}
        return [person for key in wanted if (person := self._people[key]) is not None]

    def readers(self, telling: Telling) -> list[User]:
        """Those who may know of it: who may not see the ticket is left out (ORG-03)."""
        found = self._allowed(telling.readers, telling.ticket)
        return found or (self._allowed(telling.instead(), telling.ticket) if telling.instead else [])

    def _allowed(self, keys: Iterable[int], ticket: Ticket | None) -> list[User]:
        return [one for one in self.people(keys) if ticket is None or may_read(one, ticket)]


def may_read(user: User, ticket: Ticket) -> bool:
    """Whether ``user`` may see ``ticket`` as it is loaded. A query only for what its own columns do not say."""
    if user.may(Permission.VIEW):
        return True
    try:
        return matches(visibility(user), ticket)
    except Unmatchable:
        return Ticket.objects.visible_to(user).filter(pk=ticket.pk).exists()


# --- What administrators decided -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Decided:
    """The places outside that are in use, and the choices of channels by event."""

    endpoints: list[Endpoint]
    choices: dict[str, EventChoice]

    def choice(self, notice: Notice) -> EventChoice:
        """What holds for the notice's event: the administrators' row, else the shipped defaults."""
        return self.choices.get(notice.event) or EventChoice.shipped(notice.event, urgent=notice.urgent)


_decided: dict[tuple[Any, ...], Decided] = {}


def _decided_by(stamp: tuple[Any, ...]) -> Decided:
    """What is remembered under ``stamp``; read anew only after somebody changed something."""
    found = _decided.get(stamp)
    if found is None:
        choices = {row.event: row for row in EventChoice.objects.all()}
        found = Decided(list(Endpoint.objects.active()), choices)
        _decided.clear()
        _decided[stamp] = found
    return found


# --- Storing ---------------------------------------------------------------------------------------------------------
#: One statement decides who stores which; Django's ``ignore_conflicts`` would not say. It also says, at no further
#: cost, whether what this process remembers of the administrators' decisions still holds.
_INSERT = """
INSERT INTO notifications_notice ({columns}) VALUES {rows} ON CONFLICT (key) DO NOTHING
RETURNING id, key,
    (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM notifications_endpoint t),
    (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM notifications_eventchoice t)
"""


def give(tellings: Sequence[Telling], known: Known | None = None) -> list[Notice | None]:
    """Store ``tellings`` with a delivery for each reader and channel, in the caller's transaction; sends nothing.

    None stands for those whose key existed, also when another transaction stored it at the same moment.
    """
    known = known or Known()
    known.people(key for telling in tellings for key in telling.readers)
    readers = [known.readers(telling) for telling in tellings]
    notices = [_notice(telling, found) for telling, found in zip(tellings, readers, strict=True)]
    decided = _insert(notices)
    all_of_them = zip(tellings, notices, readers, strict=True)
    rows = [
        row
        for telling, notice, found in all_of_them
        if notice.pk is not None
        for row in _deliveries(telling, notice, found, decided)
    ]
    if rows:
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return [None if notice.pk is None else notice for notice in notices]


def _notice(telling: Telling, readers: Sequence[User]) -> Notice:
    """The row; one that nobody may read says so, which is another thing than a delivery that was lost."""
    notice = telling.notice()
    if not readers:
        notice.payload[UNREAD] = True
    return notice


def _insert(notices: Sequence[Notice]) -> Decided:
    """Insert those whose keys are new: they have their primary keys then."""
    columns = [column for column in Notice._meta.concrete_fields if not column.primary_key]
    values = [c.get_db_prep_save(getattr(one, c.attname), connection) for one in notices for c in columns]
    row = f"({', '.join(['%s'] * len(columns))})"
    names = ", ".join(str(column.column) for column in columns)
    found = []
    if notices:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT.format(columns=names, rows=", ".join([row] * len(notices))), values)
            found = cursor.fetchall()
    keys = {key: pk for pk, key, *_stamp in found}
    for notice in notices:
        notice.pk = keys.pop(notice.key, None)
    return _decided_by(found[0][2:]) if found else Decided([], {})


def _deliveries(telling: Telling, notice: Notice, readers: Sequence[User], decided: Decided) -> list[Delivery]:
    first = max(telling.at, telling.not_before or telling.at)
    choice = decided.choice(notice)
    rows: list[Delivery] = []
    for reader in readers:
        rows += _personal(notice, reader, choice, decided.endpoints, first, telling.without)
    if telling.rooms:
        urgent, internal = telling.urgent, telling.internal
        found = rooms_for(decided.endpoints, telling.event, telling.ticket, urgent=urgent, internal=internal)
        rows += [new_delivery(notice, endpoint.kind, first, endpoint=endpoint) for endpoint in found]
    return rows


def _personal(
    notice: Notice, reader: User, choice: EventChoice, endpoints: list[Endpoint], at: datetime, without: Sequence[str]
) -> list[Delivery]:
    rows = [] if Channel.PORTAL in without else [new_delivery(notice, Channel.PORTAL, at, recipient=reader)]
    for channel in channels_for(reader, choice):
        through = gateway(endpoints) if channel == Channel.SMS else None
        if channel not in without and (channel != Channel.SMS or through):
            rows.append(new_delivery(notice, channel, _when(reader, notice, at), recipient=reader, endpoint=through))
    return rows


def _when(reader: User, notice: Notice, at: datetime) -> datetime:
    """At once; after the reader's quiet hours unless it is urgent (NTF-02)."""
    quiet = None if notice.urgent else quiet_of(reader)
    return (quiet.ends_after(at) if quiet else None) or at


def new_delivery(
    notice: Notice, channel: str, at: datetime, *, recipient: User | None = None, endpoint: Endpoint | None = None
) -> Delivery:
    """The telling of one reader, or of one place; not stored yet. In the portal being stored is being told."""
    row = Delivery(
        notice=notice,
        recipient=recipient,
        endpoint=endpoint,
        channel=channel,
        urgent=notice.urgent,
        next_try_at=at,
    )
    if channel == Channel.PORTAL:
        row.status, row.sent_at = Delivery.Status.SENT, notice.created_at
        row.lateness = max(notice.created_at - notice.due_at, timedelta())
        row.attempt = 1
    return row
