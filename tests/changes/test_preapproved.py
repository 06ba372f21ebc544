"""What was approved beforehand stays as it was ordered; types are chosen in the draft; moves look where they lead."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.leaving import switch_off
from approvals.content import lines_of
from approvals.models import ApprovalRound
from approvals.questions import question_of
from changes.collision.collisions import collisions_of
from changes.models import Change
from changes.schedule.freeze_models import FreezeRule
from tests.api.client import Api
from tests.changes.making import approve, later, request, sign, staffed
from tests.factories import MONDAY, World, act, last_entry, make_item, make_system, register_incident, reload_user
from tickets.actions import available_actions, perform
from tickets.errors import ActionConflict, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-02")]
#: What the template said and the order named, with another value.
CONTENT: dict[str, Any] = {
    "description": "删库",
    "reason": "另一个原因",
    "effect": "全部中断",
    "plan": "删除全部数据",
    "back_out": "无",
    "back_out_tested": "无",
    "resources": "二十人",
    "scope": "test",
    "domain": "application",
    "business_system": "core-db",
    "change_type": "simple",
}
#: Every action that changes what was approved with the template, with input that fits any other change.
ACTIONS: dict[str, dict[str, Any]] = {
    "add_step": {"what": "多一步"},
    "edit_step": {"step": 1, "what": "另一步"},
    "remove_step": {"step": 1},
    "add_items": {"items": ["db-9"]},
    "add_items_by_query": {"ci_class": "server", "confirmed": "on"},
    "remove_items": {"items": ["app-1"]},
    "remove_items_by_query": {"ci_class": "server", "confirmed": "on"},
    "prepare_value": {"item": "app-1", "attribute": "name", "value": "x"},
    "prepare_item": {"identifier": "new-1", "ci_class": "server", "name": "new-1", "status": "in_use"},
    "prepare_relation": {"item": "app-1", "relation_type": "runs_on", "other": "db-9"},
    "drop_edit": {"edit": 1},
}
WINDOW = {"planned_start": "2026-11-24T20:00", "planned_end": "2026-11-24T20:30"}


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need, and what orders are about."""
    make_item("app-1")
    make_item("db-9")
    make_system("core-db")
    return staffed(world)


def order(world: World, **data: Any) -> Any:
    """A restart that the lead orders for Tuesday evening."""
    typed = {"template": "restart-service", "items": ["app-1"], **WINDOW, **data}
    return perform(Change(), "order", user=world.lead, data=typed, now=MONDAY).ticket


def content_of(change: Any) -> list[Any]:
    """What an approval would be about, without the window and the times of steps, which move with it."""
    fresh = Change.objects.get(pk=change.pk)
    lines = lines_of(question_of("change", "change"), fresh)
    steps = [(step.what, step.check_text, step.back_out) for step in fresh.steps.all()]
    other = (fresh.domain_id, fresh.scope, fresh.back_out_tested, steps)
    return [*(line for line in lines if line["name"] not in ("planned_start", "planned_end", "steps")), *other]


@pytest.mark.parametrize("field", CONTENT)
@pytest.mark.req("CHG-02", "CHG-03")
def test_what_the_template_said_is_not_edited_after_the_order(world: World, field: str) -> None:
    change = order(world)
    before = content_of(change)
    with pytest.raises(ActionInvalid) as refused:
        act(change, "edit", world.lead, now=MONDAY, **{field: CONTENT[field], "let_approvals_fall": "on"})
    why = ("template", "模板") if field != "change_type" else ("draft", "草稿", "template", "模板")
    assert any(word in str(refused.value.form.errors) for word in why)
    answer = Api(world.lead).post(f"changes/{change.number}/actions/edit/", {field: CONTENT[field]})
    assert answer.status_code in (400, 422)
    assert content_of(change) == before


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.req("CHG-02", "CHG-03")
def test_no_action_changes_what_was_approved_beforehand(world: World, name: str) -> None:
    change = order(world)
    before = content_of(change)
    for person in (world.lead, world.people["changer"]):
        with pytest.raises(ActionConflict) as refused:
            perform(change, name, user=person, data=ACTIONS[name], now=MONDAY)
        if name != "drop_edit":
            assert any(word in str(refused.value.message) for word in ("template", "模板"))
        assert name not in {item.action.name for item in available_actions(change, person) if item.enabled}
    assert content_of(change) == before


