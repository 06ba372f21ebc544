"""Figures that a kind of ticket brings: each is one object that tile, chart, list, export, API and report run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Any

from django.utils.translation import gettext_lazy as _

from tickets.figures.records import Records, register_records


class Unit(StrEnum):
    """What a value is counted in."""

    RECORDS = "records"
    PERCENT = "percent"
    SECONDS = "seconds"


class Reading(StrEnum):
    """How a value comes from its records."""

    COUNT = "count"
    SHARE = "share"
    SUM = "sum"
    MEAN = "mean"
    MEDIAN = "median"
    P90 = "p90"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A figure. Its records are counted, set in relation to ``denominator``, or their ``amount`` (a duration) is read.

    ``version`` rises when its meaning changes. ``left_out``: sets that do not count, shown beside it. ``better``:
    "more", "less" or empty where neither is. ``beside``: figures that keep it honest, shown with it. ``sheet``: the
    part of the board it belongs to (``SHEETS``), ``place``: where in it. ``internal``: for staff only.
    ``amount_of_period``: ``amount`` takes the period, and is what came together within it. ``read``: what has the
    amount instead of the records themselves, such as each of their stays in a state. ``on_demand``: counted only where
    it is asked for by name, because it reads the whole log of its records.
    """

    code: str
    kind: str
    label: Any
    meaning: Any
    numerator: Records
    version: int = 1
    denominator: Records | None = None
    left_out: tuple[Records, ...] = ()
    amount: Callable[..., Any] | None = None
    amount_of_period: bool = False
    read: Callable[[Any, Any], Any] | None = None
    on_demand: bool = False
    reading: Reading = Reading.COUNT
    better: str = ""
    beside: tuple[str, ...] = ()
    sheet: str = "others"
    place: int = 100
    internal: bool = False

    @property
    def unit(self) -> Unit:
        """What the value is counted in."""
        return {Reading.COUNT: Unit.RECORDS, Reading.SHARE: Unit.PERCENT}.get(self.reading, Unit.SECONDS)

    @property
    def sets(self) -> tuple[Records, ...]:
        """Every set that it counts or leaves out."""
        return (self.numerator, *((self.denominator,) if self.denominator else ()), *self.left_out)


#: Parts of a kind's figures, in the order in which they are shown.
SHEETS = {
    "indicators": _("Indicators"),
    "month": _("The month"),
    "others": _("What keeps them honest"),
    "process": _("The process"),
}


def staff_figures(kind: str, *, first: int) -> Callable[..., Measure]:
    """What makes figures of ``kind`` that only staff get: of (code, label, meaning, numerator, sheet, …).

    ``first``: the place of the first where figures of all kinds are listed together; the others follow.
    """
    places = count(first)

    def make(
        code: str, label: Any, meaning: Any, numerator: Records, sheet: str = "indicators", **more: Any
    ) -> Measure:
        named: dict[str, Any] = {"code": f"{kind}_{code}", "kind": kind, "label": label, "meaning": meaning}
        return Measure(**named, numerator=numerator, internal=True, sheet=sheet, place=next(places), **more)

    return make


_measures: dict[str, Measure] = {}


def register_measures(*measures: Measure) -> None:
    """Make figures known, with their sets. Raises ValueError for a code that another figure has."""
    for measure in measures:
        if _measures.setdefault(measure.code, measure) is not measure:
            raise ValueError(f"Two figures are called {measure.code}.")
        register_records(*measure.sets)


def measure_of(code: str) -> Measure:
    """The figure with ``code``. Raises KeyError."""
    return _measures[code]


def measures_of(kind: str = "", *, on_demand: bool = False) -> list[Measure]:
    """The figures of a kind, of all kinds without one: by sheet and place, then in the order of registration.

    With ``on_demand`` those, too, that are counted only where they are asked for.
    """
    order = list(SHEETS)
    found = [m for m in _measures.values() if (not kind or m.kind == kind) and (on_demand or not m.on_demand)]
    return sorted(found, key=lambda measure: (order.index(measure.sheet), measure.place))
