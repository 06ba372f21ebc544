"""Background work of reports: wrappers that may run late, twice or not at all."""

from __future__ import annotations

import logging

from celery import shared_task

from reports import selfcheck
from reports.facts import keeping
from reports.monthly import reports as service_reports
from reports.targets.services import tell_crossings as tell_crossings_of_month
from tickets import clock

logger = logging.getLogger(__name__)


@shared_task(soft_time_limit=900, time_limit=930)
def make_service_reports() -> None:
    """Make the monthly reports that are due and missing."""
    service_reports.make_due(clock.now())


@shared_task(soft_time_limit=900, time_limit=930)
def keep_facts() -> None:
    """Work off what changed, so that who looks at a board need not; after an upgrade count all of it anew."""
    keeping.count_new_definitions(clock.now())
    keeping.catch_up()


@shared_task(soft_time_limit=300, time_limit=330)
def tell_crossings() -> None:
    """Tell the owners of figures that are beyond their threshold."""
    tell_crossings_of_month(clock.now())


@shared_task(soft_time_limit=900, time_limit=930)
def send_scheduled() -> None:
    """Send the scheduled reports that are due."""
    from reports.schedules import sending  # its libraries take memory that the engine's worker does without

    sending.send_due(clock.now())


@shared_task
def remove_sent_files() -> None:
    """Remove files of scheduled reports that have served their time."""
    from reports.schedules import sending  # as above

    sending.remove_old_files(clock.now())


@shared_task(soft_time_limit=3600, time_limit=3630)
def check_figures() -> None:
    """Count the facts anew, then compare figures with the lists behind them; board and log say what differed."""
    mended = keeping.recount(clock.now())
    if mended.mended:
        logger.error("Facts were wrong: %d of %d, such as %s", mended.mended, mended.facts, mended.named)
    result = selfcheck.compare(clock.now())
    if result.differences:
        logger.error("Figures differ from their lists: %s", result.differences)
