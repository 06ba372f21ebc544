"""What a change owes in time, by the policies: check, record of an emergency, notice, update of items."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from changes.models import Change
from notifications.models import Notice
from sla.clocks.auditing import audit
from sla.clocks.bars import bars_of
from sla.clocks.timers import fire_due
from sla.models import Clock, Policy
from sla.promises.policies import Draft, Promise, draft_of
from sla.promises.whatif import try_policy
from tests.api.client import Api
from tests.changes.making import approve, later, request, staffed
from tests.factories import MONDAY, World, act, make_item, make_user, reload_user
from tickets.errors import ActionConflict, ActionForbidden
from tickets.queues.limits import chip_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-02", "SLM-03")]
HOUR = timedelta(hours=1)
NONE: dict[str, Any] = {"planned_start": "", "planned_end": ""}


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def both_sides(world: World) -> tuple[Any, Any]:
    """Who decides an emergency of the lead: the leader, and for the requester's side the head of the department."""
    return world.people["leader"], world.people["head"]


def clocks(change: Any) -> dict[str, tuple[str, timedelta, bool | None]]:
    """State, target and verdict of the newest clock of each metric."""
    found = Clock.objects.filter(ticket_id=change.pk).order_by("round")
    return {clock.metric: (clock.state, clock.target, clock.met) for clock in found}


def told_of(change: Any, metric: str) -> set[int]:
    """Who was told that the limit passed."""
    found = Notice.objects.filter(event="limit_passed", ticket=change.pk, payload__metric=metric)
    return set(found.values_list("deliveries__recipient", flat=True))


def test_each_submission_is_checked_in_time(world: World) -> None:
    changer = world.people["changer"]
    change: Any = request(world)
    assert clocks(change) == {}
    assert bars_of(change, MONDAY) == []
    change = act(change, "submit", world.lead, now=MONDAY)
    assert clocks(change) == {"response": ("running", 8 * HOUR, None)}
    assert change.queue_due_at < later(48)
    with override("en"):
        assert chip_of(change, MONDAY).label == "Check for sense and completeness"
    assert [str(bar.label) for bar in bars_of(change, MONDAY)] in (["Check for sense and completeness"], ["受理审核"])
    change = act(change, "send_back", changer, now=later(1), text="缺影响")
    assert clocks(change)["response"][::2] == ("stopped", True)
    change = act(change, "submit", world.lead, now=later(24))
    assert clocks(change)["response"][::2] == ("running", None)
    change = act(change, "accept", changer, now=later(24 * 7))
    assert clocks(change)["response"][::2] == ("stopped", False)
    assert Clock.objects.filter(ticket_id=change.pk).count() == 2


def test_the_record_of_an_emergency_is_owed_in_time_and_told_when_late(world: World) -> None:
    """From the end of the work on, as it really was: before, nobody can complete it; what is cancelled owes none."""
    change: Any = act(request(world, "emergency", **NONE), "submit", world.lead, now=MONDAY)
    done: Any = act(request(world, "emergency", **NONE), "submit", world.lead, now=MONDAY)
    act(done, "cancel", world.lead, now=MONDAY, text="不做了")
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), *both_sides(world))
    change = act(change, "start", world.engineer, now=later(20))
    assert "record" not in clocks(change)
    ended = later(30).isoformat()
    change = act(change, "implement", world.engineer, now=later(40), result="as_planned", actual_end=ended)
    assert clocks(change)["record"] == ("running", 24 * HOUR, None)
    fire_due(now=later(54) - timedelta(minutes=1))
    assert not told_of(change, "record")
    fire_due(now=later(54) + timedelta(minutes=1))
    assert {world.lead.pk, world.people["changer"].pk} <= told_of(change, "record")
    assert not told_of(done, "record")


def test_a_record_that_was_owed_from_its_submission_keeps_its_clock(world: World) -> None:
    """An earlier release promised it so: nobody is given more time by the new rule."""
    change: Any = act(request(world, "emergency", **NONE), "submit", world.lead, now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), *both_sides(world))
    change = act(change, "start", world.engineer, now=later(1))
    Change.objects.filter(pk=change.pk).update(record_since=MONDAY)
    change = act(Change.objects.get(pk=change.pk), "back_out_now", world.engineer, now=later(2), text="停")
    assert change.record_since == MONDAY
    assert Clock.objects.get(ticket_id=change.pk, metric="record").started_at == MONDAY


