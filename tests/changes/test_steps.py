"""Steps of a plan lie in its window, move with it, and are read in the reader's own words (CHG-05, CHG-03)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from approvals.content import shown
from changes.approving import further_lines
from changes.models import Change, PlanStep
from changes.plan.drawing import drawn
from tests.api.client import Api
from tests.changes.making import approve, later, request, staffed
from tests.factories import MONDAY, World, act, last_entry, make_user, reload_user
from tickets.errors import ActionConflict, ActionInvalid
from tickets.workspace.my import MyPage

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-05")]
INSIDE: dict[str, Any] = {"planned_from": "2026-11-24T20:30", "planned_to": "2026-11-24T21:00"}


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def planned(world: World) -> Any:
    """A change of 20:00 to 22:00 with a step of half past eight, done by the engineer."""
    return act(request(world), "add_step", world.lead, what="备份", person="engineer", **INSIDE)


def test_a_step_outside_the_window_is_refused_beside_its_time(world: World) -> None:
    with pytest.raises(ActionInvalid) as found:
        act(request(world), "add_step", world.lead, what="备份", **INSIDE | {"planned_to": "2026-11-24T22:01"})
    assert list(found.value.form.errors) == ["planned_to"]
    assert planned(world).steps.count() == 1


@pytest.mark.req("UI-03")
def test_an_end_before_the_beginning_is_refused_at_the_end(world: World) -> None:
    with pytest.raises(ActionInvalid) as found:
        act(request(world), "add_step", world.lead, what="备份", **INSIDE | {"planned_to": "2026-11-24T20:15"})
    assert list(found.value.form.errors) == ["planned_to"]


@pytest.mark.req("UI-03", "TKT-04")
def test_the_log_of_a_step_says_yes_to_its_point_of_no_return_and_no_time(world: World, client: Client) -> None:
    change = act(request(world), "add_step", world.lead, what="切换", no_return="on", **INSIDE)
    client.force_login(reload_user(world.lead))
    entry = client.get(f"/tickets/{change.number}/").text.split("data-timeline")[-1]
    said = re.sub(r"<[^>]+>|\s+", " ", entry)
    assert re.search(r"不可回退点 +是", said)
    assert not re.search(r"不可回退点 +(— →)? *20", said)


@pytest.mark.slow
@pytest.mark.req("CHG-05")
def test_a_person_in_two_places_is_named_once_and_free_windows_lead_to_the_move(world: World, client: Client) -> None:
    first, other = request(world, assignee="engineer"), request(world, assignee="engineer")
    act(first, "submit", world.lead)
    Change.objects.filter(pk=first.pk).update(requester=world.engineer)
    with pytest.raises(ActionConflict) as refused:
        act(other, "submit", world.lead)
    assert str(refused.value.message).count(world.engineer.display_name) == 1
    assert str(refused.value.message).count("Asia/Shanghai") == 3
    client.force_login(reload_user(world.lead))
    page = client.post(f"/tickets/{other.number}/actions/submit/", {"version": other.version})
    assert page.status_code == 409
    [way, *_more] = re.findall(rf'href="(/changes/{other.number}/move/\?start=[^"]+)"', page.text)
    assert client.get(way).status_code == 200


@pytest.mark.req("CHG-04")
def test_the_plan_is_drawn_over_time(world: World, client: Client) -> None:
    """As planned from the beginning of the window on; as it went once it went; nothing without times."""
    change = planned(world)
    chart: Any = drawn(change, list(change.steps.all()), later(35.6))
    assert [(bar.planned[0] > chart["window"][0], bar.actual) for bar in chart["bars"]] == [(True, None)]
    assert chart["window"][0] < chart["now"] < sum(chart["window"])
    change.steps.update(status="done", started_at=later(35.5), ended_at=later(36.5))
    chart = drawn(change, list(change.steps.all()), later(37))
    [bar] = chart["bars"]
    assert (bar.actual[0], bar.actual[1] > bar.planned[1]) == (bar.planned[0], True)
    bare: Any = request(world)
    assert drawn(bare, list(bare.steps.all()), later(0)) is None
    client.force_login(reload_user(world.lead))
    assert "plan-chart" in client.get(f"/tickets/{change.number}/").text


def test_steps_move_with_the_window_and_stay_when_it_is_made_longer(world: World) -> None:
    change = planned(world)
    change = act(change, "edit", world.lead, planned_start="2026-11-24T21:00", planned_end="2026-11-24T23:00")
    assert PlanStep.objects.get().span == (later(36.5), later(37))
    change = act(change, "edit", world.lead, planned_end="2026-11-25T00:00")
    assert PlanStep.objects.get().span == (later(36.5), later(37))


def test_a_plan_with_a_step_left_outside_is_not_submitted(world: World) -> None:
    change = act(planned(world), "edit", world.lead, planned_start="2026-11-24T21:00")
    with pytest.raises(ActionConflict, match=r"1\. 备份"):
        act(change, "submit", world.lead)


@pytest.mark.req("CHG-03", "UI-03")
def test_approvers_read_steps_by_name_and_in_their_own_time(world: World) -> None:
    User.objects.filter(pk=world.engineer.pk).update(full_name="严工")
    change = planned(world)
    text = shown(next(line["value"] for line in further_lines(change) if line["name"] == "steps"))
    assert "1. 备份 · " in text
    assert "严工" in text
    assert "2026-11-24 20:30 – 2026-11-24 21:00" in text


@pytest.mark.req("TKT-04", "UI-03")
def test_the_timeline_says_each_change_once_and_in_local_time(world: World, client: Client) -> None:
    change = act(act(request(world), "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    change = act(change, "add_step", world.lead, what="备份", let_approvals_fall="on", **INSIDE)
    assert "let_approvals_fall" not in last_entry(change).data

    client.force_login(reload_user(world.lead))
    page = client.get(f"/tickets/{change.number}/").text
    assert "2026-11-24 20:30" in page
    assert "2026-11-24T12:30" not in page.split('id="timeline"')[-1].replace('datetime="2026-11-24T12:30', "")


@pytest.mark.req("CHG-06")
def test_nothing_begins_before_the_approved_window_and_nothing_is_asked_in_it(world: World) -> None:
    change = act(act(request(world), "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    begin = change.kind_info.actions["start"]
    assert not begin.asks
    with pytest.raises(ActionConflict, match=r"2026-11-24 20:00.*(move it first|请先移动)"):
        act(change, "start", world.engineer, now=later(1))
    assert act(change, "start", world.engineer, now=later(35)).actual_start == later(35)


@pytest.mark.req("CHG-05")
def test_nobody_does_two_steps_of_a_plan_at_once(world: World) -> None:
    """One behind the other is, beside the other by somebody else too; of two changes it is a collision."""
    world.engineer.employee_number = "0815"
    world.engineer.save()
    make_user("second", "first_line", employee_number="0815")
    change = act(request(world), "add_step", world.lead, now=MONDAY, **step_of("engineer", "20:00", "21:00"))

    for person, begin, end in (
        ("engineer", "20:30", "21:30"),
        ("second", "20:59", "21:30"),
        ("engineer", "20:10", "20:20"),
    ):
        with pytest.raises(ActionInvalid) as refused:
            act(change, "add_step", world.lead, now=MONDAY, **step_of(person, begin, end))
        assert list(refused.value.form.errors) == ["person"]
    for person, begin, end in (("engineer", "21:00", "21:30"), ("engineer2", "20:30", "21:30")):
        act(change, "add_step", world.lead, now=MONDAY, **step_of(person, begin, end))


def step_of(person: str, begin: str, end: str) -> dict[str, str]:
    """A step that the person does in the window of the change."""
    day = "2026-11-24T"
    return {"what": "切换", "person": person, "planned_from": f"{day}{begin}", "planned_to": f"{day}{end}"}


@pytest.mark.req("API-01")
def test_programs_name_a_step_by_the_number_that_they_were_given(world: World) -> None:
    change, api = planned(world), Api(world.lead)
    [step] = api.results(f"changes/{change.number}/steps/")
    taken = api.post(f"changes/{change.number}/actions/remove_step/", {"step": step["step"]})

    assert (taken.status_code, change.steps.count()) == (200, 0)
    assert api.post(f"changes/{change.number}/actions/remove_step/", {"step": True}).status_code == 400


@pytest.mark.req("DESK-02")
def test_whoever_a_step_names_finds_the_change_in_my_work_until_it_is_done(world: World) -> None:
    change = act(request(world), "add_step", world.lead, now=MONDAY, what="备份", person="expert")

    def mine() -> list[str]:
        cards = MyPage(reload_user(world.expert), "mine", later(35)).context()["cards"]
        return [card["row"].number for card in cards]

    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    assert mine() == []
    change = approve(change, world.approver)
    assert mine() == [change.number]
    change = act(change, "start", world.engineer, now=later(35))
    assert mine() == [change.number]
    act(change, "report_step", world.expert, now=later(35), step="1", status="done")
    assert mine() == []


def test_a_step_is_said_anew_and_put_to_another_place(world: World) -> None:
    """Those from there on move back; the point of no return moves with its step."""
    change: Any = request(world)
    for what in ("备份", "切换", "验证"):
        change = act(change, "add_step", world.lead, what=what)
    typed = {"step": 3, "what": "验证业务", "person": "engineer", "no_return": "on", "place": 1, **INSIDE}

    change = act(change, "edit_step", world.lead, **typed)

    rows = [(step.position, step.what, step.person) for step in change.steps.all()]
    assert rows == [(1, "验证业务", world.engineer), (2, "备份", None), (3, "切换", None)]
    assert change.no_return_at == change.steps.get(position=1).planned_from
    change = act(change, "edit_step", world.lead, step=1, what="验证", place=99)
    assert [step.what for step in change.steps.all()] == ["备份", "切换", "验证"]
    assert (change.no_return_at, change.steps.get(position=3).person) == (None, None)


def test_an_edited_step_keeps_the_rules_of_steps_beside_the_others(world: World) -> None:
    change: Any = act(request(world), "add_step", world.lead, what="备份", person="engineer", no_return="on", **INSIDE)
    change = act(change, "add_step", world.lead, what="切换")
    change = act(change, "edit_step", world.lead, step=1, what="全备份", person="engineer", no_return="on", **INSIDE)
    for typed, field in (
        ({"person": "engineer", **INSIDE}, "person"),
        ({"no_return": "on", **INSIDE}, "no_return"),
        ({"step": 7}, "step"),
        ({"place": 0}, "place"),
    ):
        with pytest.raises(ActionInvalid) as refused:
            act(change, "edit_step", world.lead, **{"step": 2, "what": "切换", **typed})
        assert list(refused.value.form.errors) == [field]
    assert [step.what for step in change.steps.all()] == ["全备份", "切换"]


@pytest.mark.req("UX-02")
def test_each_step_is_edited_where_it_stands(world: World, client: Client) -> None:
    change: Any = act(request(world), "add_step", world.lead, what="备份")
    change = act(change, "add_step", world.lead, what="切换", person="engineer", **INSIDE)
    client.force_login(reload_user(world.lead))
    url = f"/tickets/{change.number}/actions/edit_step/?step=2"

    assert f'href="{url}"' in client.get(f"/tickets/{change.number}/").text
    form = client.get(url).text

    assert 'value="切换"' in form
    assert '<option value="2" selected>2. 切换</option>' in form
    assert '<option value="engineer" selected>' in form
    client.force_login(reload_user(world.desk))
    assert "edit_step" not in client.get(f"/tickets/{change.number}/").text


def opened(client: Client, change: Any, action: str, query: str = "") -> dict[str, str]:
    """What the form of an action sends back of what was read."""
    form = client.get(f"/tickets/{change.number}/actions/{action}/{query}").text
    return dict(re.findall(r'<input type="hidden" name="(seen)" value="([^"]+)"', form))


@pytest.mark.req("CHG-04", "TKT-07")
def test_nobody_overwrites_unseen_what_somebody_else_wrote_of_a_step(world: World, client: Client) -> None:
    change: Any = act(request(world), "add_step", world.lead, what="备份")
    client.force_login(reload_user(world.lead))
    url = f"/tickets/{change.number}/actions/edit_step/"
    typed = {"step": "1", "what": "全备份", "check_text": "校验", **opened(client, change, "edit_step", "?step=1")}
    act(change, "edit_step", world.lead, step=1, what="增量备份")

    refused = client.post(url, typed, HTTP_ACCEPT_LANGUAGE="en")

    assert refused.status_code == 422
    assert "Somebody changed this step meanwhile; now it is: 1. 增量备份." in refused.text
    assert "Somebody else saved: 增量备份" in refused.text
    assert 'value="全备份"' in refused.text
    assert change.steps.get().what == "增量备份"
    again = dict(re.findall(r'<input type="hidden" name="(seen)" value="([^"]+)"', refused.text))
    assert client.post(url, typed | again).status_code == 302
    assert (change.steps.get().what, change.steps.get().check_text) == ("全备份", "校验")
    assert "seen" not in last_entry(change).data


@pytest.mark.req("CHG-04", "TKT-07")
def test_the_step_that_was_opened_is_edited_whatever_its_number_is_by_now(world: World, client: Client) -> None:
    change: Any = request(world)
    for what in ("备份", "切换", "验证"):
        change = act(change, "add_step", world.lead, what=what)
    client.force_login(reload_user(world.lead))
    edit, remove = opened(client, change, "edit_step", "?step=2"), opened(client, change, "remove_step")
    act(change, "edit_step", world.lead, step=3, what="验证", place=1)
    url = f"/tickets/{change.number}/actions/edit_step/"

    other = client.post(url, {"step": "1", "what": "另一步", **edit}, HTTP_ACCEPT_LANGUAGE="en")
    assert "Another step was opened" in other.text
    assert client.post(url, {"step": "2", "what": "切换业务", **edit}).status_code == 302
    assert [step.what for step in change.steps.all()] == ["验证", "备份", "切换业务"]
    url = f"/tickets/{change.number}/actions/remove_step/"
    told = client.post(url, {"step": "2", **remove}, HTTP_ACCEPT_LANGUAGE="en")  # "切换" when it was read
    assert (told.status_code, "now it is: 3. 切换业务" in told.text) == (422, True)
    assert client.post(url, {"step": "1", **remove}).status_code == 302
    assert [step.what for step in change.steps.all()] == ["验证", "切换业务"]


@pytest.mark.req("CHG-04", "TKT-07")
def test_a_step_that_is_gone_is_said_to_be_gone_and_no_other_takes_its_place(world: World, client: Client) -> None:
    change: Any = act(request(world), "add_step", world.lead, what="备份")
    change = act(change, "add_step", world.lead, what="切换")
    client.force_login(reload_user(world.lead))
    typed = {"step": "1", "what": "全备份", **opened(client, change, "edit_step", "?step=1")}
    act(change, "remove_step", world.lead, step=1)

    refused = client.post(f"/tickets/{change.number}/actions/edit_step/", typed, HTTP_ACCEPT_LANGUAGE="en")

    assert (refused.status_code, "Somebody removed this step meanwhile." in refused.text) == (422, True)
    assert 'value="全备份"' in refused.text
    assert '<option value="2">2. 切换' not in refused.text
    assert change.steps.get().what == "切换"


@pytest.mark.req("API-01", "CHG-04")
def test_programs_send_back_what_they_read_of_a_step(world: World) -> None:
    change, api = planned(world), Api(world.lead)
    [step] = api.results(f"changes/{change.number}/steps/")
    sent = {"step": step["step"], "what": "全备份", "seen": step["seen"]}
    act(change, "edit_step", world.lead, step=1, what="增量备份")

    for name, asked in (("edit_step", sent), ("remove_step", {"step": 1, "seen": step["seen"]})):
        refused = api.post(f"changes/{change.number}/actions/{name}/", asked)
        assert (refused.status_code, "step" in refused.json()["errors"]) == (400, True)
    [step] = api.results(f"changes/{change.number}/steps/")
    taken = api.post(f"changes/{change.number}/actions/edit_step/", sent | {"seen": step["seen"]})
    assert (taken.status_code, change.steps.get().what) == (200, "全备份")


@pytest.mark.slow
def test_the_run_sheet_is_worked_at_once_it_is_scheduled_and_its_words_begin_with_one(
    world: World, client: Client
) -> None:
    """Nobody works at a draft; a step without a person begins with its time; the hours at the edges are whole."""
    change: Any = request(world)
    change = act(change, "add_step", world.lead, what="备份", **INSIDE)
    client.force_login(reload_user(world.lead))
    page = client.get(f"/tickets/{change.number}/", HTTP_ACCEPT_LANGUAGE="en").text
    assert "Work at it" not in page
    assert re.search(r'class="muted parted">\s*<span><time', page)
    chart = drawn(change, list(change.steps.all()), MONDAY)
    assert chart is not None
    assert [anchor for _x, anchor, _moment in chart["hours"]][0::2] == ["start", "end"]
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    assert "Work at it" in client.get(f"/tickets/{change.number}/", HTTP_ACCEPT_LANGUAGE="en").text
