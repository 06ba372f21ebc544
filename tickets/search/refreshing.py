"""Writing documents again: after somebody or something got another name, or all of them by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import QuerySet

from tickets.models import StaleDocuments, Ticket

BATCH = 500


def refresh_stale(seconds: float = 15) -> int:
    """Write documents that mention something with a new name, for about ``seconds``; return how many.

    Goes on where it stopped, also after the process was ended. Several may run at once: each batch is a transaction
    that holds the row of what was renamed.
    """
    written, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        with transaction.atomic():
            stale = StaleDocuments.objects.select_for_update(skip_locked=True).order_by("pk").first()
            if stale is None:
                break
            written += _refresh_some(stale)
    return written


def _refresh_some(stale: StaleDocuments) -> int:
    found = _mentioning(stale).filter(pk__gt=stale.done_until).order_by("pk")
    keys = list(found.values_list("pk", flat=True)[:BATCH])
    _write(keys)
    if len(keys) < BATCH:
        stale.delete()
    else:
        stale.done_until = keys[-1]
        stale.save(update_fields=["done_until"])
    return len(keys)


def _mentioning(stale: StaleDocuments) -> QuerySet[Ticket]:
    subject = StaleDocuments.Subject
    if stale.subject == subject.PERSON:
        return Ticket.objects.filter(requester=stale.key)
    if stale.subject == subject.ORGANISATION:
        return Ticket.objects.filter(organisation=stale.key)
    if stale.subject == subject.ITEM:
        return Ticket.objects.filter(affected_items__item=stale.key)
    return Ticket.objects.all()


def write_documents(tickets: QuerySet[Ticket], tell: Callable[[int], object] = lambda count: None) -> int:
    """Write the documents of ``tickets`` from what is stored, ``BATCH`` at a time; return how many were looked at."""
    keys = list(tickets.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        _write(keys[start : start + BATCH])
        tell(min(start + BATCH, len(keys)))
    return len(keys)


@contextmanager
def written_once(keys: list[int]) -> Iterator[None]:
    """Store texts and parts of the tickets with ``keys`` meanwhile; their documents are written once, at the end.

    Only inside a transaction, which loses the setting when it fails.
    """
    _set_later("on")
    yield
    _set_later("off")
    _write(keys)


def _set_later(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('itsm.search_later', %s, true)", [value])


def _write(keys: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT itsm_write_documents(%s)", [keys])
