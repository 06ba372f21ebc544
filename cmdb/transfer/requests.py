"""An import as somebody asked for it: one way from what was chosen to what was read, for pages and jobs (CMDB-05)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import IO, Any

from accounts.models import User
from cmdb.jobs.services import NotNow, Refused, Tell
from cmdb.models import ItemJob
from cmdb.transfer.dates import DateColumn, DateReading
from cmdb.transfer.exchange import Importer
from cmdb.transfer.grounds import Ground
from cmdb.transfer.mappings import Reading, keep_mapping, read_mapping
from cmdb.transfer.outcome import ImportBusy, ImportRefused, Report
from cmdb.transfer.tables import TableError, read_table

#: So many bad rows are kept with their reasons; all are counted.
KEPT_BAD = 500
File = IO[bytes]


@dataclass(frozen=True)
class Asked:
    """What somebody chose. ``columns`` and ``relation_columns``: heading to field, None leaves a column out."""

    name: str
    source: str = "import"
    mapping: str = ""
    columns: Mapping[str, str | None] = field(default_factory=dict)
    relation_columns: Mapping[str, str | None] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    change: str = ""
    correction: bool = False
    reason: str = ""
    keep_as: str = ""
    keep_shared: bool = False
    good_rows: bool = False
    dry_run: bool = False

    def kept(self) -> dict[str, Any]:
        """As a job keeps it."""
        return asdict(self)


def read_in(asked: Asked, by: User, items: File, relations: File | None, tell: Tell | None = None) -> Report:
    """Check, and write unless only a check was asked for; keep the mapping. Raises ImportRefused, TableError."""
    importer = _importer(asked, by)
    if tell is not None:
        importer.watch = tell
    rows = _of_relations(read_table(relations, relations.name)) if relations else ()
    report = importer.run(read_table(items, items.name), rows)
    if asked.keep_as:
        said: dict[str, Any] = {"headings": importer.headings, "dates": importer.dates, **importer.mapping}
        keep_mapping(name=asked.keep_as, shared=asked.keep_shared, owner=by, **said)
    return report


def _of_relations(rows: Iterator[tuple[int, dict[str, str]]]) -> Iterator[tuple[int, dict[str, str]]]:
    """``rows`` of the file of relations. Raises TableError that says so."""
    try:
        yield from rows
    except TableError as error:
        error.file = "relations"
        raise


def _importer(asked: Asked, by: User) -> Importer:
    """What was typed goes before what the mapping says. Raises ImportRefused."""
    mapping, dates = read_mapping(asked.mapping, by) if asked.mapping else ({}, {})
    typed = {"items": asked.columns, "relations": asked.relation_columns}
    parts = {name: mapping.get(name, Reading()) for name in typed}
    return Importer(
        by=by,
        mapping={name: Reading({**part.columns, **typed[name]}, part.values) for name, part in parts.items()},
        dates={**dates, **asked.dates},
        ground=Ground(by, asked.change, asked.correction, asked.reason, asked.source),
        good_rows=asked.good_rows,
        dry_run=asked.dry_run,
        name=asked.name,
    )


def outcome_of(report: Report | None, error: ImportRefused | TableError | None = None) -> dict[str, Any]:
    """What became of it, as a job keeps it and pages and the API show it."""
    report = report or Report()
    refused = error if isinstance(error, ImportRefused) else ImportRefused("")
    return {
        "message": str(error) if error else "",
        "file": error.file if isinstance(error, TableError) else "",
        "counts": report.counts(),
        "bad": [dict(zip(("file", "line", "reason"), row, strict=True)) for row in report.bad[:KEPT_BAD]],
        "dates": [_column(column) for column in report.dates],
        "undecided": {
            "columns": refused.lost,
            "relation_columns": refused.lost_relations,
            "dates": [column.heading for column in report.dates if column.used is None],
        },
        "headings": refused.headings,
    }


def _column(column: DateColumn) -> dict[str, Any]:
    fits = [{**asdict(fit), "reading": str(fit.reading)} for fit in column.fits]
    return {"heading": column.heading, "used": str(column.used) if column.used else None, "fits": fits}


def shown_dates(outcome: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Columns on which readings differ, with what the readings are called."""
    found = [column for column in outcome.get("dates", ()) if column["fits"][0]["example"]]
    return [
        {**column, "fits": [{**fit, "label": DateReading(fit["reading"]).label} for fit in column["fits"]]}
        for column in found
    ]


def do_import(job: ItemJob, tell: Tell) -> None:
    """An import that a worker does. Raises Refused, NotNow."""
    report: Report | None = None
    relations = job.relations.open("rb") if job.relations else None
    try:
        report = read_in(Asked(**job.asked), job.by, job.items.open("rb"), relations, tell)
    except ImportBusy as error:
        raise NotNow from error
    except (ImportRefused, TableError) as error:
        job.outcome = outcome_of(getattr(error, "report", None), error)
        raise Refused from error
    job.outcome, job.run = outcome_of(report), report.run
