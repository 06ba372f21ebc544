from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from sla.engine.proving import prove


class Command(BaseCommand):
    """Show for a period that every notice was given, once, and how late."""

    help = "Count anew what clocks had to tell in a period, and compare it with the notices that were given."

    def add_arguments(self, parser: CommandParser) -> None:
        """The period, in local time."""
        parser.add_argument("--from", dest="start", required=True, help='local time, such as "2026-11-01"')
        parser.add_argument("--to", dest="end", required=True, help="local time, not included")

    def handle(self, *args: Any, start: str, end: str, **options: Any) -> None:
        """Print the figures; fail when something was lost or doubled."""
        proof = prove(_moment(start), _moment(end))
        for name, value in proof.figures().items():
            self.stdout.write(f"{name}: {value}")
        for key in proof.lost[:20]:
            self.stdout.write(f"  lost: {key}")
        if proof.lost or proof.doubled:
            raise CommandError("Not every notice was given exactly once.")


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"Not a time: {text}. Write it as 2026-11-01 or 2026-11-01 09:00.") from None
    return found if found.tzinfo else timezone.make_aware(found)
