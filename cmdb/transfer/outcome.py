"""What became of an import: its numbers and bad rows, or why nothing was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cmdb.models import ItemImport
from cmdb.transfer.dates import DateColumn


class ImportRefused(Exception):  # noqa: N818 - said to people
    """Nothing was written; ``report`` says why; ``lost``: columns that wait for a decision, of all ``headings``;
    ``lost_relations``: those of the file of relations.
    """

    def __init__(
        self,
        message: str,
        report: Report | None = None,
        lost: Sequence[str] = (),
        headings: Sequence[str] = (),
        lost_relations: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.report, self.lost = report, list(lost)
        self.headings, self.lost_relations = list(headings), list(lost_relations)


class ImportBusy(ImportRefused):
    """Another import is running: this one can be tried again."""


@dataclass
class Report:
    """What was read and what became of it. ``bad``: (file, line, reason); ``dates``: how columns of dates read."""

    rows: int = 0
    relations: int = 0
    made: int = 0
    changed: int = 0
    same: int = 0
    versions: int = 0
    related: int = 0
    claimed: int = 0
    bad: list[tuple[str, int, str]] = field(default_factory=list)
    dates: list[DateColumn] = field(default_factory=list)
    run: ItemImport | None = None

    def counts(self) -> dict[str, int]:
        """The numbers, as they are kept."""
        names = ("rows", "relations", "made", "changed", "same", "versions", "related", "claimed")
        return {**{name: getattr(self, name) for name in names}, "bad": len(self.bad)}
