"""A process that carries out commands, for tests with many of them."""

from __future__ import annotations

import os
import sys
import time

import django


def work() -> None:
    """Carry out what is due in the database named on the command line, until nothing has waited for a while."""
    from django.conf import settings  # before it is read

    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()
    from sla.models import Command
    from sla.orders.commands import run_due

    while Command.objects.filter(state="waiting").exists():
        if not run_due(budget=60):
            time.sleep(0.05)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    work()
