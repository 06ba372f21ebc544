"""The monthly review: what came again, what a workaround solved, what runs; minutes that never change (INC-17)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import InternalError
from django.test import Client

from incidents.models import Incident
from notifications.models import Notice
from problems.figures.month_end import look_through
from problems.meeting.models import IncidentMeeting
from problems.models import Problem
from tests.api.client import Api
from tests.factories import MONDAY, World, act, incident_in, make_user, register_incident
from tests.problems.conftest import Staff
from tests.problems.test_life import assigned, raise_problem, resolved
from tickets.models import Category, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-17")]
PAGE = "/incident-meeting/?month=2026-11"
MINUTES = {
    "held_at": "2026-11-20T09:00",
    "attendance": "事件经理、一线组长",
    "minutes": "逐条评审",
    "decisions": "提升为问题",
}


@pytest.fixture
def again(world: World) -> list[Incident]:
    """Two incidents of one customer, category and system: the second came two days after the first was solved."""
    category = Category.objects.active().filter(children=None).order_by("pk")[0].code
    first, second = (
        register_incident(world.desk, now=MONDAY, category=category, business_system="sim-trading", summary=text)
        for text in ("主机无法登录", "主机又无法登录")
    )
    columns: dict[str, Any] = {"phase": "resolved", "resolved_at": MONDAY + timedelta(hours=1)}
    Incident.objects.filter(pk=first.pk).update(resolved_at=columns["resolved_at"])
    Incident.objects.filter(pk=second.pk).update(created_at=MONDAY + timedelta(days=2))
    return [first, second]


@pytest.mark.slow
def test_what_came_again_is_one_click_from_a_problem(world: World, again: list[Incident], client: Client) -> None:
    client.force_login(world.manager)
    page = client.get(PAGE).content.decode()
    numbers = "%2C".join(one.number for one in again)
    assert f"/problems/new/?from={numbers}" in page
    form = client.get(f"/problems/new/?from={numbers}").content.decode()
    assert all(one.number in form for one in again)
    raise_problem(world, *again)
    page = client.get(PAGE).content.decode()
    assert f"/problems/new/?from={numbers}" not in page
    assert Problem.objects.get().number in page


@pytest.mark.slow
def test_what_a_workaround_solved_stands_by_its_known_error(world: World, staff: Staff, client: Client) -> None:
    problem = act(assigned(raise_problem(world), staff), "investigate", staff.analyst, now=MONDAY)
    problem = act(problem, "confirm_cause", staff.owner, now=MONDAY, root_cause="没有上限")
    said = {"title": "连接池耗尽", "symptoms": "超时", "steps": "重启连接池", "cause": "没有上限"}
    act(problem, "publish", staff.owner, now=MONDAY, **said)
    incident = incident_in("in_progress", world)
    act(incident, "take_known_error", world.engineer, now=MONDAY, known_error=problem.number)
    Incident.objects.filter(pk=incident.pk).update(resolved_at=MONDAY)
    client.force_login(world.manager)
    assert "连接池耗尽" in client.get(PAGE).content.decode()
    said = Api(world.manager).get("incident-meeting/?month=2026-11").json()
    assert said["by_workaround"] == [
        {"names": ["连接池耗尽"], "incidents": [incident.number], "problems": [problem.number]}
    ]
    assert Api(world.manager).get("incident-meeting/?month=2026-10").json()["by_workaround"] == []


@pytest.mark.slow
def test_running_ones_are_reviewed_with_a_note(world: World, client: Client) -> None:
    incident = incident_in("in_progress", world, now=MONDAY)
    client.force_login(world.manager)
    assert incident.number in client.get(PAGE).content.decode()
    client.post(PAGE, {"number": incident.number, "text": "等待备件，周五复查"})
    entry = TimelineEntry.objects.filter(ticket=incident, action="note").latest("pk")
    assert (entry.action, entry.text, entry.is_public) == ("note", "等待备件，周五复查", False)
    refused = client.post(PAGE, {"number": incident.number, "text": " "})
    assert refused.status_code == 422
    assert client.post(PAGE, {"number": "IM000000000000", "text": "x"}).status_code == 404


@pytest.mark.slow
def test_minutes_stay_as_they_were_written(world: World, client: Client) -> None:
    client.force_login(world.manager)
    refused = client.post(PAGE, MINUTES | {"minutes": ""})
    assert refused.status_code == 422
    assert "事件经理、一线组长" in refused.content.decode()
    client.post(PAGE, MINUTES)
    assert "逐条评审" in client.get(PAGE).content.decode()
    with pytest.raises(InternalError), transaction.atomic():
        IncidentMeeting.objects.update(minutes="另一个说法")
    told = MINUTES | {"month": "2026-11", "held_at": "2026-11-20T01:00:00Z"}
    answer = Api(world.manager).post("incident-meeting/", told)
    assert answer.status_code == 201, answer.content
    assert len(Api(world.manager).get("incident-meeting/?month=2026-11").json()["meetings"]) == 2
    assert Api(world.manager).post("incident-meeting/", {"month": "2026-11"}).status_code == 400
    zoneless = Api(world.manager).post("incident-meeting/", told | {"held_at": "2026-11-20T09:00"})
    assert (zoneless.status_code, list(zoneless.json()["errors"])) == (400, ["held_at"])


@pytest.mark.slow
def test_meeting_that_is_still_to_come_has_no_minutes(world: World, client: Client) -> None:
    client.force_login(world.manager)

    refused = client.post(PAGE, MINUTES | {"held_at": "2099-01-01T09:00"})

    assert refused.status_code == 422
    assert "逐条评审" in refused.content.decode()
    later = Api(world.manager).post(
        "incident-meeting/", MINUTES | {"month": "2026-11", "held_at": "2099-01-01T01:00:00Z"}
    )
    assert (later.status_code, list(later.json()["errors"])) == (400, ["held_at"])
    assert not IncidentMeeting.objects.exists()


@pytest.mark.slow
@pytest.mark.req("ORG-03")
def test_review_is_for_staff(world: World, client: Client) -> None:
    client.force_login(world.requester)
    assert client.get(PAGE).status_code == 403
    assert Api(world.requester).get("incident-meeting/").status_code == 403


@pytest.mark.slow
@pytest.mark.req("PRB-08", "PRB-09", "PRB-10")
def test_month_is_told_once_to_whoever_answers_for_the_process(world: World, staff: Staff) -> None:
    owner = make_user("so", "service_owner")
    resolved(raise_problem(world), staff)
    for _time in range(2):
        look_through(MONDAY + timedelta(days=20))
    [notice] = Notice.objects.filter(event="problem_month")
    readers = set(notice.deliveries.values_list("recipient__username", flat=True))
    assert {owner.username, staff.manager.username} <= readers
    assert (notice.payload["summary"], "已解决: 1" in notice.payload["text"]["zh"]) == ("2026-11", True)
    look_through(MONDAY - timedelta(days=200))
    assert Notice.objects.filter(event="problem_month").count() == 1


@pytest.mark.slow
@pytest.mark.req("TKT-12", "PRB-08", "PRB-09")
def test_record_and_register_come_as_pdf(world: World, staff: Staff, client: Client) -> None:
    problem = resolved(raise_problem(world, register_incident(world.desk)), staff)
    client.force_login(staff.manager)
    for address in (f"/problems/{problem.number}/record/?format=pdf", "/problem-register/?month=2026-11&format=pdf"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf"), address
        assert answer.content.startswith(b"%PDF-")
    client.force_login(world.requester)
    assert client.get(f"/problems/{problem.number}/record/?format=pdf").status_code in (403, 404)
