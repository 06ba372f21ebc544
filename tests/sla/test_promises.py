"""What the engine keeps to whatever a machine's clock, its driver or a reader's evening say; and what turns it red."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import models
from django.utils import timezone

from accounts.models import User
from accounts.preferences import store_preferences
from notifications.models import Delivery, Notice
from notifications.services import give_notice
from sla.calendars.publishing import Content, publish
from sla.clocks import timers
from sla.engine import rounds as engine
from sla.engine.health import check
from sla.models import Calendar, Clock, EngineHeartbeat, EngineState, NoticeRule, Timer
from tests.factories import MONDAY, World, make_system, unclaimed
from tests.notifications.servers import Mailbox
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-06", "ADM-03")]

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def told(ticket: Any) -> list[str]:
    """What happened to the ticket's limits."""
    return sorted(
        Notice.objects.filter(ticket_id=ticket.pk, event__startswith="limit").values_list("event", flat=True)
    )


@pytest.mark.parametrize("jump", [timedelta(days=1), -timedelta(days=1)])
def test_a_machine_whose_clock_jumps_fires_by_the_database(always: World, jump: timedelta) -> None:
    """Neither early nor late: times are the database's own; the machine stands out in amber."""
    early = unclaimed(always, now=clock.now() - 3 * MINUTE, impact="I3")
    due = unclaimed(always, now=clock.now() - 31 * MINUTE, impact="I3")
    limit = Clock.objects.get(ticket_id=due.pk).due_at
    with time_machine.travel(timezone.now() + jump, tick=True):
        engine.run_once()
        seen = check(clock.now()).amber

    assert told(early) == []
    assert told(due) == ["limit_near", "limit_near", "limit_passed"]
    assert Clock.objects.get(ticket_id=due.pk).breached_at == limit
    assert abs(EngineHeartbeat.objects.get().clock_offset_ms - jump / timedelta(milliseconds=1)) < 60_000
    assert "offset" in seen


@pytest.mark.slow
@pytest.mark.req("NTF-02")
def test_a_limit_of_a_p2_is_mailed_in_quiet_hours_and_that_of_a_p4_waits(always: World, mailbox: Mailbox) -> None:
    """From the engine to the mail server: the evening of a reader holds back what is not urgent, and that alone."""
    local = timezone.localtime(timezone=timezone.get_default_timezone())
    quiet = {"from": f"{local - timedelta(hours=1):%H:%M}", "until": f"{local + timedelta(hours=3):%H:%M}"}
    for person in User.objects.all():
        store_preferences(person, "notices", quiet=quiet)
    urgent = unclaimed(always, now=clock.now() - timedelta(hours=5), impact="I2")
    calm = unclaimed(always, now=clock.now() - timedelta(hours=5), impact="I4")
    engine.run_once()

    mails = Delivery.objects.filter(channel="email", notice__event="limit_passed")
    sent, held = (mails.filter(notice__ticket_id=ticket.pk) for ticket in (urgent, calm))
    assert set(sent.values_list("status", flat=True)) == {"sent"}
    assert {row.lead.message_id if row.lead else row.message_id for row in sent} <= set(mailbox.ids)
    assert set(held.values_list("status", "attempt")) == {("pending", 0)}
    assert all(row.next_try_at > clock.now() + timedelta(hours=2) for row in held)


def test_what_another_version_held_back_is_told_once(always: World) -> None:
    """Rows of another version are left alone, whatever is due; then nothing is lost and nothing doubled."""
    engine.run_once()
    EngineState.objects.update(module_version="0")
    ticket = unclaimed(always, now=clock.now() - 31 * MINUTE, impact="I3")
    held = engine.run_once(driver="celery")
    assert (held.held_back, held.fired, told(ticket)) == ("version", 0, [])
    assert {"version", "overdue"} <= set(check(clock.now()).red)
    assert EngineHeartbeat.objects.filter(name="celery").exists()  # it lives, and says so

    engine.adopt_version()
    for _again in range(2):
        engine.run_once()
    assert told(ticket) == ["limit_near", "limit_near", "limit_passed"]
    assert not {"version", "overdue"} & set(check(clock.now()).red)


def test_a_rule_whose_people_may_not_see_the_ticket_tells_the_duty_manager(world: World) -> None:
    """A supplier's engineer answers for the system, and this ticket is none of theirs: nothing is told nobody."""
    make_system("trading", primary_engineer=world.vendor)
    NoticeRule.objects.filter(priority__rank=3).update(roles=["system_owner"])
    ticket = unclaimed(world, now=MONDAY, impact="I3", business_system="trading")
    timers.fire_due(now=MONDAY + 31 * MINUTE)

    found = Delivery.objects.filter(notice__ticket_id=ticket.pk, notice__event="not_responded", channel="portal")
    assert list(found.values_list("recipient__username", flat=True)) == ["manager"]
    assert not Notice.objects.filter(ticket_id=ticket.pk, deliveries=None).exists()


