"""Edited rules hold for open clocks: nothing fires twice, and an edit sends nothing by itself (SLM-06)."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from notifications.models import Notice
from sla.clocks import auditing, rearming, timers
from sla.clocks.rearming import Holds, follow_rules, holds_for, note_edit
from sla.models import Clock, EscalationRule, NoticeRule, RuleEdit, Timer
from tests.api.client import Api
from tests.factories import World, act, resolve, wait
from tests.sla.calendars import at
from tests.sla.crowds import make_crowd
from tests.sla.test_by_time_pages import browser
from tests.sla.test_clocks import clock_of, office_policy, started
from tickets import clock as database_clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-06", "NTF-01")]

TEN, ELEVEN, NOON = (at(f"2026-03-02 {hour}:00") for hour in (10, 11, 12))
HOUR = timedelta(hours=1)


def working(world: World, moment: datetime = TEN) -> Any:
    """A P3 that somebody works on since ``moment``."""
    return started(world, moment, impact="I3")


def rule_of(minutes: int, priority: str = "P3", **more: Any) -> NoticeRule:
    return NoticeRule(
        priority_id=priority, on="not_resolved", after_minutes=minutes, **{"roles": ["group_lead"], **more}
    )


def edit(old: Any, new: Any, moment: datetime) -> RuleEdit | None:
    """As the administration does it."""
    if new is not None:
        new.save()
    found = note_edit(old, new, by=None, now=moment)
    if new is None:
        old.delete()
    return found


def follow(moment: datetime) -> RuleEdit:
    """The engine's passes until the edit is done with."""
    for pass_at in (moment, moment + timedelta(minutes=1)):
        timers.fire_due(now=pass_at)
        follow_rules(now=pass_at)
    return RuleEdit.objects.latest("id")


def timer_of(ticket: Any, rule: NoticeRule | EscalationRule) -> Any:
    return Timer.objects.filter(clock=clock_of(ticket), rule=rearming.name_of(rule)).first()


def told(rule: NoticeRule) -> int:
    return Notice.objects.filter(key__contains=f"notice:{rule.pk}:").count()


def findings(moment: datetime) -> list[Any]:
    return list(auditing.audit(moment))


def test_added_rule_holds_for_open_tickets_and_sends_nothing_of_the_past(world: World) -> None:
    office_policy(world)
    fresh, old = working(world, ELEVEN), working(world, at("2026-03-02 09:00"))
    rule = rule_of(120)
    edit(None, rule, at("2026-03-02 11:30"))
    done = follow(at("2026-03-02 11:30"))

    assert (done.armed, done.passed, done.taken_back) == (1, 1, 0)
    assert done.done_at is not None
    assert timer_of(fresh, rule).fire_at == at("2026-03-02 14:00")  # two hours of work, a lunch between
    assert timer_of(old, rule).state == "passed"
    assert told(rule) == 0
    timers.fire_due(now=at("2026-03-02 14:01"))
    assert told(rule) == 1
    assert findings(at("2026-03-02 14:01")) == []


def test_what_fires_next_is_looked_at_in_time(world: World) -> None:
    office_policy(world)
    ticket = working(world)
    rule = rule_of(5)
    edit(None, rule, TEN)
    follow(TEN)

    assert clock_of(ticket).next_fire_at == at("2026-03-02 10:05")
    edit(rule, None, TEN)
    assert follow(TEN).taken_back == 1
    assert clock_of(ticket).next_fire_at > at("2026-03-02 10:05")  # type: ignore[operator]
    assert findings(TEN) == []


def test_what_came_due_after_the_edit_is_told_late(world: World) -> None:
    """The engine was down for an hour: what lay ahead when the rule was added is not lost."""
    office_policy(world)
    working(world)
    rule = rule_of(30)
    edit(None, rule, TEN)
    follow(ELEVEN)
    timers.fire_due(now=ELEVEN + HOUR / 60)

    assert told(rule) == 1


def test_what_fired_does_not_fire_again(world: World) -> None:
    office_policy(world)
    ticket = working(world)
    rule = rule_of(30)
    edit(None, rule, TEN)
    follow(TEN)
    timers.fire_due(now=ELEVEN)
    old = NoticeRule.objects.get(pk=rule.pk)
    rule.after_minutes = 90
    edit(old, rule, ELEVEN)
    follow(ELEVEN)
    timers.fire_due(now=at("2026-03-02 15:00"))

    assert timer_of(ticket, rule).state == "fired"
    assert told(rule) == 1


