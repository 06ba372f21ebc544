"""Which changes can get in one another's way at all, so that only these are compared: a sweep over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from changes.collision.collisions import Loaded
    from changes.collision.redundancy import Estate

PERSON, SYSTEM = "person", "system"


def meetings(rows: Sequence[Loaded], estate: Estate) -> Iterator[tuple[Loaded, Loaded]]:
    """Pairs of ``rows`` that overlap and share something; each once, the earlier one first.

    ``rows`` stand in order of their beginnings. Two changes that share neither an item, nor something that fails with
    an item of each, nor a person, nor a business system, do not collide, whatever the rules say.
    """
    open_by: dict[Hashable, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        met: set[int] = set()
        for key in keys_of(row, estate):
            still_open = [other for other in open_by[key] if rows[other].end > row.start]
            met.update(still_open)
            open_by[key] = [*still_open, place]
        yield from ((rows[other], row) for other in sorted(met))


def keys_of(row: Loaded, estate: Estate) -> Iterable[Hashable]:
    """What another change must share with ``row``: items, what fails with them, people, the business system."""
    people = {(PERSON, person.pk) for person, _from, _to in row.busy}
    return {*row.items, *estate.touched(row.items), *people, *((SYSTEM, system) for system in row.systems)}
