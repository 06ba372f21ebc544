"""The plan drawn over time: steps as planned and as they went, the window, the point of no return, now (CHG-04)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from changes.plan.models import PlanStep

#: The drawing in its own units: width of the span, height of a step, room above for the hours.
WIDTH, ROW, HEAD = 600, 22, 18
#: So far around the times that are drawn, and so many hours at most are written above.
MARGIN, LABELS = 0.02, 6
#: Half as wide is a label: nearer to an edge it begins or ends there, else the edge would cut it.
HALF = 18
HOURS = (1, 2, 3, 6, 12, 24, 48, 168)


@dataclass(frozen=True)
class Bar:
    """A step: where its planned and its actual bar begin and how wide they are; None where it has none."""

    step: PlanStep
    y: int
    planned: tuple[float, float] | None
    actual: tuple[float, float] | None


def drawn(change: Any, steps: Sequence[PlanStep], now: datetime) -> dict[str, Any] | None:
    """What the drawing shows; None while no step has a time, or the change has no window."""
    if change.planned_start is None or not any(step.planned_from or step.started_at for step in steps):
        return None
    actual = [moment for step in steps for moment in (step.started_at, step.ended_at) if moment]
    ends = [change.planned_start, change.planned_end, *actual]
    begin, end = min(ends), max(ends)
    room = (end - begin) * MARGIN
    begin, end = begin - room, end + room

    def at(moment: datetime) -> float:
        return round((moment - begin) / (end - begin) * WIDTH, 1)

    def bar(start: datetime | None, stop: datetime | None) -> tuple[float, float] | None:
        return (at(start), max(round(at(stop) - at(start), 1), 2)) if start and stop else None

    rows = [
        Bar(
            step,
            HEAD + place * ROW,
            bar(step.planned_from, step.planned_to),
            bar(step.started_at, step.ended_at or max(now, step.started_at or now)),
        )
        for place, step in enumerate(steps)
    ]
    marks = {"no_return": change.no_return_at, "now": now}
    return {
        "width": WIDTH,
        "height": HEAD + ROW * len(steps),
        "bars": rows,
        "window": bar(change.planned_start, change.planned_end),
        "hours": [(at(moment), _anchor(at(moment)), moment) for moment in _hours(begin, end)],
        **{name: at(moment) if moment and begin <= moment <= end else None for name, moment in marks.items()},
    }


def _anchor(x: float) -> str:
    """Which end of the label stands at ``x``."""
    return "start" if x < HALF else "end" if x > WIDTH - HALF else "middle"


def _hours(begin: datetime, end: datetime) -> list[datetime]:
    """Full hours to write above, evenly apart."""
    span = (end - begin) / timedelta(hours=1)
    every = next((hours for hours in HOURS if span / hours <= LABELS), HOURS[-1])
    first = begin.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    found = [first + timedelta(hours=every) * number for number in range(LABELS + 1)]
    return [moment for moment in found if moment <= end]
