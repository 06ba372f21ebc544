"""``manage.py check`` refuses limits that nobody could promise, and limits that nobody owes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from accounts.models import Role
from duty.services import ROLES_OF_TICKETS
from sla.promises.models import Metric, Moment
from tickets.checks import unknown
from tickets.lifecycle import Kind, kinds


@register()
def check_limits(**kwargs: Any) -> list[CheckMessage]:
    """Check what every kind says about its limits."""
    return [Error(text, id="sla.E001") for kind in kinds() for text in unknown_limits(kind)]


def unknown_limits(kind: Kind) -> Iterator[str]:
    """Limits and moments of the kind that no policy knows."""
    if kind.clocks is not None:
        yield from unknown(f"{kind.code} has the unknown limit", kind.clocks.limits, Metric.values)
        yield from unknown(f"{kind.code} has the unknown moment", kind.clocks.moments, Moment.values)


@register(Tags.database)
def check_owed(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Check who owes the limits of every kind. Roles are rows: asked with ``--database`` and by ``migrate``."""
    known = [code for alias in databases or () for code in _roles(alias)]
    return [Error(text, id="sla.E002") for kind in kinds() for text in owed_by_nobody(kind, known)] if known else []


def owed_by_nobody(kind: Kind, roles: Sequence[str]) -> Iterator[str]:
    """Roles that owe a limit and are neither among ``roles`` nor found by the ticket."""
    for metric, owing in (kind.clocks.owed if kind.clocks else {}).items():
        yield from unknown(f"{kind.code}: {metric} is owed by the unknown role", owing, {*roles, *ROLES_OF_TICKETS})


def _roles(alias: str) -> list[str]:
    """Codes of the roles in the database; none before the first ones were loaded."""
    connection = connections[alias]
    if Role._meta.db_table not in connection.introspection.table_names():
        return []
    return list(Role.objects.using(alias).filter(active=True).values_list("code", flat=True))