@pytest.mark.req("CHG-02", "CHG-03")
def test_every_action_of_substance_is_among_those(world: World) -> None:
    """A later one is not forgotten: whatever an approval binds to is closed to what was approved beforehand."""
    change = order(world)
    named = set(question_of("change", "change").actions(change))
    assert named - {"order"} == set(ACTIONS)


@pytest.mark.req("CHG-02", "CHG-05")
def test_summary_window_and_implementers_of_an_order_may_change(world: World, client: Client) -> None:
    """Its steps move with the window, and are shorter alike in a shorter one: nobody could mend them by hand."""
    change = order(world)
    change = act(change, "edit", world.lead, now=MONDAY, summary="重启网关，周二晚")
    change = act(change, "choose_implementers", world.lead, now=MONDAY, group="host", assignee="engineer")
    moved = {"planned_start": "2026-11-25T20:00", "planned_end": "2026-11-25T20:15"}
    change = act(change, "edit", world.lead, now=MONDAY, **moved)
    assert (change.summary, change.assignee, change.state) == ("重启网关，周二晚", world.engineer, "scheduled")
    spans = [step.span for step in change.steps.all()]
    assert (spans[0][0], spans[-1][1]) == (change.planned_start, change.planned_end)
    assert all(begin < until for begin, until in spans)
    answer = Api(world.lead).post(
        f"changes/{change.number}/actions/edit/", {"plan": change.plan, "summary": "仍然一样"}
    )
    assert answer.status_code == 200, answer.content
    client.force_login(reload_user(world.lead))
    page = client.get(f"/tickets/{change.number}/actions/edit/").content.decode()
    assert ('name="summary"' in page, 'name="plan"' in page, 'name="change_type"' in page) == (True, False, False)


@pytest.mark.req("CHG-02", "CHG-03")
@pytest.mark.parametrize(("before", "after"), [("simple", "emergency"), ("major", "simple"), ("simple", "major")])
def test_the_type_is_chosen_in_the_draft(world: World, before: str, after: str, client: Client) -> None:
    """Each type has a path of its own: who has gone a part of one does not go on with another."""
    drafted = request(world, before)
    assert act(drafted, "edit", world.lead, now=MONDAY, change_type=after).change_type_id == after
    act(Change.objects.get(pk=drafted.pk), "edit", world.lead, now=MONDAY, change_type=before)
    change: Any = act(
        request(world, before, planned_start="", planned_end=""), "edit", world.lead, now=MONDAY, **LATER
    )
    changer = world.people["changer"]
    for name, person in (("submit", world.lead), ("accept", changer)):
        change = act(change, name, person, now=MONDAY)
        with pytest.raises(ActionInvalid) as refused:
            act(change, "edit", world.lead, now=MONDAY, change_type=after, let_approvals_fall="on")
        assert list(refused.value.form.errors) == ["change_type"]
        assert any(word in str(refused.value.form.errors) for word in ("draft", "草稿"))
        assert Change.objects.get(pk=change.pk).change_type_id == before
        change = act(change, "edit", world.lead, now=MONDAY, summary="别的不拦", change_type=before)
    change = act(change, "send_back", changer, now=MONDAY, text="换个类型")
    change = act(change, "edit", world.lead, now=MONDAY, change_type=after)
    assert (change.change_type_id, change.state) == (after, "draft")


LATER = {"planned_start": "2026-11-27T20:00", "planned_end": "2026-11-27T22:00"}


@pytest.mark.req("CHG-02")
def test_the_record_of_an_emergency_is_owed_by_emergencies_alone(world: World) -> None:
    """Sent back and drafted anew as another type, nothing is owed any more."""
    change: Any = act(request(world, "emergency"), "submit", world.lead, now=MONDAY)
    Change.objects.filter(pk=change.pk).update(record_since=MONDAY)  # as earlier releases did
    change = Change.objects.get(pk=change.pk)
    change = act(change, "send_back", world.people["changer"], now=MONDAY, text="不急")
    change = act(change, "edit", world.lead, now=MONDAY, change_type="simple")
    assert act(change, "submit", world.lead, now=later(1)).record_since is None


@pytest.fixture
def freeze() -> FreezeRule:
    """Wednesday evening."""
    span = {"starts_at": later(24 * 2 + 11), "ends_at": later(24 * 2 + 13)}
    return FreezeRule.objects.create(code="audit", name_zh="审计", name_en="Audit", kind="span", **span)


