from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from sla.clocks.correcting import recalculate
from sla.models import Calendar
from tickets import clock


class Command(BaseCommand):
    """Correct the past: an ordinary edit of a calendar never does."""

    help = "Count clocks that started since a day anew by the current version of a calendar; verdicts may change."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which, from when, why."""
        parser.add_argument("--calendar", required=True)
        parser.add_argument("--since", required=True, help='local time, such as "2026-05-01"')
        parser.add_argument("--reason", required=True, help="kept with every clock that changes")

    def handle(self, *args: Any, calendar: str, since: str, reason: str, **options: Any) -> None:
        """Count anew and say how many clocks."""
        found = Calendar.objects.select_related("current").filter(code=calendar).first()
        if found is None:
            raise CommandError(f"There is no such calendar: {calendar}.")
        try:
            moment = timezone.make_aware(datetime.fromisoformat(since))
        except ValueError:
            raise CommandError(f"Not a time: {since}. Write it as 2026-05-01.") from None
        count = recalculate(found, since=moment, at=clock.now(), reason=reason)
        self.stdout.write(f"{count} clocks counted anew.")
