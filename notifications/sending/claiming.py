"""Taking due deliveries for sending: under a lease, combined where several wait, checked and written once more.

Everything here happens in one short transaction; what it returns can be sent without the database.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, prefetch_related_objects
from django.utils.translation import gettext_noop

from accounts.models import User
from notifications.channels.outgoing import Outgoing
from notifications.events import Channel
from notifications.models import Delivery, Endpoint, Notice
from notifications.rendering import Writer
from notifications.sending import schedule
from notifications.storing import may_read

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
#: More than so many waiting for one reader become one digest; a message never carries more than the second figure.
DIGEST_OVER, MOST_IN_ONE = 20, 200
#: In flight at one endpoint, of all processes together; while its circuit is being tried, one.
AT_ONE_ENDPOINT = 2
WARNING_AGE = timedelta(seconds=60)

#: Stored in English, shown in the reader's language.
SWITCHED_OFF = gettext_noop("The outside address is switched off.")
NOT_ACTIVE = gettext_noop("The reader is not active any more.")
MAY_NOT_SEE = gettext_noop("The reader may not see the ticket any more.")
UNWRITABLE = gettext_noop("The message cannot be written.")

#: Say whether a notice that has waited is not needed any more; apps above add theirs (a warning whose clock stopped).
obsolete_checks: list[Callable[[Notice], bool]] = []


@dataclass(frozen=True)
class Claimed:
    """A message that this process may send until its lease is over. ``attempt`` counts from 1."""

    pk: int
    token: uuid.UUID
    attempt: int
    outgoing: Outgoing


def claim_mail(now: datetime, limit: int) -> list[Claimed]:
    """Take up to ``limit`` due mails: urgent ones first and of those the newest."""
    with transaction.atomic():
        return _claim(Delivery.objects.due(now).filter(channel=Channel.EMAIL), now, limit)


def claim_posts(now: datetime) -> list[Claimed]:
    """Take due posts for every endpoint whose circuit is closed, at most two in flight at each."""
    due = Delivery.objects.due(now).filter(status=Delivery.Status.PENDING, endpoint__isnull=False)
    keys = due.order_by().values_list("endpoint_id", flat=True).distinct()
    return [claimed for key in list(keys) for claimed in _claim_at(key, now)]


@transaction.atomic
def _claim_at(key: Any, now: datetime) -> list[Claimed]:
    endpoint = Endpoint.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=key).first()
    if endpoint is None or (endpoint.open_until and now < endpoint.open_until):
        return []
    waiting = Delivery.objects.filter(endpoint=endpoint)
    if not endpoint.active:
        rows = waiting.filter(status=Delivery.Status.PENDING, next_try_at__lte=now)
        rows.update(status=Delivery.Status.SKIPPED, error=SWITCHED_OFF)
        return []
    in_flight = waiting.filter(status=Delivery.Status.SENDING, next_try_at__gt=now).count()
    most = 1 if schedule.open_for(endpoint.failures) else AT_ONE_ENDPOINT
    if most <= in_flight:
        return []
    return _claim(waiting.due(now), now, most - in_flight, in_order=endpoint.kind == Channel.WEBHOOK)


def _claim(due: Any, now: datetime, limit: int, *, in_order: bool = False) -> list[Claimed]:
    """Urgent ones first, of those the newest: people want to know what is. ``in_order``: programs, what was first."""
    waiting = due.filter(status=Delivery.Status.PENDING).select_for_update(skip_locked=True, no_key=True)
    newest = ("notice_id", "id") if in_order else ("-notice_id", "-id")
    rows = list(waiting.filter(urgent=True).order_by(*newest)[:limit])
    if len(rows) < limit:
        rows += waiting.filter(urgent=False).order_by("next_try_at", "id")[: limit - len(rows)]
    if not rows:
        return []
    groups = _grouped(rows, now)
    return _prepared(groups, now)


# --- Combining ------------------------------------------------------------------------------------------------------


def _grouped(rows: Sequence[Delivery], now: datetime) -> list[list[Delivery]]:
    """Messages to be: each a list whose first is one of ``rows``; what was written before goes as it was written."""
    for row in _flood(rows):
        row.message_id, row.rendered = "", {}
    written = [[row] for row in rows if row.message_id]
    fresh = [row for row in rows if not row.message_id]
    return written + (_combined(fresh, now) if fresh else [])


def _alone(found: Any) -> Any:
    """Written messages that certainly arrived nowhere and carry nothing: they can be written anew, with others."""
    carrying = Delivery.objects.filter(lead=OuterRef("pk"))
    return found.filter(
        ~Exists(carrying), status=Delivery.Status.PENDING, urgent=False, possible_duplicate=False, attempt__gt=0
    ).exclude(message_id="")


def _flood(rows: Sequence[Delivery]) -> list[Delivery]:
    """Those of ``rows`` that were tried one by one, for a reader for whom more than a digest's worth waits."""
    tried = [row for row in rows if row.message_id and not row.urgent and not row.possible_duplicate]
    if not tried:
        return []
    channels, people = {row.channel for row in tried}, {row.recipient_id for row in tried}
    waiting = _alone(Delivery.objects.filter(channel__in=channels, recipient_id__in=people)).order_by()
    counted = Counter((row.channel, row.recipient_id) for row in waiting.only("channel", "recipient_id"))
    known = set(_alone(Delivery.objects.filter(pk__in=[row.pk for row in tried])).values_list("pk", flat=True))
    return [row for row in tried if row.pk in known and counted[row.channel, row.recipient_id] > DIGEST_OVER]