INTO = {"planned_start": "2026-11-25T20:30", "planned_end": "2026-11-25T21:00"}


@pytest.mark.req("CHG-05")
def test_what_was_approved_beforehand_is_not_moved_into_a_freeze(
    world: World, freeze: FreezeRule, client: Client
) -> None:
    """By edit, by the page that dragging opens, by the page of free windows, by API: refused with windows to take."""
    change = order(world)
    with pytest.raises(ActionConflict) as refused:
        act(change, "edit", world.lead, now=MONDAY, **INTO)
    said = str(refused.value.message)
    assert "审计" in said or "Audit" in said
    assert "2026-11-25 22:00" in said or "2026-11-26 20:30" in said
    by_api = {name: f"{moment}:00+08:00" for name, moment in INTO.items()}
    answer = Api(world.lead).post(f"changes/{change.number}/actions/edit/", by_api)
    assert answer.status_code == 409, answer.content
    client.force_login(reload_user(world.lead))
    for page in ("move", "windows"):
        answer = client.post(f"/changes/{change.number}/{page}/", INTO)
        assert (page, answer.status_code) == (page, 409)
        assert "2026-11-2" in answer.content.decode()
        assert any(word in answer.content.decode() for word in ("Hard collision", "硬冲突"))
    change = Change.objects.get(pk=change.pk)
    assert (change.state, change.planned_start) == ("scheduled", later(24 + 11))
    assert last_entry(change).action == "order"


@pytest.mark.req("CHG-05")
def test_a_signature_for_that_window_lets_it_be_moved_back_there(world: World, freeze: FreezeRule) -> None:
    FreezeRule.objects.update(active=False)
    change = order(world, **INTO)
    FreezeRule.objects.filter(pk=freeze.pk).update(active=True)
    change = sign(change, world.people["changer"], text="监管要求")
    change = act(change, "edit", world.lead, now=MONDAY, **WINDOW)
    shifted = {"planned_start": "2026-11-25T20:15", "planned_end": "2026-11-25T20:45"}
    with pytest.raises(ActionConflict):
        act(change, "edit", world.lead, now=MONDAY, **shifted)
    assert act(change, "edit", world.lead, now=MONDAY, **INTO).state == "scheduled"


