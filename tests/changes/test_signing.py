"""A signature counts for what was read, by whom it may; leaders who decide an emergency sign too (CHG-05, CHG-02)."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import time
from io import BytesIO
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils.timezone import localtime
from django.utils.translation import override

from accounts.models import User
from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound
from changes.collision.collisions import collisions_of
from changes.collision.signing import blocking, key_of
from changes.models import Change, CollisionOverride, MaintenanceWindow, Meeting
from tests.api.client import Api
from tests.changes.making import later, request, sign, staffed
from tests.factories import MONDAY, World, act, make_item, make_system, make_user, reload_user
from tickets.errors import ActionConflict, ActionForbidden

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-05", "CHG-02")]
#: In the freeze around the National Day.
FROZEN: dict[str, Any] = {"planned_start": "2026-10-01T20:00", "planned_end": "2026-10-01T22:00"}


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need, and a leader of the business side."""
    staffed(world)
    world.people["business"] = make_user("business", "system_owner")
    world.lead.organisation.decision_makers.add(world.people["business"])
    return world


def refusal(change: Any, world: World) -> str:
    """What stands against asking for approval."""
    with pytest.raises(ActionConflict) as found:
        act(Change.objects.get(pk=change.pk), "ask_approval", world.lead, now=MONDAY)
    return str(found.value.message)


def test_what_comes_after_the_signature_is_refused_anew_and_named(world: World) -> None:
    changer = world.people["changer"]
    change = sign(request(world, assignee="engineer", **FROZEN), changer)
    change = act(change, "submit", world.lead, now=MONDAY)
    change = act(change, "accept", changer, now=MONDAY)
    other = sign(request(world, assignee="engineer", **FROZEN), changer)
    other = act(other, "submit", world.lead, now=MONDAY)

    said = refusal(change, world)
    assert other.number in said
    assert "National Day" not in said
    assert "国庆" not in said
    change = sign(Change.objects.get(pk=change.pk), changer)
    assert act(change, "ask_approval", world.lead, now=MONDAY).state == "approving"
    rows = [row.collisions for row in change.overrides.all()]
    assert [[one["reason"] for one in row] for row in rows] == [["freeze"], ["person"]]
    assert other.number in rows[1][0]["zh"]


def test_what_two_changes_share_grows_and_the_signature_does_not(world: World) -> None:
    """The same two changes; meanwhile another person would be in two places."""
    changer = world.people["changer"]
    first = act(request(world, assignee="engineer"), "submit", world.lead, now=MONDAY)
    change = sign(request(world, assignee="engineer"), changer)
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", changer, now=MONDAY)
    for one in (first, change):
        act(Change.objects.get(pk=one.pk), "add_step", world.lead, now=MONDAY, what="值守", person="engineer2")
    assert first.number in refusal(change, world)


def test_a_signature_counts_in_every_language_and_under_every_name(world: World) -> None:
    """It is for the person in two places and for the freeze, whatever they are called by whoever submits."""
    changer: Any = world.people["changer"]
    first = sign(request(world, assignee="engineer", **FROZEN), changer)
    act(first, "submit", world.lead, now=MONDAY)
    with override("en"):
        change = sign(request(world, assignee="engineer", **FROZEN), changer)
    User.objects.filter(pk=world.engineer.pk).update(full_name="改名", full_name_en="Renamed")
    for language in ("en", "zh-hans"):
        with override(language):
            assert blocking(Change.objects.get(pk=change.pk), MONDAY) == []
    [kept] = [one for one in change.overrides.get().collisions if one["reason"] == "person"]
    assert "(First-line) Engineer" not in kept["zh"]
    with override("zh-hans"):
        assert act(Change.objects.get(pk=change.pk), "submit", world.lead, now=MONDAY).state == "submitted"


def test_no_key_of_a_collision_depends_on_the_language(world: World) -> None:
    """Of no rule: two changes that share person, item and system, beside a maintenance window, in a freeze."""
    system = make_system("core-db", name_zh="核心库", name_en="Core")
    make_item("db-1", business_system=system)
    MaintenanceWindow.objects.create(
        business_system=system, weekday=0, begins_at=time(1), minutes=60, zone="Asia/Shanghai"
    )
    typed: dict[str, Any] = {"assignee": "engineer", "items": ["db-1"], **FROZEN}
    act(sign(request(world, **typed), world.people["changer"]), "submit", world.lead, now=MONDAY)
    change = request(world, **typed)
    found = []
    for language in ("en", "zh-hans"):
        with override(language):
            found.append({str(one.reason): key_of(one) for one in collisions_of(change, MONDAY)})
    assert found[0] == found[1]
    assert set(found[0]) == {"freeze", "person", "item", "maintenance", "system"}