def _combined(fresh: list[Delivery], now: datetime) -> list[list[Delivery]]:
    """Fresh rows with what else waits for their readers: one message for each ticket, or one digest (storms).

    Fresh rows come first: however much waits for a reader, each of them is in a message that is sent.
    """
    claimed = {row.pk for row in fresh}
    prefetch_related_objects(fresh, "notice")
    readers: defaultdict[Any, list[Delivery]] = defaultdict(list)
    found = [*fresh, *_waiting_for(fresh, claimed, now), *_flooding(fresh, claimed)]
    for row in sorted(found, key=lambda row: (row.pk not in claimed, -row.notice_id, -row.pk)):
        readers[_reader(row)].append(row)
    groups = [group for rows in readers.values() for group in _messages(rows)]
    return [group for group in groups if group[0].pk in claimed]


def _reader(row: Delivery) -> tuple[Any, ...]:
    return row.channel, row.recipient_id, row.endpoint_id


def _waiting_for(fresh: Sequence[Delivery], claimed: Collection[int], now: datetime) -> list[Delivery]:
    """What else waits unwritten for the readers of ``fresh``, locked; what others hold is left to them."""
    channels = {row.channel for row in fresh}
    people = {row.recipient_id for row in fresh if row.recipient_id}
    endpoints = {row.endpoint_id for row in fresh if row.endpoint_id and not row.recipient_id}
    waiting = Delivery.objects.filter(
        status=Delivery.Status.PENDING, next_try_at__lte=now, message_id="", channel__in=channels
    ).exclude(pk__in=claimed)
    found = waiting.filter(recipient_id__in=people) if people else waiting.none()
    rows = list(_locked(found)) if people else []
    return rows + (list(_locked(waiting.filter(recipient=None, endpoint_id__in=endpoints))) if endpoints else [])


def _flooding(fresh: Sequence[Delivery], claimed: Collection[int]) -> list[Delivery]:
    """What else was tried one by one for readers of a flood, locked, whenever its own turn would be."""
    people = {row.recipient_id for row in fresh if row.recipient_id and row.attempt}
    if not people:
        return []
    channels = {row.channel for row in fresh}
    waiting = _alone(Delivery.objects.filter(channel__in=channels, recipient_id__in=people))
    return list(_locked(waiting.exclude(pk__in=claimed)))


def _locked(found: QuerySet[Delivery]) -> Iterable[Delivery]:
    locked = found.select_related("notice").select_for_update(skip_locked=True, no_key=True, of=("self",))
    return locked.order_by("-urgent", "-notice_id", "-id")[: 20 * MOST_IN_ONE]


def _messages(rows: list[Delivery]) -> list[list[Delivery]]:
    """The messages for one reader. Urgent notices are never in a digest, whatever else waits."""
    urgent = [row for row in rows if row.urgent]
    others = [row for row in rows if not row.urgent]
    found = _by_ticket(urgent)
    if len(others) > DIGEST_OVER:
        return found + [others[i : i + MOST_IN_ONE] for i in range(0, len(others), MOST_IN_ONE)]
    return found + _by_ticket(others)


def _by_ticket(rows: Iterable[Delivery]) -> list[list[Delivery]]:
    found: defaultdict[Any, list[Delivery]] = defaultdict(list)
    for row in rows:
        found[row.notice.ticket_id or f"notice {row.notice_id}"].append(row)
    return [group[:MOST_IN_ONE] for group in found.values()]


# --- Checking and writing -------------------------------------------------------------------------------------------


