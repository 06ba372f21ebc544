"""Keeping the figures of a scope for ever, as a meeting, a review or a baseline saw them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from reports.figures import Scope, figures
from reports.known.scope import sealed
from reports.texts import plain
from tickets.figures.measures import measures_of


def kept_figures(scope: Scope) -> tuple[list[dict[str, Any]], datetime | None]:
    """Every figure as a row, and as of which moment they are known; None where facts do not tell them.

    Called in the transaction that stores them.
    """
    known_at = sealed(scope)
    rows = [
        {
            "id": code,
            "version": figure.measure.version,
            "value": plain(figure.value),
            "numerator": figure.numerator,
            "denominator": figure.denominator,
            "spread": figure.spread,
        }
        for code, figure in figures(measures_of(scope.kind.code), scope).items()
    ]
    return rows, known_at
