"""Keyset paging: a page costs the same wherever it lies, and rows never shift between pages.

A cursor holds the sort values of the row at the edge of a page, sealed: nobody can make one up, or read in one what
the page does not show.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Generic, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan
from django.utils.translation import gettext as _

from itsm.sealing import seal, unseal

DEFAULT_SIZE = 50
MAX_SIZE = 100
MAX_SORTS = 3
COUNT_CAP = 1000
_PURPOSE = "paging"

Row = TypeVar("Row", bound=Model)


class PagingError(ValueError):
    """A cursor or an ordering that cannot be used; ``parameter`` names which."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


@dataclass(frozen=True)
class Column:
    """A column to sort by. ``nullable`` ones put empty values last, in both directions.

    ``mirrored``: empty values are an end of the order (no duplicate, before duplicates) and change sides with it.
    """

    path: str
    nullable: bool = False
    descending: bool = False
    nulls_first: bool = False
    mirrored: bool = False

    @property
    def backwards(self) -> Column:
        """The same column for reading the other way."""
        return replace(self, descending=not self.descending, nulls_first=not self.nulls_first)


Ordering = tuple[Column, ...]
_ID = Column("pk")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A page of rows with the cursors of its neighbours; None where there is none."""

    rows: list[Row]
    next: str | None
    previous: str | None


def parse_ordering(text: str, allowed: Mapping[str, Ordering]) -> Ordering:
    """Return the columns that ``text`` names (``priority,-created_at``), the id last. Raises PagingError."""
    columns: dict[str, Column] = {}
    names = [name for name in text.split(",") if name]
    if not names or len(names) > MAX_SORTS:
        message = _("Name one to %(count)d of: %(names)s.")
        raise PagingError("ordering", message % {"count": MAX_SORTS, "names": ", ".join(allowed)})
    for name in names:
        descending = name.startswith("-")
        for column in _named(name.removeprefix("-"), allowed):
            turned = replace(column, descending=column.descending != descending)
            if column.mirrored and descending:
                turned = replace(turned, nulls_first=not column.nulls_first)
            columns.setdefault(column.path, turned)
    last = next(reversed(columns.values()))
    return (*columns.values(), replace(_ID, descending=last.descending))


def _named(name: str, allowed: Mapping[str, Ordering]) -> Ordering:
    if name not in allowed:
        message = _("“%(name)s” cannot be sorted by; possible: %(names)s.")
        raise PagingError("ordering", message % {"name": name[:50], "names": ", ".join(allowed)})
    return allowed[name]


def page_of(queryset: QuerySet[Row], ordering: Ordering, *, cursor: str = "", size: int = DEFAULT_SIZE) -> Page[Row]:
    """The page of ``queryset`` that ``cursor`` points to, the first one without. One query. Raises PagingError."""
    forward, values = _read(cursor, ordering) if cursor else (True, None)
    columns = ordering if forward else tuple(column.backwards for column in ordering)
    found = queryset.annotate(**{_alias(n): F(c.path) for n, c in enumerate(columns) if "__" in c.path})
    if values is not None:
        found = found.filter(_after(columns, values))
    rows = list(_first(found.order_by(*map(_order, columns)), min(size, MAX_SIZE) + 1))
    more = len(rows) > min(size, MAX_SIZE)
    rows = rows[: min(size, MAX_SIZE)]
    if not forward:
        rows.reverse()
    return Page(
        rows,
        next=_write(rows[-1], ordering, forward=True) if rows and (more or not forward) else None,
        previous=_write(rows[0], ordering, forward=False) if rows and (more if not forward else cursor) else None,
    )


def ordered_by(queryset: QuerySet[Row], ordering: Ordering) -> QuerySet[Row]:
    """``queryset`` in the order of pages, all of it."""
    return queryset.order_by(*map(_order, ordering))


def _first(ordered: QuerySet[Row], count: int) -> QuerySet[Row]:
    """The first ``count`` rows, chosen by their keys alone before the rows that they refer to are joined.

    A plain LIMIT stands above the joins: where no index gives the order, all rows would be joined and sorted.
    The keys come as an array, because a semijoin with a subquery is made after the written joins (decision 0010).
    """
    keys = Func(ArraySubquery(ordered.values("pk")[:count]), template="(%(expressions)s)")
    among = Func(F("pk"), keys, template="%(expressions)s", arg_joiner=" = ANY", output_field=BooleanField())
    return ordered.filter(among)


def capped_count(queryset: QuerySet[Any], cap: int | None = COUNT_CAP) -> tuple[int, bool]:
    """How many rows there are, counted up to ``cap`` unless it is None, and whether there are more."""
    if cap is None:
        return queryset.order_by().count(), False
    count = queryset.order_by().values("pk")[: cap + 1].count()
    return min(count, cap), count > cap


def _alias(number: int) -> str:
    return f"sort_{number}"


def _order(column: Column) -> Any:
    """Plain columns without an order of empty values, so that their indexes serve."""
    path = F(column.path)
    nulls: dict[str, Any] = {}
    if column.nullable:
        nulls = {"nulls_first": True} if column.nulls_first else {"nulls_last": True}
    return path.desc(**nulls) if column.descending else path.asc(**nulls)


def _after(columns: Ordering, values: Sequence[Any]) -> Any:
    """What lies after the row with ``values``: one row comparison where an index can answer it."""
    if not any(column.nullable for column in columns) and len({column.descending for column in columns}) == 1:
        compare = LessThan if columns[0].descending else GreaterThan
        return compare(_row(F(c.path) for c in columns), _row(Value(v) for v in values))
    steps = [
        reduce(lambda left, right: left & right, [*map(_equal, columns[:n], values[:n]), _beyond(column, values[n])])
        for n, column in enumerate(columns)
    ]
    return reduce(or_, steps)


def _row(parts: Any) -> Func:
    return Func(*parts, template="(%(expressions)s)", output_field=BooleanField())


def _equal(column: Column, value: Any) -> Q:
    return Q(**{f"{column.path}__isnull": True}) if value is None else Q(**{column.path: value})


def _beyond(column: Column, value: Any) -> Q:
    """Strictly after ``value`` in this column alone."""
    if value is None:
        return Q(**{f"{column.path}__isnull": False}) if column.nulls_first else Q(pk__in=())
    beyond = Q(**{f"{column.path}__{'lt' if column.descending else 'gt'}": value})
    if column.nullable and not column.nulls_first:
        beyond |= Q(**{f"{column.path}__isnull": True})
    return beyond


def _signature(ordering: Ordering) -> str:
    return ",".join(f"{'-' if column.descending else ''}{column.path}" for column in ordering)


def _write(row: Model, ordering: Ordering, *, forward: bool) -> str:
    values = [getattr(row, _alias(n) if "__" in c.path else c.path) for n, c in enumerate(ordering)]
    packed = [{"t": value.isoformat()} if isinstance(value, datetime) else value for value in values]
    return seal(json.dumps([forward, _signature(ordering), packed]), purpose=_PURPOSE)


def _read(cursor: str, ordering: Ordering) -> tuple[bool, list[Any]]:
    try:
        forward, signature, packed = json.loads(unseal(cursor, purpose=_PURPOSE))
    except ValueError as error:
        raise PagingError("cursor", _("This cursor is not valid.")) from error
    if signature != _signature(ordering):
        raise PagingError("cursor", _("This cursor belongs to another ordering."))
    return forward, [datetime.fromisoformat(value["t"]) if isinstance(value, dict) else value for value in packed]
