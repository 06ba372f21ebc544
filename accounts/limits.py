"""Counting requests in buckets of one minute, in one atomic statement."""

from __future__ import annotations

from django.db import connection

WINDOW_SECONDS = 60
_TAKE = """
    INSERT INTO accounts_ratebucket AS bucket (key, window_start, hits)
    VALUES (%(key)s, date_bin(make_interval(secs => %(window)s), clock_timestamp(), 'epoch'), 1)
    ON CONFLICT (key) DO UPDATE SET
        hits = CASE WHEN bucket.window_start = EXCLUDED.window_start THEN bucket.hits + 1 ELSE 1 END,
        window_start = EXCLUDED.window_start
    RETURNING hits,
        ceil(extract(epoch FROM window_start + make_interval(secs => %(window)s) - clock_timestamp()))::int
"""


def take_from_bucket(key: str, limit: int) -> int | None:
    """Count one request of ``key``; None while at most ``limit`` a minute, else seconds until the next minute."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"key": key, "window": WINDOW_SECONDS})
        hits, seconds_left = cursor.fetchone()
    return None if hits <= limit else max(1, seconds_left)
