from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from itsm.run.backup import BackupError, create_backup


class Command(BaseCommand):
    """Write database and files into one archive."""

    help = "Write the database and the uploaded files into one archive; the portal may go on working."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("target", type=Path, help="the archive to write, for example itsm.tar")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it and say what is in it."""
        try:
            manifest = create_backup(options["target"].resolve())
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['target']}: {manifest['tickets']} tickets, made at {manifest['made_at']}.")
