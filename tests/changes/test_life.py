"""Four types of change, one life: each takes only the steps it needs (CHG-02)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from approvals.content import digest_of, lines_of
from approvals.models import ApprovalRound
from approvals.policy.policies import publish as publish_policy
from approvals.questions import question_of
from changes.approving import PURPOSE
from changes.catalogue.templates import judge, publish
from changes.models import Change, ChangeTemplate, PlanStep
from notifications.models import Notice
from tests.api.client import Api
from tests.changes.making import WINDOW, approve, later, request, role, staffed
from tests.factories import MONDAY, World, act, incident_in, last_entry, reload_user
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid

pytestmark = [pytest.mark.django_db]


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def asked_simple(world: World, **data: Any) -> Any:
    """A simple change that waits for approval."""
    change = act(request(world, **data), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    return act(change, "ask_approval", world.lead, now=MONDAY, text="请批")


def order(world: World, **data: Any) -> Change:
    """A standard change that the engineer orders."""
    typed = {"template": "extend-disk", "business_system": "intranet-mail", **data}
    return perform(Change(), "order", user=world.engineer, data=typed, now=MONDAY).ticket  # type: ignore[return-value]


@pytest.mark.req("CHG-02", "CHG-07")
def test_simple_change_needs_one_approval_and_one_confirmation(world: World) -> None:
    change = asked_simple(world)
    assert (change.state, change.phase) == ("approving", "waiting")
    change = approve(change, world.approver)
    assert change.state == "scheduled"

    change = act(change, "start", world.engineer, now=later(35))
    with pytest.raises(ActionInvalid):
        act(change, "implement", world.engineer, now=later(36), result="as_planned", actual_end="2026-12-24T10:00")
    change = act(change, "implement", world.engineer, now=later(36), result="as_planned")
    assert (change.actual_start, change.actual_end, change.phase) == (later(35), later(36), "resolved")
    with pytest.raises(ActionConflict):
        act(change, "close", world.engineer, now=later(37))
    change = act(change, "confirm_result", world.engineer, now=later(37))
    assert act(change, "close", world.engineer, now=later(38)).state == "closed"


@pytest.mark.req("CHG-02", "CHG-03")
def test_major_change_takes_the_long_way(world: World) -> None:
    """Plan, schedule, resources and a tested back-out; then department manager, leader, CAB; never its implementer."""
    changer, head, leader = (world.people[name] for name in ("changer", "head", "leader"))
    bare = request(world, "major", back_out_tested="")
    with pytest.raises(ActionConflict):
        act(bare, "submit", world.lead)
    stepless = act(request(world, "major"), "remove_step", world.lead, step=1)
    with pytest.raises(ActionConflict, match=r"Steps of the plan|计划步骤"):
        act(stepless, "submit", world.lead)
    change = act(request(world, "major", assignee="engineer"), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", changer, now=MONDAY)
    with pytest.raises(ActionConflict):
        act(change, "ask_approval", world.lead)
    change = act(change, "assess", changer, now=MONDAY, risk="high", assessment="需停机")
    role(world.engineer, "change_approver")
    change = act(change, "ask_approval", world.lead, now=MONDAY)

    made = ApprovalRound.objects.get()
    assert {("engineer", "implementer"), ("lead", "requester")} <= set(
        made.excluded.values_list("person__username", "why")
    )
    with pytest.raises(ActionForbidden):
        approve(change, leader)
    change = approve(change, head, leader)
    with pytest.raises(ActionForbidden):
        approve(change, world.engineer)
    change = approve(change, world.approver)
    change = act(change, "start", world.engineer, now=later(35))
    change = act(change, "implement", world.engineer, now=later(36), result="deviated", text="超时十分钟")
    with pytest.raises(ActionConflict):
        act(change, "confirm_result", world.engineer)
    answers = {"expected_reached": "yes", "rating": "fair", "business_view": "good", "interruption_minutes": "10"}
    change = act(change, "review", changer, now=later(40), **answers, lessons="预留时间")
    assert (change.expected_reached, change.interruption_minutes, change.reviewed_by) == (True, 10, changer)
    assert act(change, "close", world.engineer, now=later(41)).state == "closed"


@pytest.mark.req("CHG-02", "API-01")
def test_programs_read_a_standard_change_with_the_version_of_its_template(world: World) -> None:
    change = order(world)
    answer = Api(world.engineer).get(f"changes/{change.number}/")

    assert answer.status_code == 200
    named = answer.json()["template_version"]
    assert (named["code"], named["name"][-3:]) == ("extend-disk", " v1")


@pytest.mark.req("CHG-02", "CHG-01")
def test_standard_change_is_ordered_and_scheduled_at_once(world: World, client: Client) -> None:
    """Three clicks, also out of an incident; it keeps the version that it was approved with."""
    incident = incident_in("in_progress", world)
    client.force_login(reload_user(world.engineer))
    assert f'value="{incident.number}"' in client.get(f"/changes/new/?from={incident.number}").content.decode()
    assert "extend-disk" in client.get(f"/changes/catalogue/?from={incident.number}").content.decode()
    page = client.get(f"/changes/catalogue/extend-disk/?from={incident.number}").content.decode()
    assert f'value="{incident.number}"' in page
    made = client.post(
        "/changes/catalogue/extend-disk/", {"raised_from": incident.number, "business_system": "intranet-mail"}
    )
    change = Change.objects.get()
    assert (made.status_code, change.state, change.change_type_id) == (302, "scheduled", "standard")
    assert change.raised_from_id == incident.pk
    assert (change.assignee, change.group) == (world.engineer, world.engineer.support_groups.get())
    assert last_entry(incident).action == "change_raised"

    template = ChangeTemplate.objects.get(code="extend-disk")
    template.plan_zh = "新的步骤"
    template.save()
    assert publish(template=template, by=world.admin, now=MONDAY)
    assert "新的步骤" not in str(Change.objects.values_list("template_version__content", flat=True).get())
    client.force_login(reload_user(world.requester))
    assert client.get("/changes/catalogue/").status_code == 403


@pytest.mark.req("CHG-02")
def test_template_that_fails_too_often_is_no_longer_offered(world: World) -> None:
    template = ChangeTemplate.objects.get(code="extend-disk")
    template.group = world.engineer.support_groups.get()
    template.save()
    for number in range(2):
        change = act(order(world, planned_end=later(3).isoformat()), "start", world.engineer, now=later(number))
        act(change, "back_out_now", world.engineer, now=later(number + 1), text="失败")
    template.refresh_from_db()
    assert not template.approved
    assert not judge(change=change, template=template, now=MONDAY)
    told = Notice.objects.get(event="template_lost")
    assert world.people["changer"].pk in set(told.deliveries.values_list("recipient", flat=True))
    assert Change.objects.first().template_version == change.template_version  # type: ignore[union-attr]
    with pytest.raises(ActionInvalid):
        order(world)


@pytest.mark.req("CHG-02")
def test_an_order_page_opened_before_the_pre_approval_was_lost_says_so_and_keeps_what_was_typed(
    world: World, client: Client
) -> None:
    ChangeTemplate.objects.filter(code="extend-disk").update(approved=False)
    client.force_login(reload_user(world.engineer))
    page = client.post("/changes/catalogue/extend-disk/", {"summary": "扩容日志盘"})
    assert (page.status_code, Change.objects.count()) == (409, 0)
    assert "扩容日志盘" in page.content.decode()
    assert 'role="alert"' in page.content.decode()
    assert client.get("/changes/catalogue/extend-disk/").status_code == 200
    ChangeTemplate.objects.filter(code="extend-disk").update(active=False)
    assert client.get("/changes/catalogue/extend-disk/").status_code == 404


@pytest.mark.req("CHG-02")
def test_emergency_is_decided_by_leaders_and_recorded_afterwards(world: World) -> None:
    incident = incident_in("in_progress", world)
    one: dict[str, Any] = {"raised_from": incident.number, "planned_start": "", "planned_end": ""}
    change = act(request(world, "emergency", **one), "submit", world.lead, now=MONDAY)
    assert change.record_since is None
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    change = approve(change, world.people["leader"], world.people["head"])
    again = request(world, "emergency", **one)
    with pytest.raises(ActionConflict):
        act(again, "submit", world.lead)

    change = act(change, "start", world.engineer, now=later(1))
    change = act(change, "implement", world.engineer, now=later(2), result="as_planned")
    assert change.record_since == later(2)
    answers = {"expected_reached": "yes", "rating": "good", "business_view": "good", "interruption_minutes": "0"}
    change = act(change, "review", world.people["changer"], now=later(3), **answers)
    with pytest.raises(ActionConflict):
        act(change, "close", world.engineer)
    change = act(change, "complete_record", world.engineer, effect="无", plan="重启", back_out="无需")
    assert act(change, "close", world.engineer).state == "closed"
    assert act(again, "submit", world.lead).state == "submitted"
    assert last_entry(incident).action in ("change_raised", "change_ended")


@pytest.mark.req("CHG-01")
@pytest.mark.parametrize(("scope", "refused"), [("building", True), ("own", True), ("test", False)])
def test_what_is_out_of_scope_is_refused(world: World, scope: str, refused: bool) -> None:
    if not refused:
        assert request(world, scope=scope).scope == scope
        return
    with pytest.raises(ActionInvalid) as found:
        request(world, scope=scope)
    assert list(found.value.form.errors) == ["scope"]


@pytest.mark.req("CHG-03")
def test_edit_of_substance_is_announced_and_lets_approvals_fall(world: World) -> None:
    """An edit of the window says what would fall; a typo of the summary keeps it; items and steps are of substance."""
    change = approve(asked_simple(world), world.approver)
    change = act(change, "edit", world.lead, now=later(1), summary="升级数据库集群")
    assert (change.state, ApprovalRound.objects.get().outcome) == ("scheduled", "approved")
    edits: tuple[tuple[str, dict[str, Any]], ...] = (
        ("edit", {"planned_end": "2026-11-24T23:00"}),
        ("add_step", {"what": "备份"}),
    )
    for name, typed in edits:
        with pytest.raises(ActionInvalid) as found:
            act(change, name, world.lead, **typed)
        assert list(found.value.form.errors) == ["let_approvals_fall"]
    change = act(change, "edit", world.lead, now=later(2), planned_end="2026-11-24T23:00", let_approvals_fall="on")

    assert (change.state, ApprovalRound.objects.get().outcome) == ("accepted", "fallen")
    assert "2026-11-24" in Notice.objects.get(event="approval_fell").payload["text"]["zh"]
    with pytest.raises(ActionConflict):
        act(change, "start", world.engineer)


@pytest.mark.req("CHG-03", "NTF-04")
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Shanghai"])
def test_all_read_the_same_times_of_what_let_approvals_fall(world: World, zone: str) -> None:
    """Whatever the zone of whoever edited it: those of the portal, and it is said which that is."""
    change = approve(asked_simple(world), world.approver)
    digest = ApprovalRound.objects.get().digest
    typed = {"planned_end": "2026-11-24T23:00+08:00", "let_approvals_fall": "on"}
    with timezone.override(zone):
        assert digest_of(lines_of(question_of("change", PURPOSE), change)) == digest
        act(change, "edit", world.lead, now=later(2), **typed)

    text = Notice.objects.get(event="approval_fell").payload["text"]
    for language in ("zh", "en"):
        assert "2026-11-24 22:00 (UTC+08:00) → 2026-11-24 23:00 (UTC+08:00)" in text[language]


@pytest.mark.req("CHG-03")
def test_refusal_and_condition_move_the_change(world: World) -> None:
    change = approve(asked_simple(world), world.approver, verdict="return", reason="改到周末")
    assert change.state == "accepted"
    change = act(change, "ask_approval", world.lead, now=later(1))
    change = approve(change, world.approver, verdict="refuse", reason="风险过高")
    assert (change.state, change.phase) == ("rejected", "closed")


@pytest.mark.req("CHG-06")
def test_run_sheet_records_times_and_is_copied_without_them(world: World, client: Client) -> None:
    change = request(world)
    change = act(change, "add_step", world.lead, what="备份", person="engineer", check_text="校验")
    change = act(change, "add_step", world.lead, what="升级")
    change = act(change, "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    change = act(change, "start", world.engineer, now=later(35))
    act(change, "report_step", world.engineer, now=later(35.5), step=1, status="started")
    act(change, "report_step", world.engineer, now=later(36), step=1, status="done")
    step = PlanStep.objects.get(change=change, position=1)
    assert (step.status, step.started_at, step.ended_at) == ("done", later(35.5), later(36))

    client.force_login(reload_user(world.lead))
    page = client.get(f"/changes/new/?copy={change.number}").content.decode()
    assert "升级数据库" in page
    copy = request(world, copy_of=change.number)
    assert list(copy.steps.values_list("what", "status")) == [("备份", "planned"), ("升级", "planned")]
    assert not ApprovalRound.objects.filter(ticket=copy).exists()


@pytest.mark.req("API-01", "CHG-03")
def test_pages_and_api_show_a_change_and_its_approvals(world: World, client: Client) -> None:
    change = asked_simple(world)
    [row] = Api(world.lead).results(f"changes/{change.number}/approvals/")
    assert (row["outcome"], row["steps"][0]["rule"]) == ("open", "any")
    client.force_login(reload_user(world.approver))
    assert client.get("/approvals/").content.decode().count(change.number) >= 1
    client.force_login(reload_user(world.lead))
    assert client.get("/changes/").status_code == 200
    assert "change-panel" in client.get(f"/tickets/{change.number}/").content.decode()
    client.force_login(reload_user(world.requester))
    assert client.get(f"/tickets/{change.number}/").status_code == 404


@pytest.mark.req("CHG-03")
def test_policies_are_published_once(world: World) -> None:
    from approvals.models import Policy  # beside its only use

    assert [publish_policy(policy=one, by=None, now=MONDAY) for one in Policy.objects.all()] == [None] * 3
    assert WINDOW["planned_start"] < WINDOW["planned_end"]


@pytest.mark.req("CHG-01")
def test_a_request_says_how_soon_it_is_wanted(world: World) -> None:
    """Medium unless said; on the page, in the list, by API; no approval binds to it."""
    api = Api(world.lead)
    usual, soon = request(world), request(world, precedence="high")
    assert (usual.precedence, soon.precedence) == ("medium", "high")
    assert [one["number"] for one in api.results("changes/?precedence=high")] == [soon.number]
    assert api.get(f"changes/{soon.number}/").json()["precedence"] == "high"
    edited = act(soon, "edit", world.lead, precedence="low", now=MONDAY)
    assert edited.precedence == "low"
    with pytest.raises(ActionInvalid) as refused:
        act(edited, "edit", world.lead, precedence="now", now=MONDAY)
    assert list(refused.value.form.errors) == ["precedence"]