def _prepared(groups: list[list[Delivery]], now: datetime) -> list[Claimed]:
    rows = [row for group in groups for row in group]
    _load(rows)
    left_out = _checked(rows, now)
    _let_go([row for row in rows if row.message_id], left_out, now)
    writer = Writer(now)
    claimed = []
    for group in groups:
        kept = [row for row in group if row.pk not in left_out]
        if kept:
            claimed += _lease(kept, writer, now)
    return claimed


def _load(rows: Sequence[Delivery]) -> None:
    """Give the rows their notices with the ticket's names, and their readers with rights: three queries for all."""
    names = ("group", "assignee", "requester", "organisation", "business_system")
    keys = {row.notice_id for row in rows}
    found = Notice.objects.filter(pk__in=keys).select_related("ticket", *(f"ticket__{name}" for name in names))
    notices = {notice.pk: notice for notice in found}
    people = {row.recipient_id for row in rows}
    readers = {user.pk: user for user in User.objects.with_access().filter(pk__in=people)}
    places = {row.endpoint_id for row in rows if row.endpoint_id}
    endpoints = {place.pk: place for place in Endpoint.objects.filter(pk__in=places)} if places else {}
    for row in rows:
        row.notice = notices[row.notice_id]
        row.recipient = readers.get(row.recipient_id) if row.recipient_id else None
        row.endpoint = endpoints.get(row.endpoint_id) if row.endpoint_id else None


def _checked(rows: Iterable[Delivery], now: datetime) -> set[int]:
    """Rows that are not sent after all: the reader may no longer know, or nobody needs to (written down)."""
    found: set[int] = set()
    for row in rows:
        verdict = _objection(row, now)
        if verdict:
            status, reason = verdict
            Delivery.objects.filter(pk=row.pk).update(status=status, error=reason)
            found.add(row.pk)
    return found


def _let_go(written: Sequence[Delivery], left_out: set[int], now: datetime) -> None:
    """What a written message carries goes by itself when the message is left out, or must not be said any more.

    Who leads it is then told anew, alone.
    """
    leads = {row.pk: row for row in written}
    carried = list(Delivery.objects.filter(lead__in=list(leads), status=Delivery.Status.CARRIED)) if leads else []
    if not carried:
        return
    _load(carried)
    denied = [row.lead_id or 0 for row in carried if (_objection(row, now) or ("",))[0] == Delivery.Status.SKIPPED]
    for key in denied:
        leads[key].rendered = {}
    alone = [row.pk for row in carried if row.lead_id in left_out.union(denied)]
    Delivery.objects.filter(pk__in=alone).update(status=Delivery.Status.PENDING, lead=None, next_try_at=now)


def _objection(row: Delivery, now: datetime) -> tuple[str, str] | None:
    reader, ticket = row.recipient, row.notice.ticket
    if reader is not None and not reader.is_active:
        return Delivery.Status.SKIPPED, NOT_ACTIVE
    if reader is not None and ticket is not None and not may_read(reader, ticket):
        return Delivery.Status.SKIPPED, MAY_NOT_SEE
    if now - row.notice.due_at > WARNING_AGE and any(check(row.notice) for check in obsolete_checks):
        return Delivery.Status.OBSOLETE, ""
    return None


def _lease(group: list[Delivery], writer: Writer, now: datetime) -> list[Claimed]:
    """Write the message of ``group`` unless it is written, and note who sends it until when."""
    lead, carried = group[0], group[1:]
    try:
        if not lead.rendered:
            lead.rendered = writer.write(group)
        outgoing = writer.outgoing(lead)
    except Exception:
        logger.exception("Delivery %s cannot be written.", lead.pk)
        wait = schedule.delay_after(lead.attempt + 1, urgent=lead.urgent, chance=0.5) or timedelta(days=1)
        Delivery.objects.filter(pk=lead.pk).update(next_try_at=now + wait, error=UNWRITABLE)
        return []
    lead.message_id = outgoing.message_id
    lead.attempt += 1
    lead.lease_token = uuid.uuid4()
    Delivery.objects.filter(pk=lead.pk).update(
        status=Delivery.Status.SENDING,
        attempt=lead.attempt,
        lease_token=lead.lease_token,
        next_try_at=now + LEASE,
        message_id=lead.message_id,
        rendered=lead.rendered,
    )
    if carried:
        keys = [row.pk for row in carried]
        Delivery.objects.filter(pk__in=keys).update(status=Delivery.Status.CARRIED, lead=lead)
    return [Claimed(lead.pk, lead.lease_token, lead.attempt, outgoing)]
