"""Background work of changes: wrappers."""

from celery import shared_task

from changes.assessing.effect import run_due as run_effects
from changes.cab.services import close_electronic
from changes.due import run_due
from changes.informing.due import run_informing
from tickets import clock


@shared_task(name="changes.tasks.run_due_records")
def run_due_records() -> None:
    """Tell of records of emergencies that are overdue; end electronic meetings whose time is over."""
    now = clock.now()
    run_due(now)
    close_electronic(now)


@shared_task(name="changes.tasks.run_due_informing")
def run_due_informing() -> None:
    """Tell those affected that a change starts soon, or that it is late."""
    run_informing(clock.now())


@shared_task(name="changes.tasks.run_due_effects")
def run_due_effects() -> None:
    """Compute what changes affect whose items or system were edited."""
    run_effects(clock.now())
