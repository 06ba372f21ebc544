"""``manage.py import_history``: brings in what another product knows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from importing.directory import Directory
from importing.findings import Finding, Findings, finding_writer
from importing.mapping import Mapping, MappingError, load_mapping, shipped_mappings
from importing.progress import ProgressBar
from importing.reading import ExportFile, InputError
from importing.services import BATCH, ImportBusyError, Outcome, check_histories, import_histories, read_histories
from importing.summary import Summary, report_lines
from tickets import clock
from tickets.lifecycle import Kind

SHOWN = 20


class Command(BaseCommand):
    """Checks an export, reports what is damaged, then imports it. Safe to repeat; goes on after an interruption."""

    help = "Import the history of tickets from a CSV export of another product (docs/importing.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the command line."""
        parser.add_argument("file", type=Path, help="the export: .csv or .csv.gz, UTF-8 or GB18030")
        known = ", ".join(shipped_mappings())
        parser.add_argument("--mapping", required=True, help=f"{known}, or the path of a mapping file")
        parser.add_argument("--dry-run", action="store_true", help="only check and report; write nothing")
        parser.add_argument("--report", type=Path, help="write every damaged value into this CSV file")
        parser.add_argument("--customer", default="", help="code of the customer; default: the mapping's own")
        parser.add_argument("--batch", type=int, default=BATCH, help=f"tickets in a transaction (default {BATCH})")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, report, import. Ends with a plain sentence when it cannot."""
        if options["batch"] < 1:
            raise CommandError("--batch must be at least 1.")
        self.now, self.verbosity = clock.now(), options["verbosity"]
        try:
            self._run(options)
        except (MappingError, InputError) as error:
            raise CommandError(str(error)) from error
        except ImportBusyError as error:
            raise CommandError("Another import is running. Wait for its end, then run this one again.") from error
        except KeyboardInterrupt as error:
            raise CommandError("Stopped. Run the same command again to go on.") from error

    def _run(self, options: dict[str, Any]) -> None:
        mapping = load_mapping(options["mapping"])
        directory = Directory(mapping, options["customer"])
        directory.check()
        file = ExportFile(options["file"], mapping.encoding)
        summary = self._check(file, mapping, options["report"])
        if not summary.tickets:
            raise CommandError("Nothing in this file can be imported; does the mapping fit?")
        if options["dry_run"]:
            self._say("Checked only: nothing was written.", *left_out_lines(summary))
            return
        started = time.monotonic()
        with self._bar("Importing", mapping) as bar:
            histories = read_histories(file, mapping, Findings(), self.now)
            total = summary.tickets
            outcome = import_histories(
                histories, mapping, directory, lambda done: bar.show(done, done / total), options["batch"]
            )
        self._say(*outcome_lines(outcome, mapping.kind.kind, time.monotonic() - started), *left_out_lines(summary))

    def _check(self, file: ExportFile, mapping: Mapping, report: Path | None) -> Summary:
        """Read the whole file once; print the report."""
        with self._bar("Checking", mapping) as bar, report_sink(report) as sink:
            findings = Findings(shown=SHOWN, sink=sink)
            histories = read_histories(file, mapping, findings, self.now)
            summary = check_histories(histories, lambda done: bar.show(done, file.read_share))
        summary.left_out = findings.left_out
        self._say(f"{file.path.name}: {file.encoding}, read by the mapping {mapping.name}")
        self._say(*report_lines(summary, findings, mapping.kind.kind, mapping.zone))
        return summary

    @contextmanager
    def _bar(self, label: str, mapping: Mapping) -> Iterator[ProgressBar]:
        unit, visible = mapping.kind.kind.slug, self.verbosity > 0
        bar = ProgressBar(self.stderr, label, unit, visible=visible)  # type: ignore[arg-type]
        try:
            yield bar
        finally:
            bar.clear()

    def _say(self, *lines: str) -> None:
        if self.verbosity:
            self.stdout.write("\n".join(lines))


@contextmanager
def report_sink(path: Path | None) -> Iterator[Callable[[Finding], None] | None]:
    """A sink that writes findings to the CSV file ``path``, readable by spreadsheets; none without a path."""
    if path is None:
        yield None
        return
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            yield finding_writer(stream)
    except OSError as error:
        raise InputError(f"The report {path} cannot be written: {error.strerror}.") from error


def outcome_lines(outcome: Outcome, kind: Kind, seconds: float) -> Iterator[str]:
    """What was done, for a terminal."""
    if outcome.imported:
        yield f"Imported {outcome.imported:,} {kind.slug} with {outcome.events:,} events in {seconds:.1f} s."
    if outcome.known:
        yield f"{outcome.known:,} {kind.slug} were there already and stayed as they are."
    if outcome.grown:
        numbers = ", ".join(outcome.grown[:5]) + (" …" if len(outcome.grown) > 5 else "")
        yield f"{len(outcome.grown):,} of them have more events in this file than were imported: {numbers}"
    if not outcome.imported:
        yield "Nothing to do: everything in this file is in the portal."


def left_out_lines(summary: Summary) -> Iterator[str]:
    """The last line: whatever of the file is not in the portal afterwards."""
    count = summary.left_out
    if count:
        yield f"Left out: {count:,} rows or tickets; the report above says which and why."
    else:
        yield "Nothing was left out."
