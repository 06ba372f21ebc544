"""Removing what people were told of tickets that were closed long ago, in small portions (configurable)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Model, Q, QuerySet

from notifications.models import Delivery, Notice
from sla.engine import canary
from sla.models import Timer
from tickets.lifecycle import Phase

#: The test timer leaves a row every five minutes.
CANARIES_KEPT = timedelta(days=7)
#: Rows removed in one transaction, and portions in one call: nobody waits for a long one.
BATCH, MOST_BATCHES = 500, 40


def purge(*, now: datetime, days: int) -> int:
    """Remove test timers older than a week, and timers and notices of what was closed ``days`` ago; return how many.

    ``days`` 0 keeps them for ever. What belongs to a ticket that is not closed stays, and so does what is still
    to be sent. Timers go first, so that a proof never misses a notice. Idempotent; the next call goes on.
    """
    old_canaries = Notice.objects.filter(key__startswith=canary.KEY, created_at__lt=now - CANARIES_KEPT)
    count = _remove(old_canaries)
    if not days:
        return count
    before = now - timedelta(days=days)
    over = Timer.objects.exclude(state=Timer.State.ARMED)
    timers = over.filter(clock__ticket__phase=Phase.CLOSED, clock__ticket__updated_at__lt=before)
    count += _remove(timers)
    return count if timers.exists() else count + _remove(_old_notices(before))


def _old_notices(before: datetime) -> QuerySet[Notice]:
    closed = Q(ticket__phase=Phase.CLOSED, ticket__updated_at__lt=before)
    waiting = Delivery.objects.filter(status__in=Delivery.ACTIVE).values("notice_id")
    found = Notice.objects.filter(Q(ticket=None) | closed, created_at__lt=before)
    return found.exclude(pk__in=waiting)


def _remove(rows: QuerySet[Model]) -> int:
    count = 0
    for _batch in range(MOST_BATCHES):
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        with transaction.atomic():
            rows.model._default_manager.filter(pk__in=keys).delete()
        count += len(keys)
        if len(keys) < BATCH:
            break
    return count
