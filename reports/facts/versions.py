"""What was known when: every version of a fact, for figures as known then (RPT-01; docs/decisions/0034).

A version holds from the moment at which its ticket changed. What a transaction changed that was open while something
was counted and kept (``keeping.seal``) holds from after that, because it was not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Max

from reports.facts.models import Counted, Fact, FactVersion
from reports.facts.sets import COLUMNS, FLAGS

_TABLE, _FACTS = FactVersion._meta.db_table, Fact._meta.db_table
_NAMES = ", ".join([str(field.column) for field in COLUMNS] + list(FLAGS.values()))
_SHORTEST = timedelta(microseconds=1)


def keep(keys: Sequence[int], when: dict[int, datetime]) -> None:
    """Keep the facts of the tickets ``keys`` as they are now; what was known before is known until then.

    ``when``: since when each is so; of one without, since this moment. Call it while facts are held.
    """
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        sealed = Counted.objects.aggregate(last=Max("sealed_at"))["last"]
        earliest = sealed + _SHORTEST if sealed else None
        moments = [max(when.get(key, now), earliest) if earliest else when.get(key, now) for key in keys]
        pairs = "unnest(%s::bigint[], %s::timestamptz[]) AS changed(key, at)"
        # S608: names of our own tables and columns
        cursor.execute(
            f"UPDATE {_TABLE} AS old SET known_until = greatest(changed.at, old.known_from) FROM {pairs}"  # noqa: S608
            " WHERE old.ticket_id = changed.key AND old.known_until IS NULL",
            [list(keys), moments],
        )
        cursor.execute(
            f"INSERT INTO {_TABLE} ({_NAMES}, known_from) SELECT {_NAMES}, changed.at"  # noqa: S608
            f" FROM {_FACTS} JOIN {pairs} ON ticket_id = changed.key",
            [list(keys), moments],
        )


def end(keys: Sequence[int], when: dict[int, datetime]) -> None:
    """Nothing is known of the tickets ``keys`` any more. A last version of no length says that something changed."""
    keep(keys, when)
    FactVersion.objects.filter(ticket__in=keys, known_until=None).update(known_until=F("known_from"))


def begin(counted: Counted) -> None:
    """From the first count on versions are kept: facts that were there before have theirs from now."""
    if counted.kept_since is not None:
        return
    kept = FactVersion.objects.filter(kind=counted.kind, known_until=None).values("ticket")
    keep(list(Fact.objects.filter(kind=counted.kind).exclude(pk__in=kept).values_list("pk", flat=True)), {})
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        counted.kept_since = cursor.fetchone()[0]
    counted.save(update_fields=["kept_since"])


def sets_known(kind: str, at: datetime) -> set[str]:
    """The codes of the sets of ``kind`` of which it is kept what was known at a moment."""
    stored = Counted.objects.filter(kind=kind).values_list("sets", flat=True).first() or {}
    return {code for code, (*_place, since) in stored.items() if since is None or datetime.fromisoformat(since) <= at}


def kept_since(kind: str) -> datetime | None:
    """Since when versions of ``kind`` are kept; None where none are."""
    return Counted.objects.filter(kind=kind).values_list("kept_since", flat=True).first()
