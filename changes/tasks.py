"""Background work of changes: wrappers."""

from celery import shared_task

from changes.assessing.effect import run_due as run_effects
from changes.cab.services import close_electronic
from changes.collision.watching import grade_what_altered
from changes.informing.due import run_informing
from changes.monthly.month_end import tell_month as tell_of_month
from changes.recurring.services import raise_due
from changes.updating.due import owe_notices
from tickets import clock


@shared_task(name="changes.tasks.run_due_changes")
def run_due_changes() -> None:
    """Tell of what starts soon or is late; end electronic meetings; raise what comes again; note what is owed.

    Grade planned changes anew by holidays that were announced and relations that were altered.
    """
    now = clock.now()
    run_informing(now)
    close_electronic(now)
    raise_due(now)
    owe_notices(now)
    grade_what_altered(now)


@shared_task(name="changes.tasks.run_due_effects")
def run_due_effects() -> None:
    """Compute what changes affect whose items or system were edited."""
    run_effects(clock.now())


@shared_task(name="changes.tasks.tell_month", soft_time_limit=120, time_limit=150)
def tell_month() -> None:
    """Tell of the month of changes that is over."""
    tell_of_month(clock.now())
