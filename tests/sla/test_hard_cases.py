"""One bad row beside good ones, changes on top of changes, and what must not reach others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from bench.plans import explaining
from notifications.models import Delivery, Endpoint, Notice
from sla.calendars import following
from sla.calendars.publishing import CalendarRefused, Day, content_of, publish
from sla.clocks import auditing, timers
from sla.clocks.correcting import recalculate
from sla.clocks.explaining import explain
from sla.clocks.keeping import keep_clocks
from sla.engine.health import check
from sla.engine.proving import prove
from sla.engine.rounds import run_once
from sla.models import Agreement, Calendar, Clock, EngineState, Policy, Timer
from sla.promises.policies import Draft, Promise, publish_policy
from tests.factories import MONDAY, World, act, resolve, unclaimed, wait
from tests.sla.calendars import at
from tests.sla.crowds import make_crowd
from tests.sla.test_by_time import P3
from tests.sla.test_clocks import LONG_AGO, clock_of, office_policy, raised, started
from tests.sla.test_correcting import forgotten_holiday
from tests.sla.test_following import follow, publish_day
from tickets import clock
from tickets.models import Priority

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

_REFUSE = """
CREATE FUNCTION refuse_clock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken row'; END $$;
CREATE TRIGGER refuse_clock BEFORE UPDATE ON sla_clock FOR EACH ROW WHEN (OLD.id = %s) EXECUTE FUNCTION refuse_clock();
"""


def break_clock(key: int) -> None:
    """From now on the database refuses every change of the clock."""
    with connection.cursor() as cursor:
        cursor.execute(_REFUSE, [key])


# --- One bad row ----------------------------------------------------------------------------------------------------
@pytest.mark.req("SLM-06")
def test_a_clock_that_cannot_be_stored_holds_up_no_other(world: World) -> None:
    make_crowd(3, "host", MONDAY)
    first, *others = Clock.objects.order_by("pk").values_list("pk", flat=True)
    break_clock(first)

    timers.fire_due(now=MONDAY + MINUTE, budget=1)

    assert set(Timer.objects.filter(state="fired").values_list("clock", flat=True)) == set(others)
    assert Notice.objects.filter(event="limit_passed").count() == 2


@pytest.mark.req("NTF-03")
def test_trouble_with_timers_keeps_no_notice_from_being_sent(world: World) -> None:
    make_crowd(1, "host", clock.now() - MINUTE)
    break_clock(Clock.objects.get().pk)
    row = Delivery.objects.create(
        notice=Notice.objects.create(key="k", event="replied", due_at=MONDAY, created_at=MONDAY),
        recipient=None,
        endpoint=Endpoint.objects.create(name="off", kind="webhook", url="https://example.com/", active=False),
        channel="webhook",
        next_try_at=MONDAY,
    )

    run_once(budget=1)
    row.refresh_from_db()

    assert row.status == "skipped"


@pytest.mark.slow
@pytest.mark.req("SLM-05")
def test_a_clock_that_cannot_follow_its_calendar_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    office_policy(world, Promise("response", "24x7", 600), Promise("resolve", "5x8", 960))
    bad, good = (started(world, at("2026-03-04 10:00")) for _number in range(2))
    Clock.objects.filter(pk=clock_of(bad).pk).update(target=timedelta(days=9000))  # never within twelve years
    publish_day(date(2026, 3, 5), Day((), "临时休市"))

    follow(at("2026-03-04 12:00"), monkeypatch)

    assert [clock_of(ticket).calendar_version.number for ticket in (bad, good)] == [1, 2]
    assert Calendar.objects.get(code="5x8").followed < 2  # the next pass comes back
    monkeypatch.setattr(following, "BATCH", 1)
    assert follow(at("2026-03-04 12:01"), monkeypatch) == 0


@pytest.mark.req("SLM-05")
def test_hours_in_which_a_promise_is_never_due_are_refused(world: World) -> None:
    calendar = Calendar.objects.select_related("current").get(code="5x8")
    content = content_of(calendar.current)  # type: ignore[arg-type]
    rare = replace(content, week=((),) * 7, days={date(2026, 12, 1): Day(((540, 600),), "")})

    with pytest.raises(CalendarRefused):
        publish(calendar, rare, by=None, at=MONDAY)


# --- Changes on top of changes --------------------------------------------------------------------------------------
@pytest.mark.req("SLM-05")
def test_a_correction_counts_from_the_start_also_where_changes_count_from_their_moment(world: World) -> None:
    office_policy(world, on_change="from_change")
    late = resolve(started(world, at("2026-03-02 15:00")), world.engineer, now=at("2026-03-04 09:30"))
    running = started(world, at("2026-03-02 15:00"))
    assert clock_of(late).met is False

    recalculate(forgotten_holiday(), since=at("2026-03-01 00:00"), at=at("2026-03-04 10:00"), reason="补录")

    assert (clock_of(running).consumed, clock_of(running).due_at) == (4 * HOUR, at("2026-03-04 15:00"))
    assert clock_of(late).met is True


@pytest.mark.req("SLM-05")
def test_an_edited_priority_leaves_what_an_older_calendar_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    office_policy(world, Promise("response", "24x7", 600), Promise("resolve", "5x8", None))
    Priority.objects.update(resolve_minutes=960)
    ticket = started(world, at("2026-03-04 10:00"))
    publish_day(date(2026, 3, 4), Day((), "追认休市"))
    follow(at("2026-03-04 12:00"), monkeypatch)
    assert clock_of(ticket).consumed == 2 * HOUR
    Priority.objects.update(resolve_minutes=1440)

    act(ticket, "comment", world.engineer, now=at("2026-03-05 10:00"), text="?")

    assert clock_of(ticket).target == 24 * HOUR
    assert clock_of(ticket).due_at == at("2026-03-09 16:00")


@pytest.mark.req("INC-04")
def test_what_is_promised_again_counts_on(world: World) -> None:
    p3 = (("priority_id", "P3"),)
    office_policy(world, Promise("response", "24x7", 480, p3), Promise("resolve", "24x7", 480, p3))
    ticket = wait(started(world, at("2026-03-02 09:00"), **P3), world.engineer, now=at("2026-03-02 10:00"))
    ticket = act(ticket, "resume", world.engineer, now=at("2026-03-02 11:00"))
    ticket = raised(world, ticket, at("2026-03-02 12:00"), impact="I4")
    assert (clock_of(ticket).state, ticket.planned_completion_at) == ("cancelled", None)

    ticket = raised(world, ticket, at("2026-03-02 14:00"), **P3)
    clock = clock_of(ticket)

    assert (clock.state, clock.round, clock.consumed) == ("running", 1, 2 * HOUR)
    assert clock.due_at == ticket.planned_completion_at == at("2026-03-02 20:00")
    assert Timer.objects.get(clock=clock, rule="limit", state="armed").fire_at == clock.due_at
    assert [stretch.kind for stretch in explain(ticket, at("2026-03-02 15:00"))[-1].stretches] == [
        *("run", "pause", "run", "pause", "run")
    ]


# --- What the others see --------------------------------------------------------------------------------------------
@pytest.mark.req("ORG-03")
def test_a_customer_s_program_learns_nothing_of_agreements_among_providers(world: World) -> None:
    policy = Policy.objects.create(code="l1", name_zh="l1", name_en="l1", kind="ola")
    publish_policy(policy, Draft((Promise("response", "24x7", 5),)), valid_from=LONG_AGO, by=None, at=MONDAY)
    ticket = unclaimed(world, now=MONDAY, **P3)
    Agreement.objects.create(kind="ola", policy=policy, group=ticket.group, valid_from=date(2020, 1, 1))
    Endpoint.objects.create(
        name="theirs", kind="webhook", url="https://example.com/", organisation=ticket.organisation
    )
    own = Endpoint.objects.create(name="ours", kind="webhook", url="https://example.com/")
    keep_clocks(ticket, None, MONDAY)

    timers.fire_due(now=MONDAY + 6 * MINUTE)

    told_rooms = Delivery.objects.filter(recipient=None, notice__key__contains=":ola:")
    assert set(told_rooms.values_list("endpoint", flat=True)) == {own.pk}


@pytest.mark.req("NTF-03")
def test_what_another_message_carries_is_not_handed_over_yet(world: World) -> None:
    unclaimed(world, now=MONDAY, impact="I3")
    timers.fire_due(now=MONDAY + 31 * MINUTE)
    day = (MONDAY - HOUR, MONDAY + HOUR)
    before = prove(*day)
    Delivery.objects.filter(channel="email").update(status="carried")
    carried = prove(*day)
    Delivery.objects.filter(channel="email").update(status="closed")

    assert (carried.delivered, carried.waiting) == (before.delivered, before.waiting)
    assert prove(*day).undelivered == before.waiting > 0


@pytest.mark.req("ADM-03")
def test_a_rule_that_was_given_up_is_red_for_a_day(world: World) -> None:
    make_crowd(1, "host", MONDAY)
    Timer.objects.update(state="failed", not_before=MONDAY)

    assert "failed" in check(MONDAY + HOUR).red
    assert "failed" not in check(MONDAY + 25 * HOUR).red


@pytest.mark.req("ADM-03")
def test_the_auditor_comes_to_every_clock_in_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    make_crowd(5, "host", MONDAY + HOUR)
    last = Clock.objects.order_by("pk").last()
    assert last is not None
    Clock.objects.filter(pk=last.pk).update(consumed=HOUR)
    monkeypatch.setattr(auditing, "MOST_CLOCKS", 2)

    found = [row for minute in range(10) for row in auditing.audit(MONDAY + minute * MINUTE)]

    assert {row["clock"] for row in found} == {last.pk}


@pytest.mark.req("ADM-03")
def test_what_the_auditor_found_is_for_those_who_see_every_ticket(world: World, browse: Any) -> None:
    EngineState.objects.update_or_create(
        id=1, defaults={"findings": [{"clock": 1, "ticket": "IM990101000001", "problem": "due"}]}
    )
    page: Client = browse(world.people["vendor"])

    assert "IM990101000001" not in page.get("/timer-health/").text
    assert "IM990101000001" in browse(world.lead).get("/timer-health/").text


@pytest.mark.slow
@pytest.mark.req("ADM-03")
def test_health_asks_timers_by_their_own_indexes(world: World) -> None:
    make_crowd(2000, "host", MONDAY)
    Timer.objects.exclude(pk=Timer.objects.order_by("pk").values("pk")[:1]).update(state="cancelled")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sla_timer")

    with explaining() as plans:
        check(MONDAY)

    asked = [plan for plan in plans if "sla_timer" in plan.sql]
    assert [plan.indexes for plan in asked] == [["timer_failed"], ["timer_fired"]]
