"""The run sheet: reports that say when they happened, refused when the step moved on, by page and API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.api.client import Api
from tests.changes.making import approve, change_in, later, request, staffed
from tests.factories import MONDAY, World, act, last_entry, reload_user
from tickets import clock
from tickets.errors import ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-06")]


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def begun(world: World) -> Any:
    """A change with two steps that the engineer's group carries out since ``later(35)``."""
    change = act(request(world), "add_step", world.lead, what="备份", back_out="删除备份")
    change = act(change, "add_step", world.lead, what="切换")
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    return act(change, "start", world.engineer, now=later(35))


def refused(change: Any, user: Any, **typed: Any) -> dict[str, list[str]]:
    """The errors of a report that is refused at ``later(36)``."""
    with pytest.raises(ActionInvalid) as caught:
        act(change, "report_step", user, now=later(36), **typed)
    return {name: [str(text) for text in texts] for name, texts in caught.value.form.errors.items()}


def test_a_report_says_when_it_happened_beside_when_it_came_in(world: World) -> None:
    change = begun(world)
    typed: dict[str, Any] = {"step": 1, "status": "done", "at": later(35.25).isoformat(), "text": "已校验"}
    change = act(change, "report_step", world.engineer, now=later(36), **typed)
    step = change.steps.get(position=1)
    assert (step.started_at, step.ended_at, step.received_at) == (later(35.25), later(35.25), later(36))
    assert (step.reported_by, step.note, step.came_late) == (world.engineer, "已校验", True)
    entry = last_entry(change)
    assert (entry.at, entry.data["at"]) == (later(36), later(35.25).isoformat())
    change = act(change, "back_out_step", world.engineer, now=later(36.5), step=1)
    step = change.steps.get(position=1)
    assert (step.ended_at, step.came_late, step.note) == (later(36.5), False, "已校验")


def test_a_report_of_what_cannot_have_been_is_refused(world: World) -> None:
    change = begun(world)
    assert "at" in refused(change, world.engineer, step=1, status="done", at=later(34.9).isoformat())
    assert "at" in refused(change, world.engineer, step=1, status="done", at=later(36.1).isoformat())
    slow = later(35 - 0.5 / 60).isoformat()  # a clock that is half a minute behind
    change = act(change, "report_step", world.engineer, now=later(36), step=1, status="started", at=slow)
    assert change.steps.get(position=1).started_at == later(35)
    assert "at" in refused(change, world.engineer, step=1, status="done", at=later(34).isoformat())


def test_a_report_on_something_older_is_refused_with_what_happened(world: World) -> None:
    change = begun(world)
    change = act(change, "report_step", world.engineer2, now=later(35.5), step=1, status="failed")
    said = refused(change, world.engineer, step=1, status="done", seen="planned")["step"]
    name = world.engineer2.display_name
    assert len(said) == 1
    assert name in said[0]
    assert "20:30" in said[0]  # in Shanghai
    sent = Api(reload_user(world.engineer)).post(
        f"changes/{change.number}/actions/report_step/", {"step": "1", "status": "done", "seen": "planned"}
    )
    assert "20:30" in sent.json()["errors"]["step"][0]  # where moments of answers are UTC
    assert change.steps.get(position=1).status == "failed"
    change = act(change, "report_step", world.engineer, now=later(36), step=1, status="done", seen="failed")
    change = act(change, "back_out_step", world.engineer2, now=later(36), step=1)
    with pytest.raises(ActionInvalid) as caught:
        act(change, "back_out_step", world.engineer, now=later(36), step=1, seen="done")
    assert [name in str(text) for text in caught.value.form.errors["step"]] == [True]


def test_nobody_sends_what_somebody_else_pressed(world: World) -> None:
    change = begun(world)
    assert set(refused(change, world.engineer2, step=1, status="done", by="engineer")) == {"by"}
    act(change, "report_step", world.engineer, now=later(36), step=1, status="done", by="engineer")


def test_what_is_sent_twice_is_reported_once(world: World, client: Client) -> None:
    change = change_in("implementing", world)
    client.force_login(reload_user(world.engineer))
    url, body = f"/api/v1/changes/{change.number}/actions/report_step/", {"step": "1", "status": "done"}
    key = {"Idempotency-Key": "0123456789abcdef"}
    typed: Any = {**body, "seen": "started", "by": "engineer", "at": clock.now().isoformat()}
    first = client.post(url, typed, content_type="application/json", headers=key)
    second = client.post(url, typed, content_type="application/json", headers=key)
    assert (first.status_code, second.status_code, second.headers["Idempotency-Replayed"]) == (200, 200, "true")
    assert change.timeline.filter(action="report_step", data__status="done").count() == 1
    told = client.get(f"/api/v1/changes/{change.number}/steps/").json()["results"]
    assert [(one["step"], one["status"], one["reported_by"]["username"]) for one in told] == [(1, "done", "engineer")]


def test_the_page_reports_without_scripts_and_says_what_was_refused(world: World, client: Client) -> None:
    change = change_in("implementing", world)
    client.force_login(reload_user(world.engineer))
    url = f"/changes/runs/{change.number}/"
    page = client.get(url).content.decode()
    assert page.count('name="status"') == 4
    assert 'data-status="started"' in page
    done = {"step": "1", "status": "done", "seen": "started", "text": "好"}
    assert client.post(url, done)["Location"] == f"{url}#step-1"
    answer = client.post(url, done)
    assert (answer.status_code, answer.content.decode().count('role="alert"')) == (409, 2)  # one waits to be copied
    back = client.post(url, {"step": "1", "status": "backed_out", "seen": "done"})
    assert (back.status_code, change.steps.get(position=1).status) == (302, "backed_out")


def test_the_page_offers_nothing_to_those_who_do_not_carry_it_out(world: World, client: Client) -> None:
    change = change_in("implementing", world)
    client.force_login(reload_user(world.people["changer"]))
    page = client.get(f"/changes/runs/{change.number}/").content.decode()
    assert 'name="status"' not in page
    assert "note-info" in page
    client.force_login(reload_user(world.requester))
    assert client.get(f"/changes/runs/{change.number}/").status_code == 403
    assert client.get(f"/api/v1/changes/{change.number}/steps/").status_code in (403, 404)


def test_the_worker_sees_its_own_address_only(world: World, client: Client) -> None:
    client.force_login(reload_user(world.engineer))
    answer = client.get("/changes/runs/worker.js")
    assert answer["Content-Type"] == "text/javascript"
    assert "Service-Worker-Allowed" not in answer.headers