def test_switched_off_and_on_again(world: World) -> None:
    office_policy(world)
    near, far = working(world, at("2026-03-02 09:00")), working(world)
    rule = rule_of(90)
    edit(None, rule, TEN)
    follow(TEN)
    for active, moment in ((False, TEN), (True, ELEVEN)):
        old = NoticeRule.objects.get(pk=rule.pk)
        rule.active = active
        edit(old, rule, moment)
        done = follow(moment)
        assert done.taken_back == (0 if active else 2)

    assert timer_of(near, rule).state == "passed"
    assert (timer_of(far, rule).state, timer_of(far, rule).fire_at) == ("armed", at("2026-03-02 11:30"))


def test_paused_clock_is_armed_when_it_goes_on(world: World) -> None:
    office_policy(world)
    ticket = wait(working(world), world.engineer, now=ELEVEN)
    rule, behind = rule_of(90), rule_of(45)
    edit(None, rule, NOON)
    edit(None, behind, NOON)
    follow(NOON)
    assert (timer_of(ticket, rule).state, timer_of(ticket, rule).fire_at) == ("armed", None)
    assert timer_of(ticket, behind).state == "passed"
    act(ticket, "resume", world.engineer, now=at("2026-03-02 14:00"))

    assert timer_of(ticket, rule).fire_at == at("2026-03-02 14:30")
    assert findings(at("2026-03-02 14:01")) == []


def test_clock_that_was_paused_after_the_edit_is_judged_by_the_edit(world: World) -> None:
    office_policy(world)
    ticket = working(world)
    rule = rule_of(60)
    edit(None, rule, at("2026-03-02 10:30"))
    wait(ticket, world.engineer, now=at("2026-03-02 11:30"))
    follow(at("2026-03-02 11:40"))

    assert timer_of(ticket, rule).state == "armed"  # it came due at 11:00, before the engine looked


def test_moved_to_another_priority(world: World) -> None:
    office_policy(world)
    third, fourth = working(world), started(world, TEN, impact="I4")
    rule = rule_of(60)
    edit(None, rule, TEN)
    follow(TEN)
    old = NoticeRule.objects.select_related("priority").get(pk=rule.pk)
    rule = NoticeRule.objects.select_related("priority").get(pk=rule.pk)
    rule.priority_id = "P4"
    rule.save()
    edit(old, NoticeRule.objects.get(pk=rule.pk), TEN)
    follow(TEN)

    assert timer_of(third, rule).state == "cancelled"
    assert timer_of(fourth, rule).fire_at == ELEVEN


def test_escalation_rule_holds_for_open_clocks(world: World) -> None:
    office_policy(world)
    ticket = working(world)
    rule = EscalationRule(
        agreement="sla", metric="resolve", percent=25, tiers=["tier1", "tier2"], step="tell", roles=["group_lead"]
    )
    assert edit(None, rule, TEN) is not None
    follow(TEN)

    assert timer_of(ticket, rule).fire_at == NOON


def test_edits_that_move_nothing_are_not_followed(world: World) -> None:
    rule = NoticeRule.objects.get(priority="P3", on="not_resolved")
    old = NoticeRule.objects.get(pk=rule.pk)
    rule.roles = ["duty_manager"]
    assert edit(old, rule, TEN) is None
    assert edit(None, NoticeRule(priority_id="P5", on="registered", roles=["group_lead"]), TEN) is None


def test_later_edit_takes_over_what_an_earlier_one_left(world: World) -> None:
    office_policy(world)
    ticket = working(world)
    rule = rule_of(60)
    first = edit(None, rule, TEN)
    old = NoticeRule.objects.get(pk=rule.pk)
    rule.after_minutes = 90
    edit(old, rule, ELEVEN)
    first.refresh_from_db()  # type: ignore[union-attr]
    follow(ELEVEN)

    assert first.done_at == ELEVEN  # type: ignore[union-attr]
    assert timer_of(ticket, rule).fire_at == at("2026-03-02 11:30")


def test_reopened_ticket_is_not_told_of_what_lay_behind(world: World) -> None:
    office_policy(world)
    ticket = resolve(working(world), world.engineer, now=NOON)
    rule = rule_of(60)
    edit(None, rule, NOON)
    follow(NOON)
    act(ticket, "not_solved", world.requester, now=at("2026-03-02 14:00"), text="?")
    timers.fire_due(now=at("2026-03-02 14:01"))

    assert told(rule) == 0


