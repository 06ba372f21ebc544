"""The Celery application; its settings are the ``CELERY_`` ones of Django."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_after_setup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "itsm.settings")

app = Celery("itsm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_after_setup.connect
def watch(sender: Any, instance: Any, **context: Any) -> None:
    """Keep an eye on the engine's worker, also while it has not found the broker yet."""
    from itsm.run.watchdog import watch_worker  # only workers need it

    watch_worker(instance)
