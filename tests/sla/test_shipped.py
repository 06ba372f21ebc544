"""The policies as shipped, from registration to the moment a rule fires: the worked examples of the design."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from notifications.models import Notice
from sla.clocks import timers
from sla.models import Agreement, Clock, NoticeRule, Policy, Target, Timer
from tests.factories import World, act, add_task, resolve, unclaimed
from tests.sla.calendars import at

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-03", "SLM-04")]

MINUTE = timedelta(minutes=1)


def clock_of(ticket: object, metric: str) -> Clock:
    return Clock.objects.get(ticket_id=ticket.pk, metric=metric)  # type: ignore[attr-defined]


def times_of(clock: Clock) -> dict[str, object]:
    """When each armed rule that tells fires; rules of ``notice_rules`` as "notice"."""
    armed = Timer.objects.filter(clock=clock, state="armed").exclude(rule__startswith="escalate")
    rows = armed.values_list("rule", "fire_at")
    return {rule.partition(":")[0] if rule.startswith("notice") else rule: fire_at for rule, fire_at in rows}


@pytest.mark.parametrize(
    ("name", "impact", "begin", "expected"),
    [
        (
            "E6",
            "I1",
            "2026-03-02 23:58:30",
            {
                "warn:50": "2026-03-03 00:01:00",
                "warn:80": "2026-03-03 00:02:30",
                "limit": "2026-03-03 00:03:30",
                "notice": "2026-03-03 00:03:30",
            },
        ),
        (
            "E21",
            "I3",
            "2026-03-02 17:50",
            {
                "warn:50": "2026-03-03 09:05",
                "warn:80": "2026-03-03 09:14",
                "limit": "2026-03-03 09:20",
                "notice": "2026-03-03 09:20",
            },
        ),
        (
            "E22",
            "I4",
            "2026-03-02 11:50",
            {
                "warn:50": "2026-03-02 13:50",
                "warn:80": "2026-03-02 14:26",
                "limit": "2026-03-02 14:50",
                "notice": "2026-03-02 14:50",
            },
        ),
    ],
)
def test_response_of_a_registered_ticket(
    world: World, name: str, impact: str, begin: str, expected: dict[str, str]
) -> None:
    ticket = unclaimed(world, now=at(begin), impact=impact)
    due = at(expected["limit"])

    assert ticket.planned_response_at == ticket.queue_due_at == clock_of(ticket, "response").due_at == due
    assert times_of(clock_of(ticket, "response")) == {rule: at(moment) for rule, moment in expected.items()}
    timers.fire_due(now=due)  # not yet: from the first instant after it
    assert "limit" in times_of(clock_of(ticket, "response"))
    timers.fire_due(now=due + timedelta(microseconds=1))
    assert times_of(clock_of(ticket, "response")) == {}
    assert clock_of(ticket, "response").breached_at == due


@pytest.mark.parametrize(
    ("impact", "due"), [("I4", "2026-10-10 16:00"), ("I5", "2026-10-14 16:00")], ids=["E23 P4", "E23 P5"]
)
def test_e23_completion_over_the_october_holiday(world: World, impact: str, due: str) -> None:
    begin = at("2026-09-30 16:00")
    ticket = act(unclaimed(world, now=begin, impact=impact), "start", world.engineer, now=begin)

    assert ticket.planned_completion_at == ticket.queue_due_at == clock_of(ticket, "resolve").due_at == at(due)
    assert resolve(ticket, world.engineer, now=at(due)).completed_in_time is True


@pytest.mark.req("SLM-06")
def test_e24_rule_counts_working_time(world: World) -> None:
    begin = at("2026-02-14 17:40")
    ticket = act(unclaimed(world, now=begin, impact="I3"), "start", world.engineer, now=begin)
    rule = NoticeRule.objects.get(priority="P3", on="not_resolved")
    fires = at("2026-02-24 09:40")

    assert times_of(clock_of(ticket, "resolve"))["notice"] == fires
    told = Notice.objects.filter(ticket_id=ticket.pk, event="not_resolved")
    timers.fire_due(now=fires)
    assert not told.exists()
    timers.fire_due(now=fires + timedelta(seconds=1))
    assert told.count() == 1
    assert Timer.objects.get(clock=clock_of(ticket, "resolve"), rule=f"notice:{rule.pk}").state == "fired"


def test_each_metric_has_its_calendar_by_priority(world: World) -> None:
    rows = Target.objects.filter(version__policy="priorities", kind="")
    shown = {(t.priority_id, t.metric): (t.minutes, t.calendar_id) for t in rows}

    assert shown == {
        (priority, metric): (None, "24x7" if priority in ("P1", "P2") else "5x8")
        for priority in ("P1", "P2", "P3", "P4", "P5", None)
        for metric in ("response", "resolve")
    }


def test_raised_to_p1_counts_the_night_too(world: World) -> None:
    ticket = unclaimed(world, now=at("2026-03-02 17:50"), impact="I3")
    ticket = act(
        ticket,
        "change_priority",
        world.manager,
        now=at("2026-03-02 20:00"),
        impact="I2",
        assignee="engineer",
        text="!",
    )

    assert clock_of(ticket, "response").calendar_version.calendar_id == "24x7"
    assert ticket.planned_response_at == at("2026-03-02 18:00")


def test_contract_policy_is_chosen_by_customer(world: World) -> None:
    Agreement.objects.create(
        kind="sla",
        policy=Policy.objects.get(code="maintenance"),
        organisation=world.organisations["egov"],
        valid_from=date(2020, 1, 1),
    )
    begin = at("2026-03-06 17:30")  # a Friday
    mine = unclaimed(world, now=begin, impact="I3")
    theirs = unclaimed(world, now=begin, impact="I3", requester="requester2")

    assert mine.planned_response_at == at("2026-03-06 18:00")
    assert theirs.planned_response_at == at("2026-03-06 17:40")
    theirs = act(theirs, "start", world.engineer, now=begin)
    assert clock_of(theirs, "on_site").due_at == at("2026-03-09 10:30")
    assert theirs.planned_completion_at == begin + timedelta(hours=24)


@pytest.mark.req("TSK-01")
def test_no_visit_is_timed_of_a_task_which_records_no_arrival(world: World) -> None:
    """Its limit could only be missed: the visit is the incident's."""
    policy = Policy.objects.get(code="maintenance")
    Agreement.objects.create(
        kind="sla", policy=policy, organisation=world.organisations["egov"], valid_from=date(2020, 1, 1)
    )
    begin = at("2026-03-06 17:30")
    theirs = act(unclaimed(world, now=begin, impact="I3", requester="requester2"), "start", world.engineer, now=begin)
    task = act(add_task(theirs, world.engineer, assignee="engineer"), "start", world.engineer)

    assert set(Clock.objects.filter(ticket=theirs.pk, agreement="sla").values_list("metric", flat=True)) >= {"on_site"}
    assert sorted(Clock.objects.filter(ticket=task.pk, agreement="sla").values_list("metric", flat=True)) == [
        "resolve",
        "response",
    ]
