"""Storing what has to be told, reading it, and what operators do about trouble."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from notifications.choices import gateway
from notifications.events import Channel
from notifications.links import use_up
from notifications.models import AnswerLink, Delivery, Endpoint, Notice, NoticeTemplate
from notifications.storing import Telling, give, new_delivery
from tickets.actions import perform
from tickets.errors import ActionConflict
from tickets.models import Ticket, TimelineEntry


def give_notice(
    *,
    key: str,
    event: str,
    ticket: Ticket | None,
    recipients: Iterable[User | int],
    urgent: bool,
    at: datetime,
    due_at: datetime | None = None,
    not_before: datetime | None = None,
    payload: dict[str, Any] | None = None,
    rooms: bool = True,
    internal: bool = False,
    without: Sequence[str] = (),
) -> Notice | None:
    """Store the notice ``key`` and a delivery for each reader and channel, in the caller's transaction.

    Exactly once: returns None, and does nothing, when ``key`` exists, also when another transaction stores it at the
    same moment. ``recipients`` (people or their keys) who are not active, or may not see ``ticket``, are left out. In
    the portal a notice is delivered by being stored. ``payload`` adds to what the notice remembers of the ticket.
    ``due_at``: when it should be known (``at`` unless given); ``not_before``: nothing leaves earlier; ``rooms``: chat
    rooms and programs are told too, when ``internal`` only those that no customer reads; ``without``: channels not to
    be used. Sends nothing.
    """
    telling = Telling(
        key=key,
        event=event,
        ticket=ticket,
        readers=[one if isinstance(one, int) else one.pk for one in recipients],
        urgent=urgent,
        at=at,
        due_at=due_at,
        not_before=not_before,
        payload=payload or {},
        rooms=rooms,
        internal=internal,
        without=without,
    )
    return give([telling])[0]


def add_fallback(*, delivery: Delivery, channel: str, now: datetime) -> bool:
    """Tell the reader of ``delivery`` by another ``channel``, too. Idempotent; False when there is no such way."""
    reader = delivery.recipient
    through = gateway(Endpoint.objects.active()) if channel == Channel.SMS else None
    address = {Channel.SMS.value: reader.mobile, Channel.EMAIL.value: reader.email}.get(channel) if reader else ""
    if not address or (channel == Channel.SMS and through is None):
        return False
    row = new_delivery(delivery.notice, channel, now, recipient=reader, endpoint=through)
    Delivery.objects.bulk_create([row], ignore_conflicts=True)
    return True


def recall(*, key: str) -> int:
    """What waits of the notices whose key begins with ``key`` is not sent any more; how many deliveries."""
    waiting = Delivery.objects.filter(notice__key__startswith=key, status=Delivery.Status.PENDING)
    return waiting.update(status=Delivery.Status.OBSOLETE)


def forget_step(*, ticket: Ticket, entry_id: int) -> int:
    """What a step of ``ticket`` tells and nobody has sent yet is not sent: it was taken back; how many deliveries."""
    waiting = Delivery.objects.filter(
        notice__ticket_id=ticket.pk, notice__key__endswith=f":{entry_id}", status=Delivery.Status.PENDING
    )
    return waiting.update(status=Delivery.Status.OBSOLETE)


def hold_for_operators(reason: str) -> int:
    """Nothing that waits or is on its way is sent any more unless a person says so; how many deliveries.

    ``reason``: English, translated where it is shown.
    """
    carried = Delivery.objects.filter(status=Delivery.Status.CARRIED, lead__status__in=Delivery.ACTIVE)
    carried.update(status=Delivery.Status.UNCERTAIN, error=reason)
    waiting = Delivery.objects.filter(status__in=Delivery.ACTIVE)
    return waiting.update(status=Delivery.Status.UNCERTAIN, lease_token=None, error=reason)


# --- The reader's side ----------------------------------------------------------------------------------------------


def mark_read(*, user: User, now: datetime, pks: Iterable[int] | None = None) -> int:
    """Note that ``user`` read the notices with ``pks``, or all. Urgent ones still wait for an acknowledgement."""
    found = Delivery.objects.visible_to(user).unread()
    return (found if pks is None else found.filter(pk__in=list(pks))).update(read_at=now)


def acknowledge(*, user: User, now: datetime, pks: Iterable[int] | None = None) -> int:
    """Note that ``user`` takes note of urgent notices: they stop standing above every page. Idempotent."""
    found = Delivery.objects.visible_to(user).pressing()
    rows = list((found if pks is None else found.filter(pk__in=list(pks))).values_list("pk", flat=True))
    mark_read(user=user, now=now, pks=rows)
    return Delivery.objects.filter(pk__in=rows, acknowledged_at=None).update(acknowledged_at=now)


# --- Operators ------------------------------------------------------------------------------------------------------


@transaction.atomic
def resend(*, delivery: Delivery, user: User, now: datetime) -> bool:
    """Try a dead or uncertain delivery again from the start; written down. False when it is neither any more.

    The message keeps its identification, so that a reader who has it after all is not told twice.
    """
    found = Delivery.objects.troubled().filter(pk=delivery.pk)
    done = found.update(
        status=Delivery.Status.PENDING,
        next_try_at=now,
        error="",
        lead=None,
        possible_duplicate=True,
        tries_before=F("attempt"),
    )
    if done:
        _write_down(delivery, user, _("Sent again."))
    return bool(done)


@transaction.atomic
def close_delivery(*, delivery: Delivery, user: User, reason: str) -> bool:
    """Give a dead or uncertain delivery up, with a reason; written down. False when it is neither any more."""
    found = Delivery.objects.troubled().filter(pk=delivery.pk)
    done = found.update(status=Delivery.Status.CLOSED)
    if done:
        _write_down(delivery, user, _("Given up: %(reason)s") % {"reason": reason})
    return bool(done)


def _write_down(delivery: Delivery, user: User, text: str) -> None:
    rows = Delivery.objects.filter(pk=delivery.pk)
    LogEntry.objects.log_actions(user.pk, rows, CHANGE, change_message=text, single_object=True)


@transaction.atomic
def save_template(*, template: NoticeTemplate, user: User) -> NoticeTemplate:
    """Store an edited text; written down."""
    flag = CHANGE if template.pk else ADDITION
    template.save()
    LogEntry.objects.log_actions(user.pk, [template], flag, change_message=template.body, single_object=True)
    return template


@transaction.atomic
def reset_template(*, template: NoticeTemplate, user: User) -> None:
    """Let the shipped text hold again; written down. Idempotent."""
    if template.pk:
        LogEntry.objects.log_actions(user.pk, [template], DELETION, change_message=template.body, single_object=True)
        template.delete()


@transaction.atomic
def answer_by_link(*, link: AnswerLink, name: str, data: Mapping[str, Any], now: datetime) -> None:
    """Do the action ``name`` for the person of ``link``, who is known by the link alone; it works once.

    Raises ActionConflict when the link was used meanwhile, and what ``perform`` raises; then it can be used again.
    """
    if not use_up(link, now):
        raise ActionConflict(_("This link has been used."))
    perform(link.ticket, name, user=link.user, data=data, version=link.version, via=TimelineEntry.Via.LINK)
