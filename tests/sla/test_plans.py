"""With 300,000 clocks and 100,000 mails, what every pass asks reads a handful of pages of its own index."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from bench.load import copy_statement
from bench.plans import Plan, explaining
from notifications.models import Delivery
from notifications.sending import claiming, outbox
from notifications.services import give_notice
from sla.clocks import timers
from sla.models import Calendar, Clock, Target
from tests.factories import World
from tests.notifications.servers import Mailbox
from tests.sla.crowds import make_crowd
from tickets import clock as database_clock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.req("SLM-06", "NTF-03")]

MANY_CLOCKS, MANY_MAILS = 300_000, 100_000
Verdict = tuple[list[str], list[str], str]
#: Pages of 8 kB that a question may touch: the way down an index, and the few rows that it finds.
FEW = 40
DUE_CLOCK, DUE_DELIVERY = '"next_fire_at" < ', '"next_try_at" <= '
#: One in eight waits and has no next time; one in ten is urgent. None is due within the hour.
CLOCKS = """
CREATE TEMP VIEW many_clocks AS
SELECT nextval(pg_get_serial_sequence('sla_clock', 'id')) AS id, {organisation} AS organisation_id,
       10000000 + n AS ticket_id, 'sla' AS agreement, 'resolve' AS metric, {policy_version} AS policy_version_id,
       {rule} AS rule_id, {calendar} AS calendar_version_id, '' AS basis,
       CASE WHEN n % 10 = 0 THEN 1 + n / 10 % 2 ELSE 3 + n % 3 END AS rank,
       CASE WHEN n % 8 = 0 THEN 'paused' ELSE 'running' END AS state,
       interval '7 days' AS target, now() - interval '1 day' AS started_at,
       CASE WHEN n % 8 <> 0 THEN now() - interval '1 day' END AS running_since,
       CASE WHEN n % 8 = 0 THEN now() END AS paused_since,
       CASE WHEN n % 8 <> 0 THEN now() + interval '1 hour' + interval '1 second' * n END AS due_at,
       CASE WHEN n % 8 <> 0 THEN now() + interval '1 hour' + interval '1 second' * n END AS next_fire_at
FROM generate_series(1, {many}) n
"""
#: Nearly all were handed over within the last weeks; one in fifty waits until its reader's quiet hours are over.
DELIVERIES = """
CREATE TEMP VIEW many_deliveries AS
SELECT nextval(pg_get_serial_sequence('notifications_delivery', 'id')) AS id, 10000000 + n AS notice_id,
       {person} AS recipient_id, 'email' AS channel, n % 10 = 0 AND n % 50 <> 0 AS urgent,
       CASE WHEN n % 50 = 0 THEN 'pending' ELSE 'sent' END AS status, 1 AS attempt,
       CASE WHEN n % 50 = 0 THEN now() + interval '6 hours' ELSE now() - interval '24 seconds' * n END AS next_try_at,
       CASE WHEN n % 50 <> 0 THEN now() - interval '24 seconds' * n END AS sent_at
FROM generate_series(1, {many}) n
"""


def fill(model: Any, view: str, script: str, **given: int) -> None:
    """Insert the rows of ``view`` by one statement; what they refer to need not be there."""
    with connection.cursor() as cursor:
        cursor.execute(script.format(**given))
        cursor.execute(f"SELECT * FROM {view} LIMIT 0")  # noqa: S608 - a name of this module
        insert = copy_statement(model, view, {column.name for column in cursor.description})
        cursor.execute("SET statement_timeout = 0; SET session_replication_role = replica")
        cursor.execute(insert)
        cursor.execute(f"DROP VIEW {view}; SET session_replication_role = origin")
        cursor.execute(f"VACUUM (ANALYZE) {model._meta.db_table}")


@pytest.fixture
def many(world: World) -> World:
    """Far more than is ever due at once."""
    target = Target.objects.filter(metric="resolve", version__policy="priorities").first()
    calendar = Calendar.objects.get(code="24x7").current
    assert target is not None
    assert calendar is not None
    of = {"organisation": world.organisations["exchange"].pk, "rule": target.pk, "calendar": calendar.pk}
    fill(Clock, "many_clocks", CLOCKS, many=MANY_CLOCKS, policy_version=target.version_id, **of)
    fill(Delivery, "many_deliveries", DELIVERIES, many=MANY_MAILS, person=world.engineer.pk)
    return world


def explained(work: Callable[[], Any], table: str, *words: str) -> list[Plan]:
    """Plans of the statements of ``work`` that ask ``table`` what is due."""
    with explaining() as plans:
        work()
    asked = [plan for plan in plans if f'FROM "{table}"' in plan.sql and all(word in plan.sql for word in words)]
    return [plan for plan in asked if plan.sql.startswith("SELECT")]


def right(index: str) -> Verdict:
    """What ``cheap`` says of a statement that reads ``index`` alone, and little of it."""
    return [index], [], ""


def cheap(plans: Iterable[Plan]) -> list[Verdict]:
    """For each plan its indexes but primary keys, its scans of whole tables, and what is too dear about it."""
    return [
        (
            [name for name in plan.indexes if not name.endswith("_pkey")],
            plan.sequential,
            "" if plan.buffers <= FEW else f"{plan.buffers} pages: {plan.sql}",
        )
        for plan in plans
    ]


def tell(world: World, *, urgent: bool) -> None:
    """Three mails that are due."""
    for number in range(3):
        now = database_clock.now()
        key = f"{urgent} {number}"
        people = [world.desk, world.lead, world.manager][number : number + 1]
        give_notice(key=key, event="replied", ticket=None, recipients=people, urgent=urgent, at=now, payload={})


def due_clocks(count: int, urgent: int) -> None:
    """So many clocks that are due, some of them of a P1."""
    make_crowd(count, "host", database_clock.now() - timedelta(seconds=10))
    due = Clock.objects.filter(metric="response").order_by("-pk")[:urgent]
    Clock.objects.filter(pk__in=list(due.values_list("pk", flat=True))).update(rank=1)


def test_every_pass_reads_a_handful_of_pages(many: World, mailbox: Mailbox) -> None:
    """First while nothing is due, then with a few in each lane."""
    claimed: list[Any] = []
    probe, lane, every = (right(name) for name in ("delivery_due", "delivery_due_urgent", "clock_next_fire"))

    def claim() -> None:
        claimed.extend(claiming.claim_mail(database_clock.now(), 24))

    assert cheap(explained(timers.fire_due, "sla_clock", DUE_CLOCK)) == [every]
    assert cheap(explained(outbox.deliver_due, "notifications_delivery", DUE_DELIVERY)) == [probe]
    assert cheap(explained(claim, "notifications_delivery", DUE_DELIVERY)) == [lane, probe]

    due_clocks(6, urgent=3)
    plans = explained(timers.fire_due, "sla_clock", DUE_CLOCK)
    assert cheap(plans) == [every, right("clock_next_fire_urgent"), every, every]
    assert Clock.objects.exclude(breached_at=None).count() == 6

    Delivery.objects.filter(next_try_at__gt=database_clock.now() - timedelta(hours=1), attempt=0).delete()
    tell(many, urgent=True)
    tell(many, urgent=False)
    urgent, others, *waiting = explained(claim, "notifications_delivery", DUE_DELIVERY)
    assert cheap([urgent, others]) == [lane, probe]
    assert [(plan.sequential, plan.buffers <= 3 * FEW) for plan in waiting] == [([], True)]
    assert len(claimed) == 6
