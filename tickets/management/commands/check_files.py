from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tickets import clock
from tickets.files.checks import NAMED, check_files


class Command(BaseCommand):
    """Compare rows and files now."""

    help = "Say which files of tickets are missing, damaged or belong to no ticket; the latter go after a day."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found. Ends with 1 when a file is missing or damaged."""
        row = check_files(clock.now())
        for sort, names in row.names.items():
            count = getattr(row, sort)
            if count:
                self.stdout.write("\n  ".join([f"{sort}: {count}", *names, *(["…"] if count > NAMED else [])]))
        if not row.is_sound:
            raise CommandError(f"{row.missing + row.damaged} of {row.files} files are not as they should be.")
        self.stdout.write(f"{row.files} files are all there.")
