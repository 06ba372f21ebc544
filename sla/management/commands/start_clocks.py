from typing import Any

from django.core.management.base import BaseCommand

from sla.clocks.correcting import start_missing_clocks
from sla.orders.closing import plan_what_waits
from tickets import clock


class Command(BaseCommand):
    """After an upgrade: live tickets from before have no clocks yet."""

    help = (
        "Start the clocks of live tickets that have none; rules that lie ahead are armed, nobody is told of the past. "
        "Plan the closing of resolved ones that close by themselves."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Start them and say how many."""
        now = clock.now()
        self.stdout.write(f"Clocks of {start_missing_clocks(now)} tickets started.")
        self.stdout.write(f"Closing of {plan_what_waits(now)} resolved tickets planned.")