def test_clock_that_begins_during_the_edit_follows_later(world: World) -> None:
    """Its action had read the rules before the edit was there."""
    office_policy(world)
    rule = rule_of(60)
    edit(None, rule, TEN)
    follow_rules(now=TEN)
    ticket = working(world)
    Timer.objects.filter(rule=rearming.name_of(rule)).delete()
    assert RuleEdit.objects.get().done_at is None
    follow_rules(now=TEN + HOUR / 60)

    assert timer_of(ticket, rule).fire_at == ELEVEN
    assert RuleEdit.objects.get().done_at is not None


def test_many_clocks_take_a_fixed_number_of_statements(world: World, django_assert_max_num_queries: Any) -> None:
    make_crowd(150, "host", NOON)
    rule = NoticeRule(priority_id="P3", on="not_responded", after_minutes=20, roles=["group_lead"])
    edit(None, rule, at("2026-03-02 11:35"))
    assert holds_for(rule, at("2026-03-02 11:35")) == Holds(150, 0)
    assert holds_for(rule, at("2026-03-02 11:55")) == Holds(150, 150)
    with django_assert_max_num_queries(36):
        follow_rules(now=at("2026-03-02 11:36"))

    assert Timer.objects.filter(rule=f"notice:{rule.pk}", fire_at=at("2026-03-02 11:50")).count() == 150
    assert Clock.objects.filter(next_fire_at=at("2026-03-02 11:50")).count() == 150
    assert findings(at("2026-03-02 11:40")) == []


@pytest.mark.django_db(transaction=True)
def test_clock_that_somebody_works_on_is_left_for_later(world: World) -> None:
    office_policy(world)
    busy, free = working(world), working(world)
    rule = rule_of(60)
    edit(None, rule, TEN)
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(Clock.objects.select_for_update(no_key=True).filter(ticket_id=busy.pk))
            held.set()
            go.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(20)
    follow_rules(now=TEN + HOUR / 60)
    assert (timer_of(busy, rule), timer_of(free, rule).state) == (None, "armed")
    assert RuleEdit.objects.get().left == [clock_of(busy).pk]
    go.set()
    thread.join()
    follow_rules(now=TEN + HOUR / 60)

    assert timer_of(busy, rule).state == "armed"
    assert RuleEdit.objects.get().done_at is not None


@pytest.mark.slow
# --- Page and API ----------------------------------------------------------------------------------------------------
def test_page_says_what_the_edit_does_before_it_is_stored(world: World) -> None:
    now = database_clock.now()
    make_crowd(3, "host", now + 20 * HOUR / 60)  # since ten minutes
    oldest = Clock.objects.order_by("pk")[0]
    Clock.objects.filter(pk=oldest.pk).update(running_since=now - 5 * HOUR)
    client = browser(world.admin)
    data = {"priority": "P3", "on": "not_responded", "after_minutes": 25, "roles": ["group_lead"], "active": "on"}
    page = client.post("/admin/sla/noticerule/add/", data).content.decode()

    assert "Holds for 3 open clocks. For 1 of them the time lies behind: nobody is told of it." in page
    assert not NoticeRule.objects.filter(after_minutes=25).exists()
    assert client.post("/admin/sla/noticerule/add/", {**data, "_confirmed": "1"}).status_code == 302
    rule = NoticeRule.objects.get(after_minutes=25)
    assert RuleEdit.objects.get().by == world.admin
    row = next(row for row in Api(world.admin).results("/api/v1/clock-rules/") if row["rule"] == f"notice:{rule.pk}")
    assert (row["open_clocks"], row["behind"], row["followed"]) == (3, 1, False)
    assert client.post(f"/admin/sla/noticerule/{rule.pk}/delete/", {"post": "yes"}).status_code == 302
    assert RuleEdit.objects.filter(done_at=None).count() == 1
    assert client.get("/admin/sla/ruleedit/").status_code == 200


def test_wrong_values_and_harmless_edits_are_not_asked_about(world: World, client: Client) -> None:
    client.force_login(world.admin)
    data = {"priority": "P3", "on": "not_responded", "after_minutes": -1, "roles": ["group_lead"], "active": "on"}
    page = client.post("/admin/sla/noticerule/add/", data)

    assert page.status_code == 200
    assert "What this edit does" not in page.content.decode()
    assert Api(world.manager).get("/api/v1/clock-rules/").status_code == 403
