"""Reads configuration items, and relations between them, from CSV or Excel files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from cmdb.transfer.exchange import Importer, ImportRefused, Report, read_mapping
from cmdb.transfer.grounds import Ground
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
        parser.add_argument("--mapping", default="", help="a shipped mapping of headings and values, such as netbox")
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
        try:
            importer = Importer(
                by=by,
                mapping=read_mapping(options["mapping"]) if options["mapping"] else {},
                ground=Ground(
                    by, options["change"], bool(options["correction"]), options["correction"], options["source"]
                ),
                good_rows=options["good_rows"],
                dry_run=options["dry_run"],
                name=options["file"].name,
                say=self.stderr.write,
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

    def _tell(self, report: Report | None) -> None:
        """The bad rows with their reasons, then the numbers."""
        if report is None:
            return
        for part, line, reason in report.bad[:SHOWN]:
            self.stdout.write(f"{part} line {line}: {reason}")
        if len(report.bad) > SHOWN:
            self.stdout.write(f"… and {len(report.bad) - SHOWN} more")
        self.stdout.write(", ".join(f"{name} {count:,}" for name, count in report.counts().items()))
