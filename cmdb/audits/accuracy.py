"""How accurate the record is, with the interval in which the truth lies for 95 of 100 samples (Wilson)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt
from typing import Any

from cmdb.models import AuditCheck

#: 97.5 % of a normal distribution lie below so many standard deviations.
Z = 1.959964
RIGHT = AuditCheck.Result.RIGHT


@dataclass(frozen=True)
class Share:
    """``right`` of ``of`` were as recorded; percentages have one decimal."""

    right: int
    of: int
    label: str = ""

    @property
    def percent(self) -> Decimal | None:
        """The share found; None when nothing was checked."""
        return _percent(self.right / self.of) if self.of else None

    @property
    def interval(self) -> tuple[Decimal, Decimal] | None:
        """From where to where the true share lies, by Wilson's score interval at 95 %."""
        if not self.of:
            return None
        share, z2 = self.right / self.of, Z * Z
        middle = share + z2 / (2 * self.of)
        half = Z * sqrt(share * (1 - share) / self.of + z2 / (4 * self.of * self.of))
        whole = 1 + z2 / self.of
        return _percent(max(0.0, (middle - half) / whole)), _percent(min(1.0, (middle + half) / whole))


def _percent(share: float) -> Decimal:
    return (Decimal(repr(share)) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)


def overall(checks: Iterable[AuditCheck]) -> Share:
    """Of the items that were checked, how many were as recorded."""
    results = [check.result for check in checks if check.result]
    return Share(results.count(RIGHT), len(results))


def by_class(checks: Iterable[AuditCheck], names: Mapping[str, str]) -> list[Share]:
    """The same for each class."""
    counts: dict[str, list[str]] = defaultdict(list)
    for check in checks:
        if check.result:
            counts[check.item.ci_class_id].append(check.result)
    return [Share(found.count(RIGHT), len(found), names.get(code, code)) for code, found in sorted(counts.items())]


def by_field(checks: Iterable[AuditCheck], label: Any) -> list[Share]:
    """For each field that is filled: how many of the things that were there had the recorded value."""
    right: dict[str, int] = defaultdict(int)
    of: dict[str, int] = defaultdict(int)
    for check in checks:
        if check.result not in (RIGHT, AuditCheck.Result.DIFFERS):
            continue
        for name in check.recorded.keys() | check.seen.keys():
            of[name] += 1
            right[name] += name not in check.seen
    rows = [Share(right[name], of[name], label(name)) for name in of]
    return sorted(rows, key=lambda row: (row.right / row.of, row.label))
