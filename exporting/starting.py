"""Asking for an export: sent at once, or as a job; the same for pages and API."""

from __future__ import annotations

import logging

from django.db import transaction
from kombu.exceptions import OperationalError

from exporting import tasks
from exporting.models import Export
from exporting.services import queue_export

logger = logging.getLogger(__name__)


def start_job(export: Export) -> Export:
    """Store ``export`` as a job and tell a worker. Raises ExportBusyError.

    Without the broker nobody is told: then the next round of ``run_waiting`` finds it.
    """
    stored = queue_export(export)
    transaction.on_commit(lambda: _tell(stored.pk))
    return stored


def _tell(pk: int) -> None:
    try:
        tasks.run_export.apply_async([pk], retry=False)
    except OperationalError:
        logger.warning("Export %s waits: the broker does not answer", pk)
