"""Keeping facts true: working off what changed, before anybody counts; and counting all of them anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Exists, F, Max, Min, OuterRef, Q
from django.utils.module_loading import import_string

from reports.facts import versions
from reports.facts.models import ChangedTicket, Counted, Fact
from reports.facts.sets import COLUMNS, FLAGS, bits, made_from, places
from tickets.figures.measures import measures_of
from tickets.lifecycle import kinds
from tickets.models import Ticket

#: What another ticket's membership rests on.
SHARED = ("category_id", "organisation_id", "business_system_id", "resolved_at")
#: So many tickets are made anew by one statement.
BATCH = 20_000
_TABLE = Fact._meta.db_table
_STORED = [str(field.column) for field in COLUMNS] + list(FLAGS.values())
_KEY = Fact._meta.pk.column


@dataclass
class Recount:
    """What counting anew mended. ``named``: some of the tickets whose fact was wrong, missing or left behind."""

    facts: int = 0
    mended: int = 0
    named: list[str] = field(default_factory=list)


def kept() -> list[str]:
    """Kinds of which facts are kept: those that have figures."""
    return [kind.code for kind in kinds() if measures_of(kind.code)]


def catch_up() -> int:
    """Make the facts of all tickets anew that changed until now; how many. Exact: who counts next, counts all of it.

    Two who do it at once wait for each other: the lines of the first are gone when the second finds them.
    """
    if not ChangedTicket.objects.exists():
        return 0
    with transaction.atomic():
        hold()
        changed = _take()
        _make_with_others(changed)
    return len(changed)


def _take() -> dict[int, datetime]:
    """The tickets that changed, each with when it did last."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {ChangedTicket._meta.db_table} RETURNING ticket_id, at")  # noqa: S608 - our own name
        rows = sorted(cursor.fetchall())
    return dict(rows)


def _make_with_others(changed: dict[int, datetime]) -> None:
    """Facts of what changed, and of those that repeat one of it: of what they were like before, and are like now."""
    keys = list(changed)
    before = _shared(keys)
    made: dict[int, tuple[Any, ...]] = {}
    for first in range(0, len(keys), BATCH):
        made |= _make(Q(pk__in=keys[first : first + BATCH]), changed)
    _forget(Q(pk__in=keys), changed)
    moved = [key for key in made if before.get(key) != made[key]]
    if not moved:
        return
    old = [before[key] for key in moved if key in before]
    rows = [*old, *(made[key] for key in moved)]
    others = {pk for kind in kinds() if kind.counted_with for pk in import_string(kind.counted_with)(kind.code, rows)}
    if others - set(keys):
        last = max(changed.values())
        _make(Q(pk__in=others - set(keys)), dict.fromkeys(others, last))


def _forget(chosen: Q, when: dict[int, datetime]) -> list[int]:
    """Remove the facts of tickets that are gone; their keys. ``when``: see ``versions.keep``."""
    there = Ticket.objects.filter(pk=OuterRef("pk"))  # visible: nothing of it is shown
    gone = list(Fact.objects.filter(chosen & ~Q(Exists(there))).values_list("pk", flat=True))
    if gone:
        versions.end(gone, when)
        Fact.objects.filter(pk__in=gone).delete()
        Counted.objects.update(version=F("version") + 1)
    return gone


def _shared(keys: list[int]) -> dict[int, tuple[Any, ...]]:
    rows = Fact.objects.filter(pk__in=keys).values_list("pk", *SHARED)
    return {pk: tuple(values) for pk, *values in rows}


def _make(chosen: Q, when: dict[int, datetime]) -> dict[int, tuple[Any, ...]]:
    """Write the facts of the chosen tickets that differ from what is there; what of each was written, by key."""
    written: dict[int, tuple[Any, ...]] = {}
    for kind in kept():
        written |= {pk: tuple(values) for pk, *values in _write(kind, chosen, when)}
    return written


