"""``manage.py prepare``: brings files and database up to date before the portal starts."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from itsm.run import steps


class Command(BaseCommand):
    """Builds what changed, migrates, and loads reference and (in demo mode) demo data."""

    help = "Build the front-end, compile texts, migrate and load data; skips what is up to date."
    requires_system_checks: list[str] = []  # what they look for is only being built

    def add_arguments(self, parser: CommandParser) -> None:
        """How much."""
        parser.add_argument("--files-only", action="store_true", help="build the front-end, touch no database")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run all steps; the first failure ends the command."""
        work = steps.build if options["files_only"] else steps.prepare
        try:
            work(lambda line: self.stdout.write(f"  {line} …"))
        except steps.NotInstalled as error:
            raise CommandError(str(error)) from error
