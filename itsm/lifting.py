"""Lifting the limits of a session for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from itsm.limits import PAGE


@contextmanager
def lifted(**limits: str) -> Iterator[None]:
    """This session alone has these ``limits``, none at all unless given, for what no page waits on.

    Afterwards they are what they were.
    """
    wanted = limits or dict.fromkeys(PAGE, "0")
    with connection.cursor() as cursor:
        before = {name: _show(cursor, name) for name in wanted}
    set_limits(wanted)
    try:
        yield
    finally:
        if connection.connection is not None and not connection.needs_rollback:
            set_limits(before)


def set_limits(limits: dict[str, str]) -> None:
    """Set them for the session."""
    with connection.cursor() as cursor:
        for name, value in limits.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name, value])


def _show(cursor: object, name: str) -> str:
    cursor.execute("SELECT current_setting(%s)", [name])  # type: ignore[attr-defined]
    return str(cursor.fetchone()[0])  # type: ignore[attr-defined]
