"""Emergencies are decided by leaders of both sides; no person decides twice in a round (CHG-02, CHG-03)."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils.translation import override

from accounts.models import User
from accounts.preferences import store_preferences
from approvals.delegation.delegating import delegate
from approvals.due import run_due
from approvals.models import ApprovalRound, Decision, Policy
from changes.shipped import load_changes
from demo.reference import read_reference
from notifications.models import Delivery, Endpoint, Notice
from tests.api.client import Api
from tests.changes.making import approve, later, request, role, staffed
from tests.factories import MONDAY, World, act, make_user, reload_user
from tickets.errors import ActionConflict, ActionForbidden

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-02", "CHG-03")]
NONE: dict[str, Any] = {"planned_start": "", "planned_end": ""}


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need, and a leader of the provider's business side."""
    staffed(world)
    world.people["business"] = make_user("business", "system_owner")
    world.lead.organisation.decision_makers.add(world.people["business"])
    return world


def emergency(world: World) -> Any:
    """One that is being decided."""
    change = act(request(world, "emergency", **NONE), "submit", world.lead, now=MONDAY)
    return act(change, "ask_approval", world.lead, now=MONDAY)


def waits_for(change: Any) -> set[str]:
    """For whom its round waits."""
    made = ApprovalRound.objects.get(ticket=change, outcome="open")
    return set(made.asks.filter(waits=True).values_list("person__username", flat=True))


@pytest.mark.parametrize("first", ["leader", "business"])
def test_both_sides_decide_in_any_order(world: World, first: str) -> None:
    change = emergency(world)
    assert waits_for(change) == {"leader", "business"}
    change = approve(change, world.people[first])
    assert change.state == "approving"
    [second] = {"leader", "business"} - {first}
    assert waits_for(change) == {second}
    assert approve(change, world.people[second]).state == "scheduled"


def test_the_customers_side_is_the_side_of_who_asked(world: World) -> None:
    theirs = make_user("theirs", "requester", organisation=world.requester.organisation)
    world.requester.organisation.decision_makers.add(theirs)
    change = act(request(world, "emergency", requester="requester", **NONE), "submit", world.lead, now=MONDAY)
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    assert waits_for(change) == {"leader", "theirs"}


def test_a_side_that_has_nobody_is_stood_in_for_as_the_policy_says(world: World, client: Client) -> None:
    """The manager of the requester's department, and where there is none the change managers; everybody sees it."""
    world.lead.organisation.decision_makers.clear()
    change = emergency(world)
    assert waits_for(change) == {"leader", "head"}
    client.force_login(reload_user(world.people["leader"]))
    made = ApprovalRound.objects.get(ticket=change)
    with override("en"):
        page = client.get(f"/approvals/{made.pk}/", headers={"accept-language": "en"}).content.decode()
    assert "where nobody may" in page or "无人可决定时" in page
    assert "instead" in page or "代替" in page
    change = approve(change, world.people["leader"], world.people["head"])
    assert change.state == "scheduled"
    client.force_login(reload_user(world.people["changer"]))
    pack = zipfile.ZipFile(BytesIO(client.get(f"/api/v1/changes/{change.number}/proof/").content))
    [kept] = json.loads(pack.read("rounds.json"))
    [_it, theirs] = kept["policy"]["steps"][0]["deciders"]
    assert (theirs["kind"], theirs["otherwise"]) == ("decision_makers", "department_manager")


def test_one_leader_of_both_sides_is_one_side_only(world: World) -> None:
    world.lead.organisation.decision_makers.set([world.people["leader"]])
    change = approve(emergency(world), world.people["leader"])
    assert (change.state, waits_for(change)) == ("approving", {"head"})
    assert approve(change, world.people["head"]).state == "scheduled"


def test_where_only_who_may_not_decide_is_found_another_is_asked(world: World) -> None:
    """The requester leads the business side: not an own change."""
    world.lead.organisation.decision_makers.set([world.lead])
    assert waits_for(emergency(world)) == {"leader", "head"}
    world.people["head"].is_active = False
    world.people["head"].save()
    assert waits_for(emergency(world)) == {"leader", "changer"}


def test_the_fallback_waits_no_longer_once_the_side_has_somebody(world: World) -> None:
    world.lead.organisation.decision_makers.clear()
    change = emergency(world)
    world.lead.organisation.decision_makers.add(world.people["business"])
    assert "business" in waits_for(change)
    assert "head" not in waits_for(change)
    with pytest.raises(ActionForbidden):
        approve(change, world.people["head"])


@pytest.mark.req("NTF-01")
def test_whoever_is_asked_about_an_emergency_is_told_at_once_by_every_channel(world: World) -> None:
    Endpoint.objects.create(name="sms", kind="sms", url="https://sms.example.com/")
    User.objects.filter(username__in=("leader", "business")).update(mobile="13800000000")
    night = MONDAY.replace(hour=18)  # two in the morning in Shanghai
    store_preferences(world.people["leader"], "notices", quiet={"from": "22:00", "until": "07:30"})
    change = act(request(world, "emergency", **NONE), "submit", world.lead, now=night)
    act(change, "ask_approval", world.lead, now=night)
    asked = Notice.objects.get(event="approval_asked", ticket=change.pk)
    assert asked.urgent
    sent = Delivery.objects.filter(notice=asked)
    assert set(sent.values_list("recipient__username", "channel")) >= {
        (name, channel) for name in ("leader", "business") for channel in ("email", "sms")
    }
    assert {one.next_try_at for one in sent.exclude(channel="portal")} == {night}
    usual = act(request(world), "submit", world.lead, now=MONDAY)
    usual = act(usual, "accept", world.people["changer"], now=MONDAY)
    act(usual, "ask_approval", world.lead, now=MONDAY)
    assert not Notice.objects.get(event="approval_asked", ticket=usual.pk).urgent


