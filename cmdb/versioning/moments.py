"""Which moment is asked about, and what counts as the present: the database's transaction, never the web host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from itsm.web.filtering import EARLIEST, LATEST

_PRESENT = "SELECT coalesce(nullif(current_setting('cmdb.moment', true), '')::timestamptz, transaction_timestamp())"


class MomentError(ValueError):
    """A moment that cannot be understood; ``parameter`` names which."""

    def __init__(self, parameter: str) -> None:
        super().__init__(_("A moment such as 2026-11-22T08:00:00Z, or a date, is expected."))
        self.parameter = parameter


def present() -> datetime:
    """The moment under which this transaction records what it writes."""
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT)
        return cursor.fetchone()[0]


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