@pytest.mark.slow
def test_a_record_that_is_completed_after_the_work_is_in_time(world: World) -> None:
    change: Any = act(request(world, "emergency", **NONE), "submit", world.lead, now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), *both_sides(world))
    change = act(change, "start", world.engineer, now=later(1))
    with pytest.raises(ActionConflict):  # nobody knows yet how it went
        act(change, "complete_record", world.engineer, now=later(1.1), effect="无", plan="重启", back_out="无需")
    change = act(change, "implement", world.engineer, now=later(2), result="as_planned")
    assert clocks(change)["record"][0] == "running"
    with override("en"):
        assert chip_of(change, later(2)).label == "Next limit"
    change = act(change, "complete_record", world.engineer, now=later(20), effect="无", plan="重启", back_out="无需")
    assert clocks(change)["record"][::2] == ("stopped", True)


@pytest.mark.slow
@pytest.mark.req("CHG-08", "CMDB-06")
def test_the_notice_and_the_order_of_items_are_timed(world: World, client: Client) -> None:
    config = make_user("config", "config_manager")
    make_item("db-1")
    change: Any = act(request(world, items=["db-1"]), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    change = act(change, "start", world.engineer, now=later(35))
    change = act(change, "implement", world.engineer, now=later(36), result="as_planned")
    assert clocks(change)["notice"] == ("running", 24 * HOUR, None)
    change = act(change, "confirm_result", world.engineer, now=later(37))
    with pytest.raises(ActionConflict, match=r"notice|通知"):
        act(change, "close", world.engineer, now=later(38))
    change = act(change, "send_notice", world.engineer, now=later(38), text="版本升到 19.12")
    assert clocks(change)["notice"][::2] == ("stopped", True)
    notice = Notice.objects.get(event="items_noticed")
    assert config.pk in set(notice.deliveries.values_list("recipient", flat=True))
    assert notice.payload["text"] == "版本升到 19.12"

    with pytest.raises(ActionForbidden):
        act(change, "order_update", world.engineer, operator="engineer", text="x")
    change = act(change, "order_update", config, now=later(39), operator="engineer", text="改版本")
    assert clocks(change)["order"] == ("running", 24 * HOUR, None)
    with pytest.raises(ActionConflict):
        act(change, "close", world.engineer, now=later(40))
    fire_due(now=later(39 + 24) + timedelta(minutes=1))
    assert {world.engineer.pk, config.pk} <= told_of(change, "order")
    with pytest.raises(ActionForbidden):
        act(change, "return_order", world.desk, text="x")
    change = act(Change.objects.get(pk=change.pk), "return_order", world.engineer, now=later(70), text="已更新")
    assert clocks(change)["order"][::2] == ("stopped", False)
    assert act(change, "close", world.engineer, now=later(71)).state == "closed"

    client.force_login(reload_user(config))
    page = client.get(f"/changes/{change.number}/items/").content.decode()
    assert world.engineer.display_name in page
    assert "已更新" in page
    metrics = {row["metric"] for row in Api(world.lead).get(f"tickets/{change.number}/clocks/").json()["results"]}
    assert {"response", "notice", "order"} <= metrics


@pytest.mark.slow
@pytest.mark.req("SLM-10")
def test_trying_a_draft_counts_what_changes_owe_as_their_clocks_did(world: World) -> None:
    config, changer = make_user("config", "config_manager"), world.people["changer"]
    make_item("db-1")
    change: Any = act(request(world, items=["db-1"]), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", changer, now=later(1))
    change = approve(act(change, "ask_approval", world.lead, now=later(1)), world.approver)
    change = act(change, "start", world.engineer, now=later(35))
    change = act(change, "implement", world.engineer, now=later(36), result="as_planned")
    change = act(change, "confirm_result", world.engineer, now=later(37))
    change = act(change, "send_notice", world.engineer, now=later(38), text="版本升到 19.12")
    change = act(change, "order_update", config, now=later(39), operator="engineer", text="改版本")
    change = act(Change.objects.get(pk=change.pk), "return_order", world.engineer, now=later(70), text="已更新")
    act(change, "close", world.engineer, now=later(71))
    urgent: Any = act(request(world, "emergency", **NONE), "submit", world.lead, now=MONDAY)
    urgent = approve(act(urgent, "ask_approval", world.lead, now=MONDAY), *both_sides(world))
    urgent = act(urgent, "start", world.engineer, now=later(1))
    urgent = act(urgent, "implement", world.engineer, now=later(2), result="as_planned")
    act(urgent, "complete_record", world.engineer, now=later(27), effect="无", plan="重启", back_out="无需")
    dropped: Any = act(request(world, "emergency", **NONE), "submit", world.lead, now=MONDAY)
    act(dropped, "cancel", world.lead, now=later(2), text="不做了")

    policy = Policy.objects.get(pk="priorities")
    period = (Change.objects.earliest("created_at").created_at, later(24 * 7))
    same = try_policy(policy, draft_of(policy.versions.get()), *period)
    ran = Clock.objects.filter(agreement="sla", met__isnull=False).values_list("metric", "met")
    owed = {(metric, met) for metric, met in ran if metric != "response"}
    assert owed == {("notice", True), ("order", False), ("record", False)}
    assert same.flips == 0
    rows = dict(same.rows("metric"))
    assert sum(n["before_met"] for n in rows.values()) == sum(bool(met) for _metric, met in ran)
    assert sum(n["before_missed"] for n in rows.values()) == sum(not met for _metric, met in ran)
    assert len(rows) == 4
    kind = ("kind", "change")
    draft = Draft((Promise("notice", "24x7", 60, (kind,)), Promise("order", "24x7", 60 * 40, (kind,))))
    flipped = try_policy(policy, draft, *period).flipped
    assert [row["after"] for row in flipped] == [False, True]


@pytest.mark.slow
@pytest.mark.req("SLM-10")
def test_trying_a_draft_counts_each_check_and_each_order_under_its_own_name(world: World) -> None:
    config, changer = make_user("config", "config_manager"), world.people["changer"]
    make_item("db-1")
    change: Any = act(request(world, items=["db-1"]), "submit", world.lead, now=MONDAY)
    change = act(change, "send_back", changer, now=later(20), text="缺影响")
    change = act(change, "submit", world.lead, now=later(24))
    change = act(change, "accept", changer, now=later(25))
    change = approve(act(change, "ask_approval", world.lead, now=later(25)), world.approver)
    change = act(change, "start", world.engineer, now=later(35))
    change = act(change, "implement", world.engineer, now=later(36), result="as_planned")
    change = act(change, "send_notice", world.engineer, now=later(38), text="版本升到 19.12")
    for ordered, returned in ((39, 70), (71, 72)):
        change = act(change, "order_update", config, now=later(ordered), operator="engineer", text="改版本")
        change = act(Change.objects.get(pk=change.pk), "return_order", world.engineer, now=later(returned), text="好")

    policy = Policy.objects.get(pk="priorities")
    period = (Change.objects.earliest("created_at").created_at, later(24 * 7))
    with override("en"):
        same = try_policy(policy, draft_of(policy.versions.get()), *period)
        kind = ("kind", "change")
        longer = Draft((Promise("response", "24x7", 60 * 24, (kind,)), Promise("order", "24x7", 30, (kind,))))
        other = try_policy(policy, longer, *period)
    ran = Counter(Clock.objects.filter(agreement="sla", met__isnull=False).values_list("metric", "met"))
    assert ran == {
        ("response", False): 1,
        ("response", True): 1,
        ("order", False): 1,
        ("order", True): 1,
        ("notice", True): 1,
    }
    check, order = "Check for sense and completeness", "Update of configuration items"
    rows = dict(same.rows("metric"))
    assert {check, order, "Configuration notice"} == set(rows)
    assert [(rows[name]["before_met"], rows[name]["before_missed"]) for name in (check, order)] == [(1, 1), (1, 1)]
    assert same.flips == 0
    rows = dict(other.rows("metric"))
    assert [(rows[name]["after_met"], rows[name]["after_missed"]) for name in (check, order)] == [(2, 0), (0, 2)]
    assert [(row["metric"], row["after"]) for row in other.flipped] == [(check, True), (order, False)]


@pytest.mark.req("SLM-04")
def test_the_audit_reads_what_ends_a_limit_of_a_change(world: World) -> None:
    """A check ends with a column of changes alone; the audit of all clocks once failed on the first that waited."""
    change: Any = act(request(world), "submit", world.lead, now=MONDAY)
    assert list(audit(MONDAY)) == []
    Change.objects.filter(pk=change.pk).update(checked_at=MONDAY)
    assert [found["problem"] for found in audit(MONDAY)] == ["goes_on"]
