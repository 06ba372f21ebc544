from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from itsm.backup import BackupError, restore_backup
from sla.engine import begin_new_epoch
from tickets import clock


class Command(BaseCommand):
    """Put a backup back."""

    help = "Put database and files back from an archive of `backup`, then migrate. Stop the portal first."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which archive."""
        parser.add_argument("source", type=Path, help="the archive to read")
        parser.add_argument("--replace", action="store_true", help="put it in the place of the tickets that exist")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, bring an older database up to this version, and say what came back."""
        try:
            manifest = restore_backup(options["source"].resolve(), replace=options["replace"])
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        call_command("migrate", verbosity=0)
        begin_new_epoch(clock.now())
        self.stdout.write(f"{manifest['tickets']} tickets are back as of {manifest['made_at']}.")
        for line in manifest["trouble"]:
            self.stderr.write(f"Not whole: {line}")
        self.stdout.write(
            "Timers and notices are held back. Look at what may have been sent already ('Not delivered'), then\n"
            "let them go on under 'Timer health', or with:  manage.py engine --release --reason 'Restored.'"
        )
