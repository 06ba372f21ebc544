"""When a delivery is tried again, by how urgent it is (reliability.md, section 3.4). Pure."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

_MINUTE, _HOUR = 60, 3600
#: Seconds after the first try: P1 and P2, then everything else.
URGENT = (0, 15, 30, 60, 120, 240, *range(540, _HOUR + 1, 300))
ORDINARY = (0, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 4 * _HOUR, 12 * _HOUR, 24 * _HOUR)
JITTER = 0.1
#: After so many failed tries an urgent notice also goes out by another channel.
FALLBACK_AFTER = 2
#: When an urgent try may have arrived, or not.
UNCERTAIN_AGAIN = timedelta(seconds=30)


def delay_after(tries: int, *, urgent: bool, chance: float) -> timedelta | None:
    """How long to wait after failed try number ``tries`` (from 1); None when it was the last.

    ``chance`` from 0 to 1 spreads the moment by ± 10 %, so that what failed together does not return together.
    """
    offsets = URGENT if urgent else ORDINARY
    gaps = [later - sooner for sooner, later in pairwise(offsets)]
    if tries > len(gaps):
        return None
    return timedelta(seconds=gaps[tries - 1] * (1 + JITTER * (2 * chance - 1)))


def open_for(failures: int) -> timedelta | None:
    """How long an endpoint is left alone after ``failures`` in a row: from the fifth on 60 s, doubling to 15 min."""
    if failures < 5:
        return None
    return timedelta(seconds=min(60 * 2 ** (failures - 5), 900))
