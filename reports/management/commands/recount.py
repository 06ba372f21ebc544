"""Count the facts behind every figure anew, as every night, and say what was wrong and is mended."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from reports.facts.keeping import recount
from tickets import clock


class Command(BaseCommand):
    """``manage.py recount``."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Count now. The portal goes on meanwhile."""
        found = recount(clock.now())
        self.stdout.write(f"{found.facts} tickets counted, {found.mended} mended.")
        if found.named:
            self.stdout.write(f"Mended: {', '.join(found.named)}{' …' if found.mended > len(found.named) else ''}")
