"""The number that every write of a relation or a status raises: who keeps the graph in memory asks it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection
from django.db.models import Q

from cmdb.models import ConfigurationItem, GraphBatch

_batch: ContextVar[GraphBatch | None] = ContextVar("batch", default=None)


def next_version() -> int:
    """The next number of the graph; whoever writes next waits until this transaction ends.

    Inside ``numbered_at_the_end`` one that stands for the number to come, and nobody waits.
    """
    batch = _batch.get()
    if batch is not None:
        batch.is_used = True
        return -batch.pk
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cmdb_graphstate (id, version, xid, born)"
            " VALUES (1, 1, pg_current_xact_id()::text::bigint, gen_random_uuid()) ON CONFLICT (id) DO UPDATE"
            " SET version = cmdb_graphstate.version + 1, xid = EXCLUDED.xid RETURNING version"
        )
        return cursor.fetchone()[0]


def begin_anew() -> None:
    """Let whoever remembers the graph read all of it again: relations carry failures in another way now."""
    next_version()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cmdb_graphstate SET born = gen_random_uuid()")


@contextmanager
def numbered_at_the_end() -> Iterator[None]:
    """Take one number for all that is written inside, when that is over: for transactions that last.

    To be used inside of the transaction; one within another changes nothing.
    """
    if _batch.get() is not None:
        yield
        return
    batch = GraphBatch.objects.create()
    token = _batch.set(batch)
    try:
        yield
    finally:
        _batch.reset(token)
    if batch.is_used:
        GraphBatch.objects.filter(pk=batch.pk).update(version=next_version())


def is_numbered_later() -> bool:
    """Whether what is written now gets its number later: nobody tells by a number then that something was written."""
    return _batch.get() is not None


def written_after(version: int) -> Q:
    """Relations, or items, that were written after that number of the graph."""
    batches = GraphBatch.objects.filter(version__gt=version).values_list("pk", flat=True)
    return Q(graph_version__gt=version) | Q(graph_version__in=[-key for key in batches])


def renumber(items: Sequence[ConfigurationItem]) -> None:
    """Give ``items``, whose status is another one, the next number of the graph; the caller saves them."""
    if items:
        number = next_version()
        for item in items:
            item.graph_version = number
