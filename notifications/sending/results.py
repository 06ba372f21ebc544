"""Writing down what came of a try, and what follows from it."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, OuterRef, Subquery, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext_noop

from duty.services import recipients_for
from notifications.channels.outgoing import DEFINITE, PERMANENT, SENT, UNCERTAIN, UNTRIED, Result
from notifications.events import FALLBACK
from notifications.models import Attempt, Delivery, Endpoint, Notice
from notifications.sending import schedule
from notifications.services import add_fallback, give_notice

#: An alarm about an alarm would never end.
ALARM = "undelivered"
SENDER_LOST = gettext_noop("The sender was lost on the way.")


@transaction.atomic
def record(*, pk: int, token: uuid.UUID | None, result: Result, now: datetime) -> bool:
    """Write down ``result`` of the try that holds the lease ``token``. False when the lease was taken back.

    Also: the next try or the end, the fallback channel, the endpoint's circuit, the duty manager's alarm.
    """
    held = Delivery.objects.filter(pk=pk, lease_token=token, status=Delivery.Status.SENDING)
    delivery = held.select_for_update(no_key=True).first()
    if delivery is None:
        return False
    if result.kind == UNTRIED:
        _put_back(delivery, now)
        return True
    Attempt.objects.create(
        delivery=delivery, number=delivery.attempt, at=now, result=result.kind, detail=result.detail[:300]
    )
    _note_circuit(delivery, result, now)
    _FOLLOW[result.kind](delivery, result, now)
    return True


def _put_back(delivery: Delivery, now: datetime) -> None:
    """It was never tried: the lease was nearly over when its turn came."""
    Delivery.objects.filter(pk=delivery.pk).update(
        status=Delivery.Status.PENDING, attempt=F("attempt") - 1, next_try_at=now, lease_token=None
    )


@transaction.atomic
def take_back_lost(now: datetime) -> int:
    """Tries whose lease is over: whoever made them is gone, and whether they arrived is unknown. How many."""
    lost = Delivery.objects.filter(status=Delivery.Status.SENDING, next_try_at__lte=now)
    rows = list(lost.select_for_update(skip_locked=True, no_key=True).order_by("next_try_at")[:50])
    lost_result = Result(UNCERTAIN, SENDER_LOST)
    for row in rows:
        record(pk=row.pk, token=row.lease_token, result=lost_result, now=now)
    ended = Delivery.objects.filter(
        pk__in=[row.pk for row in rows], status=Delivery.Status.UNCERTAIN, urgent=True
    ).select_related("notice", "notice__ticket")
    _alarm(list(ended.order_by("pk")), lost_result, now)
    return len(rows)


def _all_of(delivery: Delivery) -> list[int]:
    """The delivery and those that its message carries."""
    return [delivery.pk, *Delivery.objects.filter(lead=delivery).values_list("pk", flat=True)]


def _sent(delivery: Delivery, result: Result, now: datetime) -> None:
    due = Subquery(Notice.objects.filter(pk=OuterRef("notice_id")).values("due_at")[:1])
    Delivery.objects.filter(pk__in=_all_of(delivery)).update(
        status=Delivery.Status.SENT,
        sent_at=now,
        lateness=Greatest(ExpressionWrapper(Value(now) - due, DurationField()), Value(timedelta())),
        lease_token=None,
        rendered={},
        error="",
    )


def _definite(delivery: Delivery, result: Result, now: datetime) -> None:
    tries = delivery.attempt - delivery.tries_before
    wait = schedule.delay_after(tries, urgent=delivery.urgent, chance=random.random())  # noqa: S311 - spreads load
    if delivery.urgent and tries >= schedule.FALLBACK_AFTER:
        _fall_back(_all_of(delivery), now)
    if wait is None:
        _end(delivery, Delivery.Status.DEAD, result, now)
    else:
        _again(delivery, now + wait, result)


def _again(delivery: Delivery, at: datetime, result: Result, **also: bool) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(
        status=Delivery.Status.PENDING, next_try_at=at, lease_token=None, error=result.detail[:300], **also
    )


def _permanent(delivery: Delivery, result: Result, now: datetime) -> None:
    _fall_back(_all_of(delivery), now)
    _end(delivery, Delivery.Status.DEAD, result, now)


def _uncertain(delivery: Delivery, result: Result, now: datetime) -> None:
    """It may have arrived. P1 and P2 are worth a second copy, marked as one; the rest is for a person to decide."""
    if delivery.urgent and not delivery.possible_duplicate:
        _again(delivery, now + schedule.UNCERTAIN_AGAIN, result, possible_duplicate=True)
    else:
        _end(delivery, Delivery.Status.UNCERTAIN, result, now)


_FOLLOW = {SENT: _sent, DEFINITE: _definite, PERMANENT: _permanent, UNCERTAIN: _uncertain}


def _end(delivery: Delivery, status: Delivery.Status, result: Result, now: datetime) -> None:
    """Nobody tries any more; the duty manager learns of what is lost, and of what is urgent and unknown."""
    rows = Delivery.objects.filter(pk__in=_all_of(delivery))
    rows.update(status=status, lease_token=None, rendered={}, error=result.detail[:300])
    if result.detail == SENDER_LOST:
        return  # one process that dies loses many: they raise one alarm together
    if status == Delivery.Status.DEAD or delivery.urgent:
        _alarm([delivery], result, now)


def _fall_back(keys: Sequence[int], now: datetime) -> None:
    rows = Delivery.objects.filter(pk__in=keys, recipient__isnull=False)
    for row in rows.select_related("notice", "recipient"):
        if row.channel in FALLBACK:
            add_fallback(delivery=row, channel=FALLBACK[row.channel], now=now)


def _alarm(deliveries: Sequence[Delivery], result: Result, now: datetime) -> None:
    """Tell the duty manager once, by another channel. An alarm that cannot be delivered raises none."""
    rows = [row for row in deliveries if row.notice.event != ALARM]
    if not rows:
        return
    first, tickets = rows[0], {row.notice.ticket_id for row in rows}
    ticket = first.notice.ticket if len(tickets) == 1 else None
    many = f" × {len(rows)}" if len(rows) > 1 else ""
    give_notice(
        key=f"{ALARM}:{first.pk}:{first.attempt}",
        event=ALARM,
        ticket=ticket,
        recipients=recipients_for("duty_manager", ticket, now),
        urgent=any(row.notice.urgent for row in rows),
        at=now,
        payload={
            "text": f"{first.get_channel_display()}: {result.detail}{many}"[:300],
            "summary": ", ".join(dict.fromkeys(str(row.notice) for row in rows))[:300],
        },
        rooms=False,
        without=tuple({row.channel for row in rows}),
    )


def _note_circuit(delivery: Delivery, result: Result, now: datetime) -> None:
    """Count failures of an endpoint in a row; enough of them open its circuit, a success closes it."""
    if delivery.endpoint_id is None:
        return
    found = Endpoint.objects.filter(pk=delivery.endpoint_id)
    if not result.outage:
        found.exclude(failures=0).update(failures=0, open_until=None)
        return
    endpoint = found.select_for_update(no_key=True).get()
    pause = schedule.open_for(endpoint.failures + 1)
    found.update(failures=endpoint.failures + 1, open_until=now + pause if pause else None)