@pytest.mark.slow
def test_an_emergency_is_decided_before_what_was_asked_earlier(world: World, client: Client) -> None:
    """On the page and by the API; both say which is urgent."""
    leader = world.people["leader"]
    role(leader, "change_approver")
    usual = act(request(world), "submit", world.lead, now=MONDAY)
    usual = act(usual, "accept", world.people["changer"], now=MONDAY)
    usual = act(usual, "ask_approval", world.lead, now=MONDAY)
    urgent = emergency(world)
    rows = Api(reload_user(leader)).get("approvals/").json()["results"]
    assert [(row["ticket"], row["urgent"]) for row in rows] == [(urgent.number, True), (usual.number, False)]
    client.force_login(reload_user(leader))
    page = client.get("/approvals/").content.decode()
    assert page.index(urgent.number) < page.index(usual.number)
    assert page.count('<span class="pill late">紧急</span>') == 1


def test_the_shipped_policy_follows_as_long_as_nobody_edited_it(world: World) -> None:
    policy = Policy.objects.get(code="change-emergency")
    policy.steps.update(rule="any")
    policy.deciders.filter(kind="decision_makers").update(otherwise="")
    load_changes(read_reference(), at=MONDAY)
    assert policy.steps.get().rule == "all"
    assert policy.versions.latest("number").steps[0]["deciders"][1]["otherwise"] == "department_manager"


def major(world: World) -> Any:
    """A major change that is being decided."""
    changer = world.people["changer"]
    change = act(request(world, "major", assignee="engineer"), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", changer, now=MONDAY)
    change = act(change, "assess", changer, now=MONDAY, risk="high", assessment="大")
    return act(change, "ask_approval", world.lead, now=MONDAY)


@pytest.mark.slow
def test_a_substitute_decides_one_step_of_three(world: World) -> None:
    """Every step is overdue and the change manager stands in for all: another person decides each."""
    first, second = (make_user(name, "change_manager") for name in ("changer1", "changer2"))
    change = major(world)
    assert run_due(later(25)) == 1
    assert waits_for(change) == {"head", "changer1", "changer2"}
    change = approve(change, first, now=later(25))
    run_due(later(25 + 49))
    assert waits_for(change) == {"leader", "changer2"}
    with pytest.raises(ActionConflict, match=r"once|一次") as refused:
        approve(change, first, now=later(75))
    assert world.people["leader"].display_name in str(refused.value)
    assert "Changer2" in str(refused.value)
    change = approve(change, second, now=later(75))
    assert waits_for(change) == {"approver"}


def test_in_the_database_too_nobody_decides_twice_in_a_round(world: World) -> None:
    change = approve(major(world), world.people["head"])
    made = ApprovalRound.objects.get(ticket=change)
    step = made.steps.get(outcome="open")
    with pytest.raises(DatabaseError, match="once"), transaction.atomic():
        Decision.objects.create(
            round=made,
            step=step,
            slot=step.slots.get(),
            person=world.people["head"],
            verdict="approve",
            at=MONDAY,
            via="web",
            digest=made.digest,
        )


def test_a_second_hat_and_a_delegate_give_no_second_voice(world: World) -> None:
    head, leader = world.people["head"], world.people["leader"]
    role(head, "centre_leadership")
    delegate(
        person=leader,
        deputy=head,
        by=leader,
        starts_at=MONDAY,
        ends_at=MONDAY + timedelta(days=9),
        now=MONDAY,
    )
    change = approve(major(world), head)
    assert waits_for(change) == {"leader"}
    for person in (head, reload_user(head)):
        with pytest.raises(ActionConflict):
            approve(change, person)


def test_where_nobody_else_is_left_it_is_refused_before_it_is_asked(world: World) -> None:
    """One person in every role decides one step; there is nobody for the others."""
    head = world.people["head"]
    for code in ("centre_leadership", "change_approver"):
        role(head, code)
    for name in ("leader", "approver", "changer"):
        world.people[name].roles.clear()
    helper = make_user("helper", "change_manager")
    change = act(request(world, "major", assignee="engineer"), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", helper, now=MONDAY)
    change = act(change, "assess", helper, now=MONDAY, risk="high", assessment="大")
    with pytest.raises(ActionConflict, match=r"decides once|只决定一次"):
        act(change, "ask_approval", world.lead, now=MONDAY)


def test_where_nobody_is_left_meanwhile_it_waits_and_is_escalated_once(world: World) -> None:
    change = major(world)
    for name in ("leader", "approver"):
        world.people[name].roles.clear()
    role(world.people["head"], "centre_leadership")
    world.people["changer"].roles.clear()
    change = approve(change, world.people["head"])
    assert (change.state, waits_for(change)) == ("approving", set())
    told = Delivery.objects.filter(notice__event="approval_has_nobody")
    assert {"lead", "admin"} <= set(told.values_list("recipient__username", flat=True))
    run_due(later(24 * 9))
    run_due(later(24 * 10))
    assert Notice.objects.filter(event="approval_has_nobody").count() == 1
    assert ApprovalRound.objects.get(ticket=change).outcome == "open"
    role(world.people["leader"], "centre_leadership")
    assert "leader" in waits_for(change)
