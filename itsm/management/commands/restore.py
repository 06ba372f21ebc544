from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from itsm.run.backup import BackupError, restore_backup
from itsm.run.restarting import end_what_was_signed
from sla.engine.rounds import begin_new_epoch
from tickets import clock


class Command(BaseCommand):
    """Put a backup back."""

    help = "Put database and files back from an archive of `backup`, then migrate. Stop the portal first."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which archive."""
        parser.add_argument("source", type=Path, help="the archive to read")
        parser.add_argument("--keep-tokens", action="store_true", help="let API tokens of the backup go on working")
        parser.add_argument("--replace", action="store_true", help="put it in the place of the tickets that exist")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, bring an older database up to this version, and say what came back."""
        try:
            manifest = restore_backup(options["source"].resolve(), replace=options["replace"])
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        call_command("migrate", verbosity=0)
        begin_new_epoch(clock.now())
        tokens = end_what_was_signed(keep_tokens=options["keep_tokens"])
        self.stdout.write(f"{manifest['tickets']} tickets are back as of {manifest['made_at']}.")
        for line in manifest["trouble"]:
            self.stderr.write(f"Not whole: {line}")
        self.stdout.write(self._about_tokens(tokens, kept=options["keep_tokens"]))
        self.stdout.write(
            "Timers and notices are held back. Look at what may have been sent already ('Not delivered'), then\n"
            "let them go on under 'Timer health', or with:  manage.py engine --release --reason 'Restored.'"
        )

    def _about_tokens(self, count: int, *, kept: bool) -> str:
        if kept:
            return f"{count} API tokens work as of the backup, those too that were revoked since: look at them."
        return (
            f"{count} API tokens ended: make new ones for the programs that need them (or restore with --keep-tokens)."
        )
