"""``manage.py verify_proof FILE``: whether a proof pack of a change is genuine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from changes.proof.pack import verify


class Command(BaseCommand):
    """Check a proof pack."""

    help = "Check the proof pack of a change: its files, its seal, and that decisions are of its content."

    def add_arguments(self, parser: CommandParser) -> None:
        """The archive."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was found; ends with an error when something does not fit."""
        try:
            data = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(str(error)) from error
        found = verify(data)
        if not found.genuine:
            raise CommandError("\n".join(found.wrong))
        self.stdout.write(f"{found.change}: genuine, {found.files} files, {found.decisions} decisions.")
