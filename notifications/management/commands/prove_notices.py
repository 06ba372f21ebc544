from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications.queries import latest, proof
from notifications.views.operating import span_of
from tickets import clock


class Command(BaseCommand):
    """Prove what became of the notices that were due in a period."""

    help = "Print how many deliveries were due, delivered, doubled and lost between two days, and the latest ones."

    def add_arguments(self, parser: CommandParser) -> None:
        """The period, both days included."""
        parser.add_argument("--from", dest="since", type=date.fromisoformat, required=True)
        parser.add_argument("--to", dest="until", type=date.fromisoformat, required=True)

    def handle(self, *args: Any, since: date, until: date, **options: Any) -> None:
        """Print figures; fail when something was lost, or came twice for certain. What lies ahead is not due."""
        begin, end = span_of(since, until)
        end = min(end, clock.now())
        found = proof(begin, end)
        self.stdout.write(
            f"{found['due']} due, {found['delivered']} delivered, {found['doubled']} doubled, {found['lost']} lost, "
            f"{found['waiting']} waiting, {found['failed']} given up or uncertain, {found['left_out']} left out, "
            f"{found['maybe_doubled']} possibly doubled, {found['unread']} without a reader"
        )
        for row in latest(begin, end, limit=10):
            who = row.recipient or row.endpoint
            self.stdout.write(f"{row.lateness} late: {row.notice.key} by {row.channel} to {who}")
        if found["lost"] or found["doubled"]:
            raise CommandError("Not every notice was given exactly once.")