def _write(kind: str, chosen: Q, when: dict[int, datetime]) -> list[Any]:
    try:
        source, params = made_from(kind, chosen).query.sql_with_params()
    except EmptyResultSet:
        return []
    columns = ", ".join(_STORED)
    news = ", ".join(f"{name} = excluded.{name}" for name in _STORED if name != _KEY)
    old, new = (", ".join(f"{side}.{name}" for name in _STORED if name != _KEY) for side in ("fact", "excluded"))
    statement = (
        f"INSERT INTO {_TABLE} AS fact ({columns}) {source} ON CONFLICT ({_KEY}) DO UPDATE SET {news}"
        f" WHERE ({old}) IS DISTINCT FROM ({new}) RETURNING {_KEY}, {', '.join(SHARED)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        written = cursor.fetchall()
    if written:
        Counted.objects.filter(kind=kind).update(version=F("version") + 1)
        versions.keep([row[0] for row in written], when)
    return written


def hold() -> None:
    """Nobody else changes facts until the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('reports facts'))")


def seal(kind: str) -> datetime:
    """The moment as of which facts are what they are now, when ``hold`` was called and they were brought up after it.

    What anybody changes from here on, or has changed and not committed yet, counts as known later.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    Counted.objects.filter(kind=kind).update(sealed_at=moment)
    return moment


def recount(now: datetime, only: Iterable[str] | None = None) -> Recount:
    """Make every fact of the kinds ``only`` anew, of all without it; say what was wrong. Idempotent.

    In parts that others need not wait for.
    """
    catch_up()
    found = Recount()
    for kind in kept() if only is None else only:
        there = Ticket.objects.filter(kind=kind).order_by()  # visible: what is counted, not shown
        ends = there.aggregate(first=Min("pk"), last=Max("pk"))
        wrong: list[int] = []
        for first in range(ends["first"] or 0, (ends["last"] or -1) + 1, BATCH):
            with transaction.atomic():
                hold()
                wrong += [row[0] for row in _write(kind, Q(pk__gte=first, pk__lt=first + BATCH), {})]
        with transaction.atomic():
            hold()
            wrong += _forget(Q(kind=kind), {})
        found.facts += Fact.objects.filter(kind=kind).count()
        found.mended += len(wrong)
        found.named += list(there.filter(pk__in=wrong[:20]).values_list("number", flat=True))
        counted, _made = Counted.objects.update_or_create(
            kind=kind, defaults={"definitions": definitions(kind), "at": now, "mended": len(wrong)}
        )
        versions.begin(counted)
        _keep_places(counted)
    return found


def _keep_places(counted: Counted) -> None:
    """Store the bits of sets that are new: what was known of them before this moment nobody kept."""
    since = present() if counted.sets else None
    fresh = {
        code: [column, place, since]
        for code, (column, place) in places(counted.kind, counted.sets).items()
        if counted.sets.get(code, [""])[0] != column
    }
    if fresh:
        counted.sets = {**counted.sets, **fresh}
        counted.save(update_fields=["sets"])


def present() -> str:
    """This moment by the server's clock, as it is stored."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment.isoformat()


def count_new_definitions(now: datetime) -> Recount | None:
    """Count anew when the sets are not those that the facts were made by, as after an upgrade."""
    made_by = {}
    for kind, made, sets in Counted.objects.values_list("kind", "definitions", "sets"):
        bits.learn(kind, sets)
        made_by[kind] = made
    begun = set(Counted.objects.exclude(kept_since=None).values_list("kind", flat=True))
    wanted = [kind for kind in kept() if kind not in begun or made_by.get(kind) != definitions(kind)]
    return recount(now, wanted) if wanted else None


def version_of(kind: str) -> int | None:
    """How often facts of ``kind`` changed; None where they were not made by the sets as they are now."""
    row = Counted.objects.filter(kind=kind).values_list("version", "definitions", "sets").first()
    version, made, sets = row or (None, "", {})
    bits.learn(kind, sets)
    return version if made == definitions(kind) else None


_digests: dict[str, str] = {}


def definitions(kind: str) -> str:
    """The digest of everything by which facts of ``kind`` are made."""
    if kind not in _digests:
        sql, params = made_from(kind, Q()).query.sql_with_params()
        _digests[kind] = hashlib.sha256(repr((sql, params)).encode()).hexdigest()
    return _digests[kind]
