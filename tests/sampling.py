"""Matrices that are tried whole in the slow half, and by a sample in the quick one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def sampled(rows: Iterable[Any], keep: Callable[[Any], bool]) -> list[Any]:
    """Parameters of a test: what ``keep`` picks is tried in the quick half too, all else with the slow."""
    return [row if keep(row) else _slow(row) for row in rows]


def _slow(row: Any) -> Any:
    values = row if isinstance(row, tuple) else (row,)
    return pytest.param(*values, marks=pytest.mark.slow)
