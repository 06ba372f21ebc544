"""The portal's only clock: the database's (reliability.md, section 0)."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection

#: Stands for "no limit runs" in the sort key of queues, so that it needs no special order for empty values.
NO_LIMIT = datetime(9000, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The database's time at this very moment, also inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def complete_until() -> datetime:
    """The moment up to which everything that was changed can be read: whoever still writes began later.

    Rows carry the time at which they were changed, which lies before their commit; reading on from here misses none,
    however long a transaction takes.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least(clock_timestamp(), min(xact_start)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        moment: datetime = cursor.fetchone()[0]
    return moment
