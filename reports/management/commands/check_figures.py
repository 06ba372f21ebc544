"""Compare figures with the lists behind them, as every night; ends with 1 when they differ."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reports.selfcheck import compare
from tickets import clock


class Command(BaseCommand):
    """``manage.py check_figures``."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare now, and say what came of it. The board shows it, too."""
        result = compare(clock.now())
        for line in result.differences:
            self.stderr.write(line)
        if result.differences:
            raise CommandError(f"{result.compared} comparisons, {len(result.differences)} differences.")
        self.stdout.write(f"{result.compared} comparisons, no difference.")
