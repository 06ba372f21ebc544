"""A process that delivers until it is told to stop: ``python -m tests.notifications.sender DATABASE SMTP_PORT``."""

from __future__ import annotations

import os
import sys
import time


def main() -> None:
    """Deliver for ever."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django  # settings must be chosen first
    from django.conf import settings  # the same

    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(sys.argv[2])
    django.setup()
    from notifications.sending.outbox import deliver_due  # needs apps

    while True:
        deliver_due(2.0)
        time.sleep(0.05)


if __name__ == "__main__":
    main()
