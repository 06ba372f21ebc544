"""Comparing two versions: what noise may explain is no fault, what it cannot is."""

from __future__ import annotations

import os

import pytest

from bench.against import Comparison, checked_out, known_to, measure, outside_of_median
from bench.child import Child


@pytest.mark.parametrize(("count", "outside"), [(1, 0), (5, 0), (6, 0), (9, 1), (20, 5), (100, 39)])
def test_limits_of_the_median_are_those_of_the_tables(count: int, outside: int) -> None:
    """By the tables of the sign test: of 20 ordered values the 6th and the 15th, of 100 the 40th and the 61st."""
    assert outside_of_median(count) == outside


def comparison(*ratios: float) -> Comparison:
    """One in which theirs always took ten milliseconds."""
    return Comparison("floor", [10 * ratio for ratio in ratios], [10.0] * len(ratios), (3, 3))


def test_one_slow_round_is_noise_and_slow_rounds_throughout_are_not() -> None:
    assert not comparison(*[1.0] * 19, 9.0).is_slower
    assert not comparison(*[1.04] * 20).is_slower
    assert not comparison(*[1.0] * 8, *[1.2] * 12).is_slower
    assert comparison(*[1.08] * 20).is_slower
    assert comparison(*[1.0] * 5, *[1.2] * 15).is_slower


def test_ratio_is_that_of_the_middle_round() -> None:
    assert comparison(0.5, 0.9, 3.0).ratio == pytest.approx(0.9)
    assert comparison(0.5, 0.9, 3.0).spread == pytest.approx((0.5, 3.0))


@pytest.mark.slow
def test_both_versions_are_asked_in_every_round_and_what_one_does_not_answer_is_named() -> None:
    """Two processes that answer as told: the other version refuses "create" and needs twice as long for "floor"."""
    environment = dict(os.environ)
    with (
        Child("tests.bench.answering.before", environment) as theirs,
        Child("tests.bench.answering.now", environment) as ours,
    ):
        found, missing = measure({"theirs": theirs, "ours": ours}, ["floor", "create"], rounds=3)

    assert missing == {"create": "before 500, now 201"}
    [floor] = found
    assert (len(floor.ours), floor.ratio, floor.statements) == (3, 0.5, (4, 2))


@pytest.mark.slow
def test_the_code_of_the_other_version_is_there_and_removed_afterwards() -> None:
    with checked_out("HEAD") as code:
        assert "floor" in known_to(code)
        assert (code / "manage.py").is_file()

    assert not code.exists()
