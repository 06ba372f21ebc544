"""``manage.py reindex_search``: write the search documents of all tickets again."""

from typing import Any

from django.core.management.base import BaseCommand

from tickets.models import Ticket
from tickets.search.refreshing import write_documents


class Command(BaseCommand):
    help = "Write the search documents of all tickets again, a batch at a time, while the portal goes on."

    def handle(self, *args: Any, **options: Any) -> None:
        """Documents that are right already are not touched."""
        total = Ticket.objects.count()
        written = write_documents(
            Ticket.objects.all(), lambda count: self.stderr.write(f"{count:,} of {total:,}", ending="\r")
        )
        self.stdout.write(f"{written:,} documents are as they should be.")