# --- Red and amber --------------------------------------------------------------------------------------------------


def mail(status: str, waited: timedelta, *, urgent: bool = True) -> None:
    """A mail that stands so for so long."""
    now = clock.now()
    person = User.objects.get(username="engineer")
    given: dict[str, Any] = {"key": "k", "event": "replied", "ticket": None, "recipients": [person], "payload": {}}
    notice = give_notice(**given, urgent=urgent, at=now)
    assert notice is not None
    Delivery.objects.filter(notice=notice, channel="email").update(status=status, next_try_at=now - waited)


def overdue(world: World, by: timedelta) -> None:
    """A clock that should have been looked at."""
    ticket = unclaimed(world, impact="I3")
    Clock.objects.filter(ticket_id=ticket.pk).update(next_fire_at=clock.now() - by)


def canary(*, passed: timedelta, started: timedelta | None = None) -> None:
    """When the last test timer came back, and when the one that is on its way was sent."""
    now = clock.now()
    EngineState.objects.update(canary_passed_at=now - passed, canary_started_at=now - started if started else None)


@pytest.mark.parametrize(
    ("happen", "red", "amber"),
    [
        (lambda world: overdue(world, 4 * SECOND), [], []),
        (lambda world: overdue(world, 7 * SECOND), [], ["slow"]),
        (lambda world: overdue(world, 16 * SECOND), ["overdue"], []),
        (lambda world: mail("pending", 10 * SECOND), [], []),
        (lambda world: mail("pending", 16 * SECOND), ["unsent"], []),
        (lambda world: mail("pending", MINUTE, urgent=False), [], []),
        (lambda world: mail("dead", MINUTE), ["dead"], []),
        (lambda world: mail("dead", MINUTE, urgent=False), [], []),
        (lambda world: canary(passed=16 * MINUTE, started=11 * MINUTE), ["canary"], []),
        (lambda world: canary(passed=45 * MINUTE, started=SECOND), [], []),  # stopped on purpose, started again
        (lambda world: canary(passed=11 * MINUTE), ["canary"], []),
        (lambda world: EngineHeartbeat.objects.update(beat_at=clock.now() - 11 * SECOND), ["silent"], []),
    ],
)  # fmt: skip
def test_what_turns_the_lamp(world: World, happen: Callable[[World], Any], red: list[str], amber: list[str]) -> None:
    for name in ("engine", "celery"):
        engine.run_once(driver=name)
    before = check(clock.now())
    happen(world)
    after = check(clock.now())

    assert [code for code in after.red if code not in before.red] == red
    assert [code for code in after.amber if code not in before.amber] == amber


def test_a_calendar_that_ends_soon_is_amber_and_named(world: World) -> None:
    calendar = Calendar.objects.get(code="5x8")
    Calendar.objects.exclude(pk=calendar.pk).update(active=False)
    for days, soon in ((59, True), (62, False)):
        until = (clock.now() + timedelta(days=days)).date()
        content = Content("Asia/Shanghai", always=True, confirmed_until=until)
        publish(calendar, content, by=None, at=clock.now())
        found = check(clock.now())
        assert ("coverage" in found.amber, bool(found.figures["calendars_ending"])) == (soon, soon)


# --- Where time comes from ------------------------------------------------------------------------------------------


def test_no_row_of_clocks_and_notices_takes_its_time_from_a_machine() -> None:
    found = [
        f"{model.__name__}.{field.name}"
        for app in ("sla", "notifications", "tickets", "incidents", "tasks")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.DateField)
        and (field.auto_now or field.auto_now_add or (field.has_default() and callable(field.default)))
    ]
    assert found == []


def test_a_part_that_fails_stops_no_other(always: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that fails keeps neither the others nor the next pass from their work."""
    ticket = unclaimed(always, now=clock.now() - 31 * MINUTE, impact="I3")
    monkeypatch.setattr(engine, "deliver_due", lambda budget: 1 / 0)
    monkeypatch.setattr(engine, "run_due", lambda budget: 1 / 0)
    done = engine.run_once()
    assert (done.fired, told(ticket)) == (
        Timer.objects.filter(state="fired").count(),
        ["limit_near"] * 2 + ["limit_passed"],
    )
    assert timers.fire_due().timers == 0
    assert EngineHeartbeat.objects.exists()
