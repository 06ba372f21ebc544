"""The arithmetic of figures."""

from __future__ import annotations

from bench.timing import Figures, percentile, ratio


def figures(size: int, *times: float) -> Figures:
    return Figures("queue", size, statements=1, sql_ms=1, weight=1, times=list(times))


def test_percentile_is_a_measured_value() -> None:
    assert percentile([float(value) for value in range(1, 101)], 95) == 96


def test_ratio_compares_the_medians_of_the_largest_and_the_smallest_size() -> None:
    assert ratio([figures(1000, 3, 9, 3), figures(10, 2, 2, 50), figures(100, 7)], "queue") == 1.5


def test_there_is_no_ratio_of_one_size() -> None:
    assert ratio([figures(10, 2)], "queue") is None