def test_only_what_was_ticked_is_signed_for(world: World) -> None:
    changer = world.people["changer"]
    first = sign(request(world, assignee="engineer", **FROZEN), changer)
    act(first, "submit", world.lead, now=MONDAY)
    change = request(world, assignee="engineer", **FROZEN)
    api = Api(changer)
    rows = api.get(f"changes/{change.number}/collisions/").json()["results"]
    keys = {row["reason"]: row["key"] for row in rows if row["grade"] == "hard"}
    assert set(keys) == {"freeze", "person"}
    path = f"changes/{change.number}/actions/override_collisions/"
    assert api.post(path, {"text": "监管要求"}).status_code == 400
    assert api.post(path, {"text": "监管要求", "collisions": ["person:CH1:0"]}).status_code == 400
    assert api.post(path, {"text": "监管要求", "collisions": [keys["freeze"]]}).status_code == 200
    assert [str(one.reason) for one in blocking(Change.objects.get(pk=change.pk), MONDAY)] == ["person"]
    with pytest.raises(ActionConflict, match=first.number):
        act(Change.objects.get(pk=change.pk), "submit", world.lead, now=MONDAY)


def test_signatures_are_never_changed_and_those_of_earlier_releases_count_for_their_window(world: World) -> None:
    change = sign(request(world, **FROZEN), world.people["changer"])
    for act_on in (lambda: change.overrides.update(collisions=None), lambda: change.overrides.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            act_on()
    old = request(world, **FROZEN)
    window = {"planned_start": old.planned_start, "planned_end": old.planned_end}
    CollisionOverride.objects.create(change=old, person=world.people["changer"], reason="以前", at=MONDAY, **window)
    assert act(old, "submit", world.lead, now=MONDAY).state == "submitted"


@pytest.mark.parametrize("how", ["group", "assignee", "step", "requester", "twin"])
def test_who_asked_for_it_or_may_carry_it_out_does_not_sign(world: World, how: str) -> None:
    signer = make_user("signer", "change_manager", employee_number="0815")
    typed: dict[str, Any] = {}
    if how == "group":
        world.groups["host"].members.add(signer)
    if how == "assignee":
        world.groups["host"].members.add(signer)
        typed["assignee"] = "signer"
    if how == "requester":
        typed["requester"] = "signer"
    if how == "twin":
        User.objects.filter(pk=world.lead.pk).update(employee_number="0815")
    change = request(world, **FROZEN, **typed)
    if how == "step":
        change = act(change, "add_step", world.lead, now=MONDAY, what="值守", person="signer")
    if how == "assignee":
        world.groups["host"].members.remove(signer)
    with pytest.raises(ActionForbidden):
        sign(change, reload_user(signer))
    assert sign(change, world.people["changer"]).overrides.count() == 1


def frozen_emergency(world: World, **typed: Any) -> Any:
    """One in a freeze that is being decided."""
    change = act(request(world, "emergency", **FROZEN, **typed), "submit", world.lead, now=MONDAY)
    return act(change, "ask_approval", world.lead, now=MONDAY)


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the form that decides."""
    return dict(re.findall(r'name="(digest|seen)" value="([^"]*)"', page))


@pytest.mark.req("CHG-03")
def test_whoever_decides_sees_what_it_collides_with_as_it_stands(world: World, client: Client) -> None:
    """Hard, soft and notes, on the page, in the line that opens in the list, and by the API."""
    change = frozen_emergency(world, assignee="engineer")
    made = ApprovalRound.objects.get(ticket=change)
    leader = reload_user(world.people["leader"])
    client.force_login(leader)
    url = f"/approvals/{made.pk}/"
    before = client.get(url).content.decode()
    other = sign(request(world, assignee="engineer", **FROZEN), world.people["changer"])
    other = act(other, "submit", world.lead, now=MONDAY)
    page = client.get(url).content.decode()
    assert other.number not in before
    assert other.number in page
    assert other.number in client.get(url, headers={"hx-request": "true"}).content.decode()
    told = Api(leader).get(f"approvals/{made.pk}/").json()["concerns"]
    assert len(told) == len(collisions_of(change, MONDAY)) == 2
    assert any(other.number in one["text"] for one in told)
    business = Api(reload_user(world.people["business"])).get(f"approvals/{made.pk}/").json()["concerns"]
    assert [one["key"] for one in business] == [one["key"] for one in told]


@pytest.mark.req("CHG-03", "CHG-11")
def test_a_customer_who_decides_learns_that_it_collides_and_of_no_other_change(world: World) -> None:
    theirs = make_user("theirs", "requester", organisation=world.requester.organisation)
    world.requester.organisation.decision_makers.add(theirs)
    change = frozen_emergency(world, assignee="engineer", requester="requester")
    other = sign(request(world, assignee="engineer", **FROZEN), world.people["changer"])
    act(other, "submit", world.lead, now=MONDAY)
    answer = Api(theirs).get(f"approvals/{ApprovalRound.objects.get(ticket=change).pk}/").json()
    assert len(answer["concerns"]) == 2
    assert other.number not in json.dumps(answer["concerns"])
    assert world.engineer.display_name not in json.dumps(answer["concerns"], ensure_ascii=False)
    with pytest.raises(ActionConflict, match="The same person") as refused:  # nothing of it was read before
        decide(pk=ApprovalRound.objects.get(ticket=change).pk, user=reload_user(theirs), verdict="approve", now=MONDAY)
    assert other.number not in str(refused.value)
    assert world.engineer.display_name not in str(refused.value)


@pytest.mark.slow
@pytest.mark.req("CHG-03", "CHG-10")
def test_leaders_who_approve_an_emergency_in_a_freeze_sign_for_it(world: World, client: Client) -> None:
    """Who, why and for what: as a row, in the timeline, the proof pack and the monthly report."""
    change = frozen_emergency(world)
    made = ApprovalRound.objects.get(ticket=change)
    leader = reload_user(world.people["leader"])
    client.force_login(leader)
    url = f"/approvals/{made.pk}/"
    sent = form_of(client.get(url).content.decode())
    assert client.post(url, {"verdict": "approve", "reason": "", **sent}).status_code == 409
    assert client.post(url, {"verdict": "approve", "reason": "开市必需", **sent, "seen": ""}).status_code == 409
    assert not made.decisions.exists()
    assert client.post(url, {"verdict": "approve", "reason": "开市必需", **sent}).status_code == 302
    api = Api(reload_user(world.people["business"]))
    concerns = api.get(f"approvals/{made.pk}/").json()["concerns"]
    typed = {"verdict": "approve", "reason": "业务同意", "seen": " ".join(one["key"] for one in concerns)}
    assert api.post(f"approvals/{made.pk}/decide/", typed).status_code == 200

    change = Change.objects.get(pk=change.pk)
    assert change.state == "scheduled"
    signed = [(row.person.username, row.reason, (row.collisions or [])[0]["reason"]) for row in change.overrides.all()]
    assert signed == [("leader", "开市必需", "freeze"), ("business", "业务同意", "freeze")]
    assert change.timeline.filter(action="collisions_signed").count() == 2
    changer = reload_user(world.people["changer"])
    client.force_login(changer)
    pack = zipfile.ZipFile(BytesIO(client.get(f"/api/v1/changes/{change.number}/proof/").content))
    kept = json.loads(pack.read("overrides.json"))
    assert [(row["person"], row["collisions"][0]["reason"]) for row in kept] == [
        ("leader", "freeze"),
        ("business", "freeze"),
    ]
    month = f"{localtime(change.overrides.all()[0].at):%Y-%m}"
    report = client.get(f"/changes/report/?month={month}").content.decode()
    assert "开市必需" in report
    assert "业务同意" in report


def test_what_collides_only_since_it_was_read_is_read_first(world: World) -> None:
    change = act(request(world, "emergency", assignee="engineer"), "submit", world.lead, now=MONDAY)
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    made = ApprovalRound.objects.get(ticket=change)
    other = sign(request(world, assignee="engineer"), world.people["changer"])
    other = act(other, "submit", world.lead, now=MONDAY)
    leader = reload_user(world.people["leader"])
    with pytest.raises(ActionConflict, match=other.number):
        decide(pk=made.pk, user=leader, verdict="approve", reason="必须", now=later(1))
    assert not CollisionOverride.objects.filter(change=change).exists()
    decide(pk=made.pk, user=leader, verdict="refuse", reason="不行", now=later(1))
    assert not CollisionOverride.objects.filter(change=change).exists()


def test_the_board_sees_what_collides_beside_each_point(world: World, client: Client) -> None:
    changer = world.people["changer"]
    change = act(sign(request(world, **FROZEN), changer), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", changer, now=MONDAY)
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    client.force_login(reload_user(changer))
    typed = {"title": "例会", "starts_at": "2026-12-24T10:00", "ends_at": "2026-12-24T11:00"}
    assert client.post("/changes/cab/", typed).status_code == 302
    page = client.get(f"/changes/cab/{Meeting.objects.get().pk}/").content.decode()
    assert 'class="plain concerns"' in page
    assert change.number in page
