"""Turning the text of a cell into a value. What cannot be read raises DamagedError; nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from importing.findings import Flaw

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
#: Characters that are no text: PostgreSQL refuses the first, and no product means the others.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
WHITESPACE = re.compile(r"\s+")
#: Larger than any counter of updates; fits PostgreSQL's integer.
LARGEST_COUNT = 999_999_999
#: The longest name of a person, group, item or record of the other product.
LONGEST_NAME = 100
MANY = 1 << 17


class DamagedError(ValueError):
    """A value that cannot be read; ``flaw`` says in what way."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


def tidy(text: str) -> str:
    """The text on one line, with single blanks."""
    return WHITESPACE.sub(" ", text).strip()


def read_name(text: str) -> str:
    """A tidy name. Raises DamagedError when it is too long for one."""
    name = tidy(text)
    if len(name) > LONGEST_NAME:
        raise DamagedError(Flaw.LONG_NAME)
    return name


def read_count(text: str) -> int:
    """A whole number from 0 on. Raises DamagedError for anything else."""
    if not (text.isascii() and text.isdigit()) or len(text.lstrip("0")) > len(str(LARGEST_COUNT)):
        raise DamagedError(Flaw.COUNT)
    return int(text)


def time_reader(formats: tuple[str, ...], zone: ZoneInfo, now: datetime) -> Callable[[str], datetime]:
    """Return a function that reads local times of ``zone`` into UTC.

    The first of ``formats`` (as of ``datetime.strptime``) that fits is taken. The function raises DamagedError
    for other text, for times before 1970 or more than a day after ``now``, and for local times that a
    change of clocks skipped. In the hour that comes twice the first is meant.
    """

    def read(text: str) -> datetime:
        local = _parsed(text, formats)
        if local.tzinfo is None:
            local = _in_zone(local, zone)
        try:
            moment = local.astimezone(UTC)
        except OverflowError:
            raise DamagedError(Flaw.RANGE) from None
        if not EARLIEST <= moment <= now + timedelta(days=1):
            raise DamagedError(Flaw.RANGE)
        return moment

    return read


def _parsed(text: str, formats: tuple[str, ...]) -> datetime:
    for form in formats:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is added by the caller
        except ValueError:
            continue
    raise DamagedError(Flaw.TIME)


def _in_zone(local: datetime, zone: ZoneInfo) -> datetime:
    """The local time in its zone. A time that does not come back from UTC unchanged never was."""
    placed = local.replace(tzinfo=zone)
    try:
        if placed.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
            raise DamagedError(Flaw.CLOCK)
    except OverflowError:
        raise DamagedError(Flaw.RANGE) from None
    return placed
