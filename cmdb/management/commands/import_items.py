"""Reads configuration items, and relations between them, from CSV or Excel files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from cmdb.models import ItemJob
from cmdb.sources.ranking import refused_name
from cmdb.transfer.dates import DateReading
from cmdb.transfer.exchange import STEP, Importer
from cmdb.transfer.grounds import Ground
from cmdb.transfer.mappings import read_mapping
from cmdb.transfer.outcome import ImportRefused, Report
from cmdb.transfer.tables import TableError, open_table

SHOWN = 50
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class Command(BaseCommand):
    """Everything is checked before anything is written; one bad row stops all, unless --good-rows is given."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """What to read and how."""
        parser.add_argument("file", type=Path, help="items, .csv or .xlsx")
        parser.add_argument("--relations", type=Path, help="relations: source, relation, target, group, needed")
        parser.add_argument(
            "--mapping", default="", help="a mapping: shipped, such as netbox, one's own (--by), or shared"
        )
        readings = "|".join(DateReading.values)
        parser.add_argument(
            "--dates",
            action="append",
            default=[],
            metavar="[HEADING=]READING",
            help=f"how dates are meant where more than one reading fits: {readings}; for one column or for all",
        )
        parser.add_argument("--dry-run", action="store_true", help="check and report, write nothing")
        parser.add_argument("--good-rows", action="store_true", help="leave out bad rows and write the others")
        parser.add_argument("--change", default="", help="number of the approved change that names the items")
        parser.add_argument("--correction", default="", help="correct the record, for this reason; needs --by")
        parser.add_argument("--source", default="import", help="whose word the file is, as sources are ranked")
        parser.add_argument("--by", default="", help="user name of whoever imports")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, write, report."""
        by = User.objects.filter(username=options["by"]).first() if options["by"] else None
        if options["by"] and by is None:
            raise CommandError(f"There is no person {options['by']}.")
        if not NAME.fullmatch(options["source"]):
            raise CommandError("A source is called by small letters, digits, _ and -.")
        if no := refused_name(options["source"]):
            raise CommandError(no)
        try:
            mapping, dates = read_mapping(options["mapping"], by) if options["mapping"] else ({}, {})
            importer = Importer(
                by=by,
                mapping=mapping,
                ground=Ground(
                    by, options["change"], bool(options["correction"]), options["correction"], options["source"]
                ),
                dates={**dates, **dict(_reading(text) for text in options["dates"])},
                good_rows=options["good_rows"],
                dry_run=options["dry_run"],
                name=options["file"].name,
                watch=self._told,
            )
            relations = open_table(options["relations"]) if options["relations"] else ()
            report = importer.run(open_table(options["file"]), relations)
        except ImportRefused as error:
            self._tell(error.report)
            raise CommandError(str(error)) from error
        except (TableError, OSError) as error:
            raise CommandError(str(error)) from error
        self._tell(report)
        if options["dry_run"]:
            self.stdout.write("Nothing was written.")

    def _told(self, stage: str, done: int, total: int) -> None:
        """How far it is, each stage and each twentieth of it."""
        if done == 0 or done * 20 // total > (done - STEP) * 20 // total:
            self.stderr.write(f"{ItemJob.Stage(stage).label} {done:,} / {total:,}")

    def _tell(self, report: Report | None) -> None:
        """The bad rows with their reasons, then the numbers."""
        if report is None:
            return
        for part, line, reason in report.bad[:SHOWN]:
            self.stdout.write(f"{part} line {line}: {reason}")
        if len(report.bad) > SHOWN:
            self.stdout.write(f"… and {len(report.bad) - SHOWN} more")
        for column in report.dates:
            for fit in column.fits if len(column.possible) > 1 else ():
                used = " (used)" if fit.reading == column.used else ""
                numbers = f"{fit.impossible:,} impossible, {fit.disordered:,} out of order"
                example = f"; {fit.example[0]} = {fit.example[1] or '-'}" if fit.example else ""
                self.stdout.write(f"{column.heading}: {fit.reading} {numbers}{example}{used}")
        self.stdout.write(", ".join(f"{name} {count:,}" for name, count in report.counts().items()))


def _reading(text: str) -> tuple[str, str]:
    """What --dates says: the heading, empty for all, and the reading. Raises CommandError."""
    heading, _sign, reading = text.rpartition("=")
    if reading not in DateReading.values:
        raise CommandError(f"--dates takes {', '.join(DateReading.values)}, for one column as HEADING=READING.")
    return heading, reading
