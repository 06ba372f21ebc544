"""How unlikely a count is: negative binomial, false discovery rate. Pure arithmetic; knows no tickets.

Counts of incidents vary more than chance alone lets them (variance 3 to 10 times the mean), so a Poisson test would
raise three to eight times as many alarms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, log1p

#: The variance is never taken for less than this many times the mean.
LEAST_SPREAD = 1.2
#: Before anything was ever counted, so much is expected: a new thing is unusual, not impossible.
FLOOR = 0.3
#: So many earlier periods are needed to say what is usual; else all others are looked at.
ENOUGH = 4
#: So many keys say how much counts vary from week to week.
TELLING = 5


@dataclass(frozen=True)
class Usual:
    """What is usual for a key in one period: ``mean`` and ``variance`` of the count."""

    mean: float
    variance: float


def tail(seen: int, usual: Usual) -> float:
    """The chance of ``seen`` or more. ``seen`` >= 0; the variance is above the mean."""
    if seen <= 0:
        return 1.0
    size = usual.mean**2 / (usual.variance - usual.mean)
    term = exp(_log_of(seen, size, usual))
    total, number, share = term, seen, 1 - usual.mean / usual.variance
    while term > total * 1e-12 and number < seen + 100_000:
        term *= (number + size) / (number + 1) * share
        number += 1
        total += term
    return min(total, 1.0)


def _log_of(number: int, size: float, usual: Usual) -> float:
    """Logarithm of the chance of exactly ``number``."""
    share = usual.mean / usual.variance
    ways = lgamma(number + size) - lgamma(size) - lgamma(number + 1)
    return ways + size * log(share) + number * log1p(-share)


def usual_of(counts: Sequence[int], totals: Sequence[int], place: int, spread: float) -> Usual:
    """What is usual for the period at ``place``, by the periods before it, or by all others when those are too few.

    Each other period counts by its share of everything, so that a busy week is no burst of each key. ``spread``: how
    many times the mean the variance of keys of this sort usually is.
    """
    others = list(range(place)) if place >= ENOUGH else [n for n in range(len(counts)) if n != place]
    scaled = [counts[n] * totals[place] / totals[n] for n in others if totals[n]]
    mean = max(sum(scaled) / len(scaled) if scaled else 0.0, FLOOR)
    own = sum((value - mean) ** 2 for value in scaled) / max(len(scaled) - 1, 1)
    unsure = 1 + 1 / max(len(scaled), 1)  # the mean itself comes from a few periods
    return Usual(mean, max(own, mean * max(spread, LEAST_SPREAD)) * unsure)


def spread_of(rows: Sequence[Sequence[int]]) -> float:
    """The middle ratio of variance to mean among keys that came often enough to tell, each without its highest count.

    Bursts are what is looked for: they must not make themselves look usual. Of fewer than ``TELLING`` keys nothing
    can be said.
    """
    ratios = []
    for counts in rows:
        rest = sorted(counts)[:-1]
        mean = sum(rest) / len(rest)
        if mean >= 1:
            ratios.append(sum((n - mean) ** 2 for n in rest) / (len(rest) - 1) / mean)
    return sorted(ratios)[len(ratios) // 2] if len(ratios) >= TELLING else LEAST_SPREAD


def discoveries(chances: Sequence[float], rate: float, tests: int) -> list[bool]:
    """Which of ``chances`` are news when at most ``rate`` of the news may be false (Benjamini and Hochberg).

    ``tests``: how many were made in all, also those too plain to be listed.
    """
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    last = -1
    for number, place in enumerate(order):
        if chances[place] <= rate * (number + 1) / max(tests, 1):
            last = number
    accepted = set(order[: last + 1])
    return [place in accepted for place in range(len(chances))]
