from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demo.history import DemoError
from demo.loading import load_demo
from itsm.lifting import lifted


class Command(BaseCommand):
    """Add the demo company and its tickets."""

    help = "Add a made-up company with people, configuration items and tickets. Works in demo mode only."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and say how many tickets were added."""
        try:
            with lifted():
                added = load_demo()
        except DemoError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{added} tickets added." if added else "The demo data are there already.")
