"""Comparing two versions: what noise may explain is no fault, what it cannot is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from bench.against import Comparison, outside_of_median
from tests.bench.test_bench import OF_TESTS


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
@pytest.mark.xdist_group("bench")
def test_a_version_is_compared_with_a_commit_of_its_own(tmp_path: Path) -> None:
    """Both are loaded and asked; nothing is left of the other's code."""
    mine = {
        "BENCH_AGAINST": "HEAD",
        "BENCH_SIZES": "300",
        "BENCH_ROUNDS": "2",
        "BENCH_SUBJECTS": "create",
        "BENCH_REPORT_DIR": str(tmp_path),
    }
    environment = {key: value for key, value in os.environ.items() if key not in OF_TESTS} | mine
    done = subprocess.run(
        [sys.executable, "-m", "bench"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    [written] = tmp_path.glob("against-*.json")
    requests = {request["subject"]: request for request in json.loads(written.read_text())["requests"]}
    kept = subprocess.run(
        ["git", "worktree", "list"], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )

    assert "floor" in requests, done.stdout + done.stderr
    assert requests["create"]["statements"]["ours"] == requests["create"]["statements"]["theirs"]
    assert "itsm-against-" not in kept.stdout
