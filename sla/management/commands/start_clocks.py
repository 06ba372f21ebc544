from typing import Any

from django.core.management.base import BaseCommand

from sla.correcting import start_missing_clocks
from tickets import clock


class Command(BaseCommand):
    """After an upgrade: live tickets from before have no clocks yet."""

    help = (
        "Start the clocks of live tickets that have none; rules that lie ahead are armed, nobody is told of the past."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Start them and say how many."""
        self.stdout.write(f"Clocks of {start_missing_clocks(clock.now())} tickets started.")
