"""What amounts of time say of a set: sum, mean, median, 90 % and spread, in seconds (RPT-01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import FloatField, Func, QuerySet

from tickets.figures.measures import Reading

#: Readings that lie between the two nearest values, so that the median of an even count is their middle.
SHARES = {Reading.MEDIAN: 0.5, Reading.P90: 0.9}
#: So exactly amounts are told, in digits of a second: as clocks of the database are.
DIGITS = 6


class Seconds(Func):
    """A duration as a float: PostgreSQL sorts and sums intervals and decimals half as fast."""

    function = "date_part"
    template = "%(function)s('epoch', %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True)
class Said:
    """What one amount says. ``n``: how many records have it; ``spread``: of single ones, whatever is read."""

    readings: dict[Reading, float | None]
    n: int = 0
    spread: float | None = None


def said_of(rows: QuerySet[Any], asked: list[tuple[Any, set[Reading]]]) -> list[Said]:
    """What each amount of ``rows`` says, by one statement: a duration as an expression, with the readings wanted."""
    seconds = {f"amount_{n}": Seconds(amount) for n, (amount, _wanted) in enumerate(asked)}
    columns = ", ".join(_columns(name, wanted) for name, (_amount, wanted) in zip(seconds, asked, strict=True))
    try:
        source, params = rows.order_by().values(**seconds).query.sql_with_params()
    except EmptyResultSet:  # a filter that nothing matches
        return [Said(dict.fromkeys(Reading)) for _amount in asked]
    with connection.cursor() as cursor:
        # Not taken apart (OFFSET), each amount is worked out once for all its readings. S608: our names, Django's SQL.
        cursor.execute(f"SELECT {columns} FROM ({source} OFFSET 0) AS amounts", params)  # noqa: S608
        row = iter(cursor.fetchone())
    return [_said(*(next(row) for _column in range(5))) for _amount in asked]


def _columns(name: str, wanted: set[Reading]) -> str:
    """Five columns; both shares come from one sorting, which nobody pays for who wants neither."""
    shares = f"percentile_cont('{{{', '.join(map(str, SHARES.values()))}}}'::float8[]) WITHIN GROUP (ORDER BY {name})"
    shares = shares if wanted & set(SHARES) else "NULL"
    return f"sum({name}), avg({name}), {shares}, count({name}), stddev_pop({name})"


def _said(total: float | None, mean: float | None, shares: list[float] | None, n: int, spread: float | None) -> Said:
    found: dict[Reading, float | None] = {Reading.SUM: total, Reading.MEAN: mean, **dict.fromkeys(SHARES)}
    found |= dict(zip(SHARES, shares or (), strict=False))
    return Said({reading: _rounded(value) for reading, value in found.items()}, n, _rounded(spread))


def _rounded(value: float | None) -> float | None:
    """Without the last digits of a float, which depend on the order in which rows were read."""
    return None if value is None else round(value, DIGITS)
