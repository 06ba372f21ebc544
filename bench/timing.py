"""Timing requests in rounds: every subject at every size once a round, so that noise hits all alike."""

from __future__ import annotations

import random
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.child import Child

FLOOR = "floor"
#: So often each is asked before it is measured, and no oftener than it is measured.
WARM_UP = 5
ORDER = random.Random(11)  # noqa: S311  (an order, not a secret)


@dataclass
class Figures:
    """What was measured of one subject at one size; times in milliseconds."""

    key: str
    size: int
    statements: int
    sql_ms: float
    weight: int
    times: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Half of the requests are faster."""
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        """Nineteen of twenty are faster."""
        return percentile(self.times, 95)

    def as_json(self, floor: Figures | None) -> dict[str, Any]:
        """The figures with the multiple of the bare page at the same size."""
        return {
            "subject": self.key,
            "size": self.size,
            "statements": self.statements,
            "sql_ms": round(self.sql_ms, 2),
            "bytes": self.weight,
            "median_ms": round(self.median, 2),
            "p95_ms": round(self.p95, 2),
            "floors": round(self.median / floor.median, 2) if floor else None,
            "repetitions": len(self.times),
        }


def percentile(values: list[float], percent: int) -> float:
    """The value that ``percent`` of ``values`` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def measure(children: Mapping[int, Child], keys: list[str], rounds: int) -> tuple[list[Figures], dict[str, str]]:
    """Time every subject at every size; return the figures, and what is not there with the reason."""
    found: dict[tuple[str, int], Figures] = {}
    missing: dict[str, str] = {}
    for key in keys:
        for size, child in children.items():
            answer = child.ask("check", key=key, warm_up=min(WARM_UP, rounds))
            if "statements" not in answer:
                missing[key] = f"answers {answer['status']}"
                break
            found[key, size] = Figures(key, size, answer["statements"], answer["sql_ms"], answer["bytes"])
    found = {pair: figures for pair, figures in found.items() if pair[0] not in missing}
    for _ in range(rounds):
        for key, size in ORDER.sample(sorted(found), len(found)):
            found[key, size].times.append(children[size].ask("once", key=key))
    return list(found.values()), missing


def ratio(figures: list[Figures], key: str) -> float | None:
    """How much slower the largest size is than the smallest; None when there is one size."""
    mine = sorted((item for item in figures if item.key == key), key=lambda item: item.size)
    return mine[-1].median / mine[0].median if len(mine) > 1 else None