@pytest.mark.req("CHG-05", "CHG-03")
def test_what_was_approved_by_people_is_moved_there_and_asked_about_anew(world: World, freeze: FreezeRule) -> None:
    """Its approval falls with the window; it is put up again only when somebody signed for the new one."""
    changer = world.people["changer"]
    change: Any = act(act(request(world), "submit", world.lead, now=MONDAY), "accept", changer, now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    change = act(change, "edit", world.lead, now=MONDAY, **INTO, let_approvals_fall="on")
    change = Change.objects.get(pk=change.pk)
    assert change.state == "accepted"
    with pytest.raises(ActionConflict):
        act(change, "ask_approval", world.lead, now=MONDAY)
    change = sign(change, changer, text="监管要求")
    assert act(change, "ask_approval", world.lead, now=MONDAY).state == "approving"


@pytest.mark.req("CHG-02")
def test_no_second_emergency_for_one_cause_before_the_first_is_reviewed(world: World) -> None:
    """The cause is what it was raised from, and what both touch."""
    incident, other = register_incident(world.desk), register_incident(world.desk, summary="另一个")
    first: Any = act(emergency(world, raised_from=incident.number, items=["app-1"]), "submit", world.lead, now=MONDAY)
    with pytest.raises(ActionConflict, match=first.number):
        act(emergency(world, raised_from=incident.number), "submit", world.lead, now=MONDAY)
    with pytest.raises(ActionConflict, match=first.number):
        act(emergency(world, items=["app-1"]), "submit", world.lead, now=MONDAY)
    assert act(emergency(world, items=["db-9"]), "submit", world.lead, now=MONDAY).state == "submitted"
    named = emergency(world, raised_from=other.number, items=["app-1"])
    with pytest.raises(ActionConflict, match=first.number):
        act(named, "submit", world.lead, now=MONDAY)
    with pytest.raises(ActionConflict):
        act(emergency(world), "submit", world.lead, now=MONDAY)
    for one in Change.objects.filter(change_type="emergency"):
        if one.state == "submitted":
            act(one, "reject", world.people["changer"], now=MONDAY, text="不做")
    assert act(emergency(world, items=["app-1"]), "submit", world.lead, now=MONDAY).state == "submitted"


@pytest.mark.req("CHG-02")
def test_emergencies_without_a_ticket_have_one_cause_when_they_touch_the_same_system(world: World) -> None:
    make_system("mail")
    first = act(emergency(world, business_system="core-db"), "submit", world.lead, now=MONDAY)
    with pytest.raises(ActionConflict, match=first.number):
        act(emergency(world, business_system="core-db"), "submit", world.lead, now=MONDAY)
    assert act(emergency(world, business_system="mail"), "submit", world.lead, now=MONDAY).state == "submitted"


@pytest.mark.req("CHG-02")
def test_the_cause_is_asked_about_again_before_the_question_for_approval(world: World) -> None:
    """Items that come later make two of one cause."""
    act(emergency(world, items=["app-1"]), "submit", world.lead, now=MONDAY)
    second = act(emergency(world, items=["db-9"]), "submit", world.lead, now=MONDAY)
    second = act(second, "add_items", world.lead, now=MONDAY, items=["app-1"])
    with pytest.raises(ActionConflict):
        act(second, "ask_approval", world.lead, now=MONDAY)
    assert not ApprovalRound.objects.filter(ticket=second.pk).exists()


def emergency(world: World, **data: Any) -> Any:
    """A draft of an emergency without a window."""
    typed = {"change_type": "emergency", "summary": "紧急", "reason": "中断", "group": "host", **data}
    return perform(Change(), "register", user=world.lead, data=typed, now=MONDAY).ticket


@pytest.mark.req("CHG-02")
def test_an_order_keeps_what_its_template_said_when_it_was_ordered(world: World) -> None:
    """Trap 21: the template is edited after the order; the open change keeps content, steps and version."""
    change = order(world)
    before, version = content_of(change), change.template_version_id
    url = "change-templates/restart-service/"
    steps = [{"what_zh": "只有一步", "what_en": "One step", "minutes": 10}]
    answer = Api(world.people["changer"]).get(url).json()
    sent = {
        "plan_zh": "全新的计划",
        "plan_en": "A new plan",
        "back_out_zh": "新的回退",
        "back_out_en": "new",
        "steps": steps,
    }
    answer = Api(world.people["changer"]).post(url, sent)
    assert answer.status_code == 200, answer.content
    assert (content_of(change), Change.objects.get(pk=change.pk).template_version_id) == (before, version)
    moved = {"planned_start": "2026-11-26T20:00", "planned_end": "2026-11-26T20:30"}
    change = act(change, "edit", world.lead, now=MONDAY, **moved)
    assert (content_of(change), change.template_version_id) == (before, version)


@pytest.mark.req("CHG-02", "CHG-05")
def test_its_steps_are_of_whoever_implements_it_now(world: World) -> None:
    """Chosen by somebody, handed on when its implementer is switched off, or begun by whoever takes it."""
    change = act(order(world), "choose_implementers", world.lead, now=MONDAY, group="host", assignee="engineer")
    assert persons(change) == {world.engineer.pk}
    change = act(change, "choose_implementers", world.lead, now=MONDAY, group="host", assignee="engineer2")
    assert persons(change) == {world.engineer2.pk}
    make_system("other")
    second = order(world, template="extend-disk", items=[], business_system="other")
    second = act(second, "choose_implementers", world.lead, now=MONDAY, group="host", assignee="engineer")
    assert not [one for one in collisions_of(second, MONDAY) if one.reason == "person"]
    act(second, "cancel", world.lead, now=MONDAY, text="不做了")
    switch_off(user=world.engineer2, by=world.admin, now=later(1))
    change = Change.objects.get(pk=change.pk)
    assert persons(change) == {change.assignee_id}
    assert world.engineer2.pk not in persons(change)
    change = act(change, "choose_implementers", world.lead, now=later(2), group="host", assignee="")
    assert persons(change) == {None}
    begun = act(change, "start", world.engineer, now=change.planned_start)
    assert persons(begun) == {world.engineer.pk}


def persons(change: Any) -> set[int | None]:
    """Keys of the persons of its steps."""
    found = set(change.steps.values_list("person", flat=True))
    assert change.steps.count() > 1
    return found
