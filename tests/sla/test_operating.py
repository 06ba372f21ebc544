"""Looking after the engine: holding it back, restoring, monitors, removing what is old."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client

from accounts.models import User
from notifications.models import Delivery, Endpoint, Notice
from notifications.sending import claiming, outbox
from sla.clocks import relevance, timers
from sla.engine import housekeeping
from sla.engine import rounds as engine
from sla.engine import watch as lookout
from sla.engine.health import Health, check
from sla.models import Calendar, EngineHeartbeat, EngineState, EngineSwitch, Timer
from sla.templatetags.clocks import seconds
from tests.factories import MONDAY, World, act, resolve, unclaimed
from tests.notifications.servers import http_server
from tickets import clock
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("ADM-03")]

MINUTE = timedelta(minutes=1)
Browse = Callable[[User | None], Client]


def celery_beats() -> Any:
    return EngineHeartbeat.objects.filter(name="celery")


def all_drivers() -> None:
    """Both drivers and the canary are alive."""
    for name in ("engine", "celery"):
        engine.run_once(driver=name)


# --- Holding back ---------------------------------------------------------------------------------------------------


def test_administrator_holds_the_engine_back_and_lets_it_go_on(world: World, browse: Browse) -> None:
    client = browse(world.admin)
    refused = client.post("/timer-health/", {"paused": "1", "reason": "Mail server is moved."})
    assert (refused.status_code, EngineState.objects.filter(paused=True).exists()) == (422, False)

    client.post("/timer-health/", {"paused": "1", "reason": "Mail server is moved.", "sure": "on"})
    assert engine.run_once().held_back == "paused"
    page = client.get("/timer-health/").content.decode()
    assert "The engine is held back." in page
    assert "Mail server is moved." in page

    client.post("/timer-health/", {"paused": "0", "reason": "Done.", "sure": "on"})
    assert engine.run_once().held_back == ""
    kept = EngineSwitch.objects.order_by("pk").values_list("paused", "by__username", "reason")
    assert list(kept) == [(True, "admin", "Mail server is moved."), (False, "admin", "Done.")]


@pytest.mark.parametrize("name", ["manager", "engineer", "requester"])
def test_nobody_else_holds_it_back(world: World, browse: Browse, name: str) -> None:
    answer = browse(getattr(world, name)).post("/timer-health/", {"paused": "1", "reason": "?", "sure": "on"})

    assert (answer.status_code, EngineSwitch.objects.count()) == (403, 0)


def test_command_switches_too_and_wants_a_reason(world: World) -> None:
    with pytest.raises(CommandError):
        call_command("engine", "--pause")
    call_command("engine", "--pause", "--reason", "Restored.", stdout=StringIO())
    call_command("engine", "--pause", "--reason", "Again.", stdout=StringIO())
    assert engine.run_once().held_back == "paused"
    call_command("engine", "--release", "--reason", "Looked.", stdout=StringIO())

    assert engine.run_once().held_back == ""
    assert list(EngineSwitch.objects.values_list("reason", "by")) == [("Looked.", None), ("Restored.", None)]


def test_what_was_switched_cannot_be_rewritten(world: World) -> None:
    engine.switch(paused=True, by=None, reason="?", now=clock.now())
    with pytest.raises(DatabaseError), transaction.atomic():
        EngineSwitch.objects.update(reason="!")


@pytest.mark.req("ADM-02")
def test_restored_database_sends_nothing_again(always: World, mailbox: Any) -> None:
    """What was on its way at the time of the backup may have arrived since: a person decides."""
    unclaimed(always, now=clock.now() - timedelta(hours=1), impact="I3")
    timers.fire_due()
    waiting = set(Delivery.objects.filter(status="pending").values_list("pk", flat=True))
    engine.begin_new_epoch(clock.now())

    assert waiting
    assert (engine.run_once().sent, mailbox.ids) == (0, [])
    engine.switch(paused=False, by=always.admin, reason="Looked.", now=clock.now())
    engine.run_once()
    assert set(Delivery.objects.troubled().values_list("pk", flat=True)) == waiting
    assert not set(Delivery.objects.filter(pk__in=waiting).values_list("message_id", flat=True)) & set(mailbox.ids)
    assert EngineState.objects.get().restore_epoch == 1
    assert EngineSwitch.objects.order_by("pk")[0].reason == engine.RESTORED


# --- Monitors -------------------------------------------------------------------------------------------------------


def test_figures_are_for_monitors_with_the_token_and_for_staff(world: World, browse: Browse, settings: Any) -> None:
    settings.MONITORING_TOKEN = "only for monitors, long"
    all_drivers()
    bearer = {"Authorization": "Bearer only for monitors, long"}
    asked = [
        browse(None).get("/metrics", headers=given).status_code
        for given in ({}, {"Authorization": "Bearer guess"}, {"Authorization": "Bearer "}, bearer)
    ]
    assert asked == [403, 403, 403, 200]
    people = [browse(person).get("/metrics").status_code for person in (world.requester, world.engineer)]
    assert people == [403, 200]
    assert set(browse(None).get("/healthz/engine").json()) == {"status"}
    assert set(browse(None).get("/healthz/engine", headers=bearer).json()) == {"status", "red", "amber"}


def test_without_a_token_no_header_opens_the_figures(client: Client, settings: Any) -> None:
    settings.MONITORING_TOKEN = ""

    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403


def test_figures_are_what_prometheus_reads(always: World, browse: Browse) -> None:
    unclaimed(always, now=clock.now() - timedelta(hours=1), impact="I3")
    all_drivers()
    text = browse(always.engineer).get("/metrics").content.decode()
    lines = text.splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))

    assert text.endswith("\n")
    assert values['itsm_health_reason{reason="paused"}'] == "0"
    assert int(values["itsm_timers_fired_last_hour"]) == Timer.objects.filter(state="fired").count() > 3
    assert float(values['itsm_timer_lateness_seconds{quantile="1"}']) > 60
    assert {line.split()[2] for line in lines if line.startswith("# TYPE")} >= {name.split("{")[0] for name in values}
    assert [name for name in values if name.startswith("itsm_engine_processed_total{driver=")] != []


@pytest.mark.req("ADM-03")
def test_a_process_that_ended_is_no_figure_any_more_unless_it_was_the_last_of_its_name(always: World) -> None:
    all_drivers()
    now = clock.now()
    ended = EngineHeartbeat.objects.create(
        name="engine", host="old:1", beat_at=now - timedelta(minutes=5), cycle_ms=1, processed=1
    )
    shown = {(beat.name, beat.host) for beat in check(now).figures["heartbeats"]}
    assert ("engine", ended.host) not in shown
    assert len({name for name, _host in shown}) == 2

    EngineHeartbeat.objects.filter(name="engine").exclude(pk=ended.pk).delete()
    assert ("engine", ended.host) in {(b.name, b.host) for b in check(now).figures["heartbeats"]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda now: EngineHeartbeat.objects.update(clock_offset_ms=5001), "offset"),
        (lambda now: celery_beats().update(beat_at=now - timedelta(seconds=31)), "driver"),
        (lambda now: EngineState.objects.update(broker_answers=False), "redis"),
        (lambda now: EngineState.objects.update(backed_up_at=now - timedelta(hours=27)), "backup"),
        (lambda now: EngineState.objects.update(findings=[{"problem": "due"}]), "audit"),
    ],
)  # fmt: skip
def test_what_is_amber(world: World, change: Callable[[Any], Any], code: str) -> None:
    all_drivers()
    before = check(clock.now()).amber
    change(clock.now())

    assert [found for found in check(clock.now()).amber if found not in before] == ([code] if code else [])


def test_monitor_outside_is_called_while_all_is_green(world: World, settings: Any) -> None:
    settings.OUTBOUND_HTTP, settings.OUTBOUND_PRIVATE_HOSTS = True, ["127.0.0.1"]
    with http_server() as monitor:
        lookout.report(monitor.url)
        monitor.status = 500
        lookout.report(monitor.url)
    lookout.report("http://127.0.0.1:1/")  # nobody there: logged alone

    assert [post.json for post in monitor.posts] == [{"status": "ok"}] * 2


@pytest.mark.django_db(transaction=True)
def test_lookout_calls_once_a_minute_and_never_while_something_is_wrong(world: World, settings: Any) -> None:
    settings.OUTBOUND_HTTP, settings.OUTBOUND_PRIVATE_HOSTS = True, ["127.0.0.1"]
    Calendar.objects.update(active=False)  # theirs is another matter
    with http_server() as monitor:
        settings.DEAD_MAN_URL = monitor.url
        all_drivers()
        wait_for_lookout()
        silent = len(monitor.posts)  # at the first look no driver had been there
        EngineState.objects.update(looked_at=None)
        for _ in range(3):
            lookout.keep()
            wait_for_lookout()
        called = len(monitor.posts)
        EngineState.objects.update(looked_at=None, paused=True)
        lookout.keep()
        wait_for_lookout()

    assert (silent, called, len(monitor.posts)) == (0, 1, 1)


def wait_for_lookout() -> None:
    for thread in threading.enumerate():
        if thread.name == "lookout":
            thread.join(20)


@pytest.mark.slow
def test_redis_is_asked_without_its_client(settings: Any) -> None:
    assert lookout.broker_answers(settings.REDIS_URL)
    assert not lookout.broker_answers("redis://127.0.0.1:1/0")
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes calls and says nothing
        assert not lookout.broker_answers(f"redis://:secret@127.0.0.1:{mute.getsockname()[1]}/0")


# --- Warnings that nobody needs any more ----------------------------------------------------------------------------


@pytest.mark.req("NTF-03")
def test_warning_whose_clock_stopped_is_not_sent(always: World, mailbox: Any, browse: Browse) -> None:
    ticket = unclaimed(always, now=clock.now() - timedelta(minutes=16), impact="I3")
    act(ticket, "start", always.engineer)
    [warning] = Notice.objects.filter(ticket_id=ticket.pk, event="limit_near")
    other = unclaimed(always, now=clock.now() - timedelta(minutes=16), impact="I3")
    timers.fire_due()
    engine.run_once()

    assert relevance.is_obsolete in claiming.obsolete_checks
    assert set(warning.deliveries.exclude(channel="portal").values_list("status", flat=True)) == {"obsolete"}
    needed = Notice.objects.get(ticket_id=other.pk, event="limit_near")
    assert "obsolete" not in set(needed.deliveries.values_list("status", flat=True))
    page = browse(always.manager).get(f"/tickets/{ticket.number}/notices/")
    assert "No longer needed" in page.content.decode()


def test_limit_that_has_passed_is_told_although_the_clock_stopped(always: World, mailbox: Any) -> None:
    ticket = unclaimed(always, now=clock.now() - timedelta(minutes=40), impact="I3")
    act(ticket, "start", always.engineer)
    engine.run_once()

    told = Delivery.objects.filter(notice__ticket_id=ticket.pk, notice__event="limit_passed")
    statuses = set(told.values_list("status", flat=True))
    assert statuses  # somebody was told at all
    assert statuses <= {"sent", "carried"}


# --- Removing what is old -------------------------------------------------------------------------------------------


def told(world: World) -> Ticket:
    """A ticket whose people were told a lot, long ago."""
    ticket = unclaimed(world, now=MONDAY, impact="I3")
    timers.fire_due(now=MONDAY + 31 * MINUTE)
    Delivery.objects.filter(status="pending").update(status="sent", sent_at=MONDAY)
    return ticket


def test_only_what_belongs_to_closed_tickets_is_removed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    closed, live = told(world), told(world)
    closed = act(closed, "start", world.engineer, now=MONDAY + 32 * MINUTE)
    closed = resolve(closed, world.engineer, now=MONDAY + 33 * MINUTE)
    closed = act(closed, "confirm", world.requester, now=MONDAY + 34 * MINUTE)
    act(closed, "close_confirmed", world.desk, now=MONDAY + 34 * MINUTE)
    Delivery.objects.filter(status="pending").update(status="sent", sent_at=MONDAY)
    kept = Notice.objects.filter(ticket_id=live.pk).count(), Timer.objects.filter(clock__ticket_id=live.pk).count()
    now = MONDAY + timedelta(days=400)

    assert housekeeping.purge(now=MONDAY + timedelta(days=399), days=400) == 0
    assert housekeeping.purge(now=now, days=0) == 0
    assert housekeeping.purge(now=now, days=399) > 4
    assert housekeeping.purge(now=now, days=399) == 0
    assert not Notice.objects.filter(ticket_id=closed.pk).exists()
    assert not Timer.objects.filter(clock__ticket_id=closed.pk).exists()
    assert kept == (
        Notice.objects.filter(ticket_id=live.pk).count(),
        Timer.objects.filter(clock__ticket_id=live.pk).count(),
    )


def test_test_timers_go_after_a_week(world: World) -> None:
    now = clock.now()
    for days in (6, 8):
        at = now - timedelta(days=days)
        Notice.objects.create(key=f"canary:{days}", event="canary", due_at=at, created_at=at)

    assert housekeeping.purge(now=now, days=0) == 1
    assert Notice.objects.get(event="canary").key == "canary:6"


def test_idle_pass_is_cheap(world: World, django_assert_max_num_queries: Any) -> None:
    all_drivers()
    with django_assert_max_num_queries(12):
        assert engine.run_once().idle


def test_other_version_takes_over_with_its_migrations(world: World) -> None:
    engine.run_once()
    EngineState.objects.update(module_version="0")
    assert engine.run_once().held_back == "version"
    engine.adopt_version()

    assert engine.run_once().held_back == ""
    assert not Endpoint.objects.exists()


# --- After an outage ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.req("SLM-06", "NTF-03")
@pytest.mark.parametrize("down", [timedelta(), MINUTE, timedelta(hours=3), timedelta(days=3)])
def test_outage_is_caught_up_with_urgent_first_and_combined(
    always: World, mailbox: Any, monkeypatch: pytest.MonkeyPatch, down: timedelta
) -> None:
    """Every notice once; one mail for each ticket and reader; each says how late it is; P1 and P2 go first."""
    monkeypatch.setattr(outbox, "SENDERS", 1)  # one after the other, so that their order can be seen
    monkeypatch.setattr(outbox, "_senders", {})
    opened = clock.now() - timedelta(minutes=30, seconds=1) - down
    calm = [unclaimed(always, now=opened, impact="I3") for _ in range(3)]
    urgent = unclaimed(always, now=opened, impact="I2")
    Delivery.objects.filter(status="pending").update(status="skipped")  # what people were told at registration
    User.objects.update(language="en")

    engine.run_once(budget=30)

    told = Delivery.objects.filter(channel="email", notice__event="limit_passed").exclude(status="skipped")
    assert told.count() > 3
    assert set(told.values_list("status", flat=True)) <= {"sent", "carried"}
    subjects = [str(mail["Subject"]).strip() for mail in mailbox.mails]
    limits = [text for text in subjects if "Limit" in text]  # what follows from them is told when it happens
    assert [text[:4] for text in limits] == sorted(text[:4] for text in limits)  # [P2] before [P3]
    sent = [(mail["To"], number_in(mail)) for mail in mailbox.mails]
    assert len(sent) == len(set(sent))
    assert {number for _to, number in sent} >= {ticket.number for ticket in [urgent, *calm]}
    assert {text[:4] for text in limits} == {"[P2]", "[P3]"}
    assert not down or all("late by" in text for text in limits)


def number_in(mail: Any) -> str:
    """The only ticket that a mail is about."""
    [number] = set(re.findall(r"(?:IM|TK)\d{12}", f"{mail['Subject']} {mail.get_body(('plain',)).get_content()}"))
    return str(number)


@pytest.mark.req("ADM-03")
def test_only_administrators_are_bothered_with_what_only_they_can_mend(world: World) -> None:
    health = Health(red=["overdue"], amber=["coverage", "slow"])

    assert health.seen_by(world.admin).amber == ["coverage", "slow"]
    assert (health.seen_by(world.desk).red, health.seen_by(world.desk).amber) == (["overdue"], ["slow"])
    assert Health(amber=["backup"]).seen_by(world.engineer).tone == "ok"
    assert (seconds(timedelta(seconds=9.84)), seconds(timedelta(seconds=112140.6))) == ("9.8 秒", "31:09:00")
