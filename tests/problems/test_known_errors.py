"""Known errors: published, offered with a reason that is true, taken and counted once, told once, doubted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from incidents.models import Incident
from problems.known_errors.publishing import fitting, standing_of
from problems.models import KnownError, Problem, Telling
from tests.api.client import Api
from tests.factories import MONDAY, World, act, incident_in, make_item, register_incident
from tests.problems.conftest import Staff
from tests.problems.test_life import assigned, raise_problem, resolved
from tickets.errors import ActionConflict, ActionInvalid
from tickets.models import Ticket, TimelineEntry
from tickets.workspace.suggestions import Call

pytestmark = pytest.mark.django_db
SECRET = "内部口令-勿外传"
TEXTS = {"title": "行情网关断连", "symptoms": "客户端提示行情中断，重连失败", "steps": "重启网关进程"}


def published(problem: Problem, staff: Staff, **more: Any) -> KnownError:
    problem = act(assigned(problem, staff), "note", staff.owner, text=SECRET)
    problem = act(problem, "record_workaround", staff.owner, workaround=f"重启网关 {SECRET}")
    act(problem, "publish", staff.owner, now=MONDAY, **{**TEXTS, **more})
    return KnownError.objects.get(problem=problem)


@pytest.mark.slow
@pytest.mark.req("PRB-05", "INC-02")
def test_offered_with_a_reason_that_is_true(world: World, staff: Staff, client: Client) -> None:
    make_item("GW01")
    known = published(raise_problem(world), staff, items=["GW01"])
    call = Call("行情中断连不上", items=("GW01",))

    with_item, without = fitting(call, MONDAY)[0], fitting(Call("行情中断连不上"), MONDAY)[0]
    assert [fit.known for fit in (with_item, without)] == [known, known]
    assert (with_item.score > without.score, "GW01" in with_item.reasons[0], "GW01" in without.reasons[0]) == (
        True,
        True,
        False,
    )
    assert fitting(Call("打印机卡纸"), MONDAY) == []
    client.force_login(world.desk)
    hints = client.get("/find/hints/", {"summary": "行情中断连不上", "items": "GW01"}).content.decode()
    assert "行情网关断连" in hints
    assert "重启网关进程" in hints
    act(known.problem, "withdraw", staff.owner, text="过期")
    assert fitting(call, MONDAY) == []


@pytest.mark.slow
@pytest.mark.req("PRB-05", "INC-02")
def test_taken_while_the_call_is_registered(world: World, staff: Staff, client: Client) -> None:
    known = published(raise_problem(world), staff, cause="内存泄漏")
    number = known.problem.number
    client.force_login(world.desk)
    assert 'type="hidden" name="known_error"' in client.get("/incidents/new/").content.decode()
    hints = client.get("/find/hints/", {"summary": "行情中断连不上"}).content.decode()
    assert f'data-known="{number}"' in hints
    typed = {"summary": "行情中断连不上", "requester": "requester", "group": "host", "known_error": number}
    assert client.post("/incidents/new/", typed).status_code == 302
    incident = Incident.objects.get()
    assert (incident.state, incident.cause, incident.handling) == ("assigned", "内存泄漏", "重启网关进程")
    assert list(known.uses.filter(dropped_at=None).values_list("ticket__number", flat=True)) == [incident.number]
    assert "take_known_error" in list(incident.timeline.values_list("action", flat=True))

    act(known.problem, "withdraw", staff.owner, text="过期")
    refused = Api(world.desk).post("incidents/", {**typed, "source": "api"})
    assert (refused.status_code, Incident.objects.count()) == (400, 1)
    assert "known_error" in refused.json()["errors"]
    own = Api(world.requester).post("incidents/", {"summary": "x", "known_error": number})
    assert (own.status_code, Incident.objects.count()) == (400, 1)


@pytest.mark.slow
@pytest.mark.req("PRB-05")
def test_taken_dropped_and_taken_again_counts_once(world: World, staff: Staff, client: Client) -> None:
    known = published(raise_problem(world), staff, cause="内存泄漏")
    incident, number = incident_in("in_progress", world), known.problem.number

    taken = act(incident, "take_known_error", world.engineer, known_error=number)
    assert (taken.cause, taken.handling) == ("内存泄漏", "重启网关进程")
    dropped = act(taken, "drop_known_error", world.engineer, known_error=number)
    assert (dropped.cause, dropped.handling, standing_of(known, world.desk, MONDAY).uses) == ("", "", [])
    act(dropped, "take_known_error", world.engineer, known_error=number)

    assert [ticket.pk for ticket in standing_of(known, world.desk, MONDAY).uses] == [incident.pk]
    client.force_login(world.desk)
    page = client.get(f"/known-errors/{number}/").content.decode()
    assert incident.number in page
    assert number in client.get("/known-errors/?q=行情").content.decode()
    assert [row["problem"] for row in Api(world.desk).results("known-errors/")] == [number]
    client.force_login(world.requester)
    assert client.get("/known-errors/").status_code == 403
    assert Api(world.requester).get("known-errors/").status_code == 403


@pytest.mark.slow
@pytest.mark.req("PRB-05")
def test_what_is_over_already_is_not_published(world: World, staff: Staff) -> None:
    with pytest.raises(ActionInvalid) as refused:
        published(raise_problem(world), staff, valid_until=MONDAY - timedelta(hours=1))
    assert set(refused.value.form.errors) == {"valid_until"}
    assert not KnownError.objects.exists()


@pytest.mark.slow
@pytest.mark.req("PRB-01", "PRB-05", "INC-02")
def test_problems_and_known_errors_are_found_while_typing(world: World, staff: Staff, client: Client) -> None:
    known = published(raise_problem(world), staff)
    number, incident = known.problem.number, incident_in("in_progress", world)
    client.force_login(world.engineer)
    for words in (number, "连接池"):
        assert [row["value"] for row in client.get(f"/find/problems/?q={words}").json()["results"]] == [number]
    for words in (number, "断连 重启"):
        assert [row["value"] for row in client.get(f"/find/known-errors/?q={words}").json()["results"]] == [number]
    assert client.get("/find/known-errors/?q=打印机").json()["results"] == []
    for action, where in (("join_problem", "/find/problems/"), ("take_known_error", "/find/known-errors/")):
        page = client.get(f"/tickets/{incident.number}/actions/{action}/").content.decode()
        assert f'data-url="{where}"' in page
        assert number not in page  # thousands never become options of a page


@pytest.mark.slow
@pytest.mark.req("PRB-05", "ORG-03")
def test_told_exactly_once_and_nothing_internal_travels(world: World, staff: Staff, client: Client) -> None:
    told, closed = incident_in("in_progress", world), incident_in("closed", world)
    known = published(raise_problem(world, told, closed), staff)
    before = TimelineEntry.objects.filter(ticket=closed).count()

    act(known.problem, "tell_incidents", staff.owner)
    act(known.problem, "tell_incidents", staff.manager)

    lines = TimelineEntry.objects.filter(action="hear_workaround")
    assert list(lines.values_list("ticket", "text")) == [(told.pk, "重启网关进程")]
    assert (Telling.objects.count(), TimelineEntry.objects.filter(ticket=closed).count()) == (1, before)
    assert not TimelineEntry.objects.filter(ticket=told, text__contains=SECRET).exists()
    Ticket.objects.filter(pk=told.pk).update(requester=world.requester, organisation=world.requester.organisation)
    client.force_login(world.requester)
    page = client.get(f"/tickets/{told.number}/").content.decode()
    assert SECRET not in page
    assert known.problem.number not in page


@pytest.mark.slow
@pytest.mark.req("PRB-05")
def test_workaround_that_stopped_working_is_flagged(world: World, staff: Staff, client: Client) -> None:
    known = published(raise_problem(world), staff)
    number = known.problem.number
    for place in range(5):
        incident = act(incident_in("in_progress", world), "take_known_error", world.engineer, known_error=number)
        incident = act(
            incident, "resolve", world.engineer, cause="x", handling="y", close_code="tier1", verified_how="tested"
        )
        if place < 4:
            act(incident, "not_solved", world.desk, text="又断了")
    for _place in range(20):
        incident_in("closed", world)

    standing = standing_of(known, world.desk, MONDAY + timedelta(days=30))
    assert (len(standing.uses), len(standing.came_back), standing.is_doubtful) == (5, 4, True)
    client.force_login(world.desk)
    assert 'class="alarm late"' in client.get(f"/known-errors/{number}/").content.decode()


@pytest.mark.slow
@pytest.mark.req("PRB-05")
def test_publishing_after_withdrawing_and_what_is_over(world: World, staff: Staff) -> None:
    problem = resolved(raise_problem(world), staff)
    texts: dict[str, Any] = {**TEXTS, "valid_until": "2026-11-24T09:00"}
    act(problem, "publish", staff.owner, now=MONDAY, **texts)

    assert [known.title for known in KnownError.objects.valid(MONDAY)] == ["行情网关断连"]
    assert not KnownError.objects.valid(MONDAY + timedelta(days=2)).exists()
    with pytest.raises(ActionConflict):
        act(raise_problem(world), "publish", staff.manager, now=MONDAY, **texts)
    assert register_incident(world.desk).number
