"""Which moment is asked about, and what counts as the present: the database's transaction, never the web host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from urllib.parse import urlencode

from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from itsm.web.filtering import EARLIEST, LATEST

#: Whoever writes holds an advisory lock of this class until its transaction ends. Its number is the second in which it
#: was taken, counted from ``_ERA`` on; what is written is recorded at a moment after that.
_LOCK, _ERA = 7_301_517, datetime(2020, 1, 1, tzinfo=UTC)
#: The replayed moment, that of this transaction, or else a new one: the lock first, the clock then.
_PRESENT = """
    SELECT coalesce(
        nullif(current_setting('cmdb.moment', true), ''), nullif(current_setting('cmdb.recorded', true), ''),
        CASE WHEN pg_advisory_xact_lock_shared(
            %s, floor(extract(epoch FROM clock_timestamp() - %s::timestamptz))::int
        ) IS NOT NULL THEN set_config('cmdb.recorded', clock_timestamp()::text, true) END
    )::timestamptz
"""
_CLOCK = "SELECT coalesce(nullif(current_setting('cmdb.moment', true), '')::timestamptz, clock_timestamp())"
_RUNNING = """
    SELECT min(objid::bigint) FROM pg_locks
    WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted AND pid <> pg_backend_pid()
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
#: Seconds that a question of what is known by now waits for whoever is writing.
PATIENCE = 2.0
_STEP = timedelta(microseconds=1)


class MomentError(ValueError):
    """A moment that cannot be understood; ``parameter`` names which."""

    def __init__(self, parameter: str) -> None:
        super().__init__(_("A moment such as 2026-11-22T08:00:00Z, or a date, is expected."))
        self.parameter = parameter


def present() -> datetime:
    """The moment under which this transaction records what it writes: when it first asks, not when it began."""
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT, [_LOCK, _ERA])
        return cursor.fetchone()[0]


def settled() -> datetime:
    """The latest moment of which everything that will ever be recorded at or before it is seen now.

    It is the present, once those who wrote in it have ended; of whoever goes on writing, such as a large import, it is
    just before that began.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLOCK)
        moment: datetime = cursor.fetchone()[0]
    until = monotonic() + PATIENCE
    while (oldest := _oldest_writing()) is not None and oldest <= moment:
        if monotonic() > until:
            return oldest - _STEP
        sleep(0.02)
    return moment


def _oldest_writing() -> datetime | None:
    """The second in which the oldest of those who write now began; other transactions than this one."""
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING, [_LOCK])
        found = cursor.fetchone()[0]
    return None if found is None else _ERA + timedelta(seconds=found)


@contextmanager
def replaying(moment: datetime) -> Iterator[None]:
    """Record what is written inside as if it were ``moment``: the demo's past, and tests of time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('cmdb.moment', %s, false)", [moment.isoformat()])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('cmdb.moment', '', false)")


@dataclass(frozen=True)
class Moment:
    """A point of both times: how it was at ``as_of``, as known at ``known_at``; None means now."""

    as_of: datetime | None = None
    known_at: datetime | None = None

    @property
    def is_now(self) -> bool:
        """Whether the present is asked for."""
        return self.as_of is None and self.known_at is None

    @property
    def so_at(self) -> datetime:
        """When it was so: of what was known at a moment, that moment unless another is given."""
        return self.as_of or self.known_at or timezone.now()

    @property
    def stood_at(self) -> datetime:
        """Of what is true and known from one moment on, such as a merge: what stood then counts."""
        return min(self.so_at, self.known_at or self.so_at)

    @property
    def defined_at(self) -> datetime | None:
        """When the definitions held that its pages speak in; None: those of now. They are true and known at once."""
        return None if self.is_now else self.stood_at

    def query(self) -> dict[str, str]:
        """The parameters of an address that ask for it."""
        named = {"as_of": self.as_of, "known_at": self.known_at}
        return {name: value.isoformat() for name, value in named.items() if value}

    def address(self) -> str:
        """The end of an address that asks for it: empty now."""
        return f"?{urlencode(self.query())}" if not self.is_now else ""


NOW = Moment()


def read_moment(params: Mapping[str, str]) -> Moment:
    """The moment that an address asks for. Raises MomentError."""
    return Moment(_read(params, "as_of"), _read(params, "known_at"))


def _read(params: Mapping[str, str], name: str) -> datetime | None:
    text = (params.get(name) or "").strip().replace(" ", "+" if "T" in (params.get(name) or "") else "T")
    if not text:
        return None
    try:
        found = parse_datetime(text)
        day = parse_date(text) if found is None else None
    except ValueError as error:
        raise MomentError(name) from error
    if day is not None:
        found = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the zone follows
    if found is None:
        raise MomentError(name)
    if timezone.is_naive(found):
        found = timezone.make_aware(found)
    if not EARLIEST <= found <= LATEST:
        raise MomentError(name)
    return found.astimezone(UTC)
