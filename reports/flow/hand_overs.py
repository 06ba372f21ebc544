"""Who handed tickets over to whom, and what came back (RPT-05)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from accounts.models import SupportGroup
from reports.flow.process import Process
from tickets.figures.moves import RETURNED, hand_overs

#: So many groups a matrix shows, those with the most hand-overs.
MOST_GROUPS = 12


@dataclass(frozen=True)
class HandOver:
    """A cell: how often tickets went so, and how many did."""

    times: int
    tickets: int
    url: str


@dataclass(frozen=True)
class Matrix:
    """Rows: who gave; columns: who took. ``left_out``: hand-overs of groups that are not shown."""

    groups: list[str]
    rows: list[tuple[str, list[HandOver | None]]]
    left_out: int
    returned: int
    returned_url: str


def matrix_of(process: Process) -> Matrix:
    """The hand-overs of the tickets of a process."""
    tickets = process.scope.found(process.cohort)
    handed = hand_overs(process.at).filter(ticket__in=tickets.values("pk"))
    counted = handed.values("gave", "took").annotate(times=Count("pk"), tickets=Count("ticket", distinct=True))
    cells = {
        (row["gave"], row["took"]): HandOver(
            row["times"], row["tickets"], process.url(f"handed-{row['gave']}.{row['took']}")
        )
        for row in counted
    }
    shown = _most_handed(cells)
    names = {group.code: str(group) for group in SupportGroup.objects.filter(code__in=shown)}
    rows = [(names.get(gave, gave), [cells.get((gave, took)) for took in shown]) for gave in shown]
    beyond = sum(cell.times for (gave, took), cell in cells.items() if not {gave, took} <= set(shown))
    back = process.scope.records(process.cohort.records, part=RETURNED)
    found = process.scope.found(back).count()
    return Matrix([names.get(code, code) for code in shown], rows, beyond, found, process.scope.list_url(back))


def _most_handed(cells: dict[tuple[str, str], HandOver]) -> list[str]:
    """Codes of the groups that gave or took most, the most first."""
    times: dict[str, int] = {}
    for pair, cell in cells.items():
        for code in pair:
            times[code] = times.get(code, 0) + cell.times
    return sorted(times, key=lambda code: (-times[code], code))[:MOST_GROUPS]
