"""Background work of approvals: wrappers."""

from celery import shared_task

from approvals.due import run_due
from tickets import clock


@shared_task(name="approvals.tasks.run_due_steps")
def run_due_steps() -> None:
    """Remind of, and pass on, what is due."""
    run_due(clock.now())
