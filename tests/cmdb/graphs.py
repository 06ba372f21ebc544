"""Graphs made of a few edges."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from cmdb.network.graph import EMPTY, Graph, Relations, Types

#: (key, type, source, target, group, needed, confirmed)
Row = tuple[int, str, int, int, str, int, float]


def relations_of(rows: Sequence[Row]) -> Relations:
    """Relations by columns, each a run of its own."""
    columns = (np.array([row[place] for row in rows], np.int64) for place in (0, 2, 3, 5, 6))
    return Relations([(row[1], row[4], 1) for row in rows], *columns)


def graph_of(
    edges: Sequence[tuple[int, int, str, int]],
    away: Collection[int] = (),
    confirmed: Mapping[int, float] | None = None,
    sure_days: int = 0,
) -> Graph:
    """A graph of (dependent, provider, group, needed); ``confirmed``: when, by the number of the edge."""
    rows: list[Row] = [
        (number, "depends_on", *edge, (confirmed or {}).get(number, 0.0)) for number, edge in enumerate(edges)
    ]
    types = Types(sure_days={"depends_on": sure_days} if sure_days else {})
    return EMPTY.altered(np.empty(0), relations_of(rows), types, dict.fromkeys(away, True))
