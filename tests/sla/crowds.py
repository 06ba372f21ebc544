"""Many clocks at once, and processes that fire them: what fault tests and measurements share."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta

import django

MINUTE = timedelta(minutes=1)


def make_crowd(count: int, group_code: str, due_at: datetime, rank: int = 3) -> None:
    """``count`` tickets, each with a response clock due at ``due_at``. Fast, so not through the door."""
    from accounts.models import Organisation, SupportGroup  # after setup
    from sla.models import Calendar, Clock, Target, Timer
    from tickets.models import Priority, Ticket

    group = SupportGroup.objects.get(code=group_code)
    organisation = Organisation.objects.filter(kind="customer").first()
    priority = Priority.objects.get(rank=rank)
    targets = Target.objects.select_related("version").filter(metric="response", version__policy="priorities")
    target = targets.get(priority=priority)
    calendar = Calendar.objects.get(code="24x7").current
    start = due_at - 30 * MINUTE
    tickets = Ticket.objects.bulk_create(
        [
            Ticket(
                kind="incident", number=f"IM990101{n:06d}", state="assigned", phase="open", summary="?",
                priority=priority, priority_rank=rank, organisation=organisation, group=group,
                created_at=start, updated_at=start, assigned_at=start,
            )
            for n in range(count)
        ],
        batch_size=1000,
    )  # fmt: skip
    clocks = Clock.objects.bulk_create(
        [
            Clock(
                organisation=organisation, ticket=ticket, agreement="sla", metric="response", rule=target,
                policy_version=target.version, calendar_version=calendar, basis="", rank=rank, state="running",
                target=30 * MINUTE, started_at=start, running_since=start, due_at=due_at, next_fire_at=due_at,
            )
            for ticket in tickets
        ],
        batch_size=1000,
    )  # fmt: skip
    Timer.objects.bulk_create(
        [Timer(clock=clock, rule="limit", threshold=clock.target, fire_at=due_at) for clock in clocks], batch_size=1000
    )


def spread(seconds: float) -> None:
    """Let the clocks of the crowd fall due one after the other within ``seconds`` from now on."""
    from django.db import connection  # after setup

    with connection.cursor() as cursor:
        cursor.execute(_SPREAD, [seconds])


_SPREAD = """
WITH due AS (
    SELECT id, clock_timestamp() + interval '1 second' * %s * row_number() OVER (ORDER BY id) / count(*) OVER () AS at
    FROM sla_clock WHERE state = 'running'
), clocks AS (
    UPDATE sla_clock c SET due_at = due.at, next_fire_at = due.at, started_at = due.at - c.target,
        running_since = due.at - c.target FROM due WHERE due.id = c.id
)
UPDATE sla_timer t SET fire_at = due.at FROM due WHERE due.id = t.clock_id AND t.state = 'armed'
"""


def sweep() -> None:
    """Fire everything that is due in the database named on the command line, then end."""
    from sla.clocks.timers import fire_due

    while fire_due(budget=60).clocks:
        pass


def audit() -> None:
    """End with an error when the auditor finds something."""
    from sla.clocks.auditing import audit as found
    from tickets.clock import now

    sys.exit("\n".join(map(str, found(now()))) or None)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    from django.conf import settings  # before it is read

    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()
    {"sweep": sweep, "audit": audit}[sys.argv[2] if len(sys.argv) > 2 else "sweep"]()
