from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from notifications.queries import latest, proof
from notifications.views.operating import span_of


class Command(BaseCommand):
    """Prove what became of the notices that were due in a period."""

    help = "Print how many deliveries were due, delivered, doubled and lost between two days, and the latest ones."

    def add_arguments(self, parser: CommandParser) -> None:
        """The period, both days included."""
        parser.add_argument("--from", dest="since", type=date.fromisoformat, required=True)
        parser.add_argument("--to", dest="until", type=date.fromisoformat, required=True)

    def handle(self, *args: Any, since: date, until: date, **options: Any) -> None:
        """Print figures."""
        begin, end = span_of(since, until)
        found = proof(begin, end)
        self.stdout.write(
            f"{found['due']} due, {found['delivered']} delivered, {found['doubled']} doubled, {found['lost']} lost, "
            f"{found['waiting']} waiting, {found['failed']} given up or uncertain, {found['left_out']} left out"
        )
        for row in latest(begin, end, limit=10):
            who = row.recipient or row.endpoint
            self.stdout.write(f"{row.lateness} late: {row.notice.key} by {row.channel} to {who}")
