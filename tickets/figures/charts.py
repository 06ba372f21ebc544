"""Charts that a kind of ticket brings, declared beside its figures; ``reports`` draws them and names no kind.

Each is made of sets of records, so that whatever is clicked opens exactly what was counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from tickets.figures.records import Records, register_records


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A chart of the board of ``kind``. ``code``: its name in addresses, unique within the kind."""

    code: str
    kind: str
    title: Any


@dataclass(frozen=True, kw_only=True)
class Flow(Drawn):
    """What came, what was resolved and what was open then, per stretch of the period."""

    came: Records
    resolved: Records
    standing: Records


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What a clock promised. ``promised``: what ended with a limit, ``kept`` in time, as ``filter`` of lists tells;
    ``open``: what has not ended and is past the limit.
    """

    name: Any
    kept: Records
    promised: Records
    open: Records
    filter: str


@dataclass(frozen=True, kw_only=True)
class Kept(Drawn):
    """In time, late, and open past the limit, by priority and clock."""

    promises: tuple[Promise, ...]


@dataclass(frozen=True, kw_only=True)
class Parts(Drawn):
    """A set, of this kind or another, by what its records have in ``column``; ``names``: every label by value.

    ``narrows``: the filter of lists that takes the values. ``where``: which rows of ``column`` count, when a record
    has several. ``shape``: "donut" and "bars" begin with the most, "columns" stand in the order of ``names``.
    """

    records: Records
    column: str
    narrows: str
    names: Callable[[], Mapping[Any, str]]
    where: Q = field(default_factory=Q)
    shape: str = "donut"


@dataclass(frozen=True, kw_only=True)
class Categories(Drawn):
    """A set by category, one level below the one that the board is narrowed to."""

    records: Records


@dataclass(frozen=True, kw_only=True)
class Hours(Drawn):
    """A set by weekday and hour of the date that places it."""

    records: Records


@dataclass(frozen=True, kw_only=True)
class Staffing(Drawn):
    """A set per hour of the week, beside how many people are on duty then."""

    records: Records


@dataclass(frozen=True, kw_only=True)
class Ages(Drawn):
    """What is open at the end of the period, by how long ago it was registered."""

    records: Records


@dataclass(frozen=True, kw_only=True)
class HandOvers(Drawn):
    """Of a set, which groups handed tickets to which, and what came back to a group that had given it away."""

    records: Records


def names_of(model: Any) -> Callable[[], dict[Any, str]]:
    """What reads the rows of a list of choices, by code, in their order."""
    return lambda: {row.code: str(row) for row in model.objects.all()}


_charts: dict[str, dict[str, Drawn]] = {}


def register_charts(*charts: Drawn) -> None:
    """Make charts known, in their order. Raises ValueError for a code that another chart of the kind has."""
    for chart in charts:
        sets = (getattr(chart, name, None) for name in ("came", "resolved", "standing", "records"))
        open_ = (promise.open for promise in getattr(chart, "promises", ()))
        register_records(*(item for item in (*sets, *open_) if item is not None))
        if _charts.setdefault(chart.kind, {}).setdefault(chart.code, chart) is not chart:
            raise ValueError(f"Two charts of {chart.kind} are called {chart.code}.")


def charts_of(kind: str) -> dict[str, Drawn]:
    """The charts of a kind by code, in their order."""
    return _charts.get(kind, {})
