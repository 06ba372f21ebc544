"""The life of a problem: raised from incidents, investigated, approved by two, resolved, reviewed, closed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound
from changes.origins.prefills import from_ticket
from incidents.models import Incident
from notifications.models import Delivery
from problems.figures.costs import cost_of
from problems.models import Problem
from problems.prefills import raised_from
from sla.models import Clock
from tests.api.client import Api
from tests.factories import MONDAY, World, act, incident_in, last_entry, register_incident, reload_user
from tests.problems.conftest import Staff
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid, ActionNotFound
from tickets.models import Ticket, TicketLink, TimelineEntry
from tickets.workspace.pages import steps_of
from tickets.workspace.prefills import register_source

pytestmark = pytest.mark.django_db
SOLUTION = {"solution": "限制连接池", "expected_effect": "不再耗尽", "test_result": "压测通过", "estimate_hours": "16"}


def raise_problem(world: World, *incidents: Any, level: str = "medium", **more: Any) -> Problem:
    data = {"summary": "连接池反复耗尽", "problem_source": "incident", "level": level, **more}
    data["incidents"] = [incident.number for incident in incidents]
    return perform(Problem(), "register", user=world.desk, data=data, now=MONDAY).ticket  # type: ignore[return-value]


def assigned(problem: Problem, staff: Staff, level: str = "medium") -> Problem:
    chosen = {"level": level, "problem_category": "software", "group": "host", "assignee": "po", "team": ["pa"]}
    return act(problem, "assign", staff.manager, now=MONDAY, **chosen)


def proposed(problem: Problem, staff: Staff, level: str = "medium") -> Problem:
    problem = act(assigned(problem, staff, level), "investigate", staff.analyst, now=MONDAY)
    problem = act(problem, "confirm_cause", staff.owner, now=MONDAY, root_cause="没有上限")
    return act(problem, "propose", staff.owner, now=MONDAY, **SOLUTION)


def say(problem: Problem, *people: Any, verdict: str = "approve", reason: str = "") -> Problem:
    """Let ``people`` decide what is asked about the solution; the problem as it stands then."""
    made = problem.approval_rounds.get(outcome="open")
    for person in people:
        decide(pk=made.pk, user=reload_user(person), verdict=verdict, reason=reason, now=MONDAY)
    return Problem.objects.get(pk=problem.pk)


def resolved(problem: Problem, staff: Staff, **more: Any) -> Problem:
    problem = say(proposed(problem, staff), staff.manager)
    problem = act(problem, "implement", staff.owner, now=MONDAY, change_reference="CH1")
    return act(problem, "resolve", staff.owner, now=MONDAY, proof="已验证", watch_days="30", **more)


@pytest.mark.req("PRB-01", "PRB-03", "TKT-04")
def test_problem_is_raised_from_incidents_and_shown_at_both_ends(world: World, staff: Staff) -> None:
    first, second = register_incident(world.desk, now=MONDAY), register_incident(world.desk, now=MONDAY)
    problem = raise_problem(world, first, second)

    links = TicketLink.objects.filter(target=problem, meaning="caused_by").values_list("source__number", flat=True)
    assert sorted(links) == sorted([first.number, second.number])
    assert problem.number.startswith("PM")
    assert [entry.action for entry in first.timeline.all()][-1] == "caused"
    assert (problem.priority, problem.organisation) == (None, world.desk.organisation)
    assert list(Delivery.objects.filter(notice__event="problem_raised").values_list("recipient__username", flat=True))[
        :1
    ] == ["pm"]


@pytest.mark.req("PRB-06", "PRB-07", "PRB-08")
def test_high_level_needs_supervisor_manager_and_a_meeting(world: World, staff: Staff) -> None:
    problem = proposed(raise_problem(world), staff, "high")

    with pytest.raises(ActionForbidden):
        say(problem, staff.manager)
    assert waits_for(problem) == ["admin", "ps"]
    assert say(problem, staff.supervisor).state == "proposed"
    assert waits_for(problem) == ["admin", "pm"]
    problem = say(problem, staff.manager)
    problem = act(act(problem, "implement", staff.owner), "resolve", staff.owner, proof="好", watch_days="0")
    with pytest.raises(ActionInvalid):
        act(problem, "review", staff.owner, review_result="好", minutes="纪要")
    problem = act(
        problem,
        "review",
        staff.owner,
        review_result="好",
        minutes="纪要",
        met_at="2026-11-30T09:00",
        attendance="用户代表",
    )
    with pytest.raises(ActionInvalid):
        act(problem, "close", staff.owner)

    closed = act(problem, "close", staff.owner, archived="on")
    assert (closed.state, closed.phase, closed.outcome, closed.watch_until) == ("closed", "closed", "solved", None)
    assert set(Clock.objects.filter(ticket=closed).values_list("metric", "state")) == {
        ("response", "stopped"),
        ("cause", "stopped"),
        ("resolve", "stopped"),
    }


@pytest.mark.req("PRB-06")
def test_four_eyes_and_roles(world: World, staff: Staff) -> None:
    problem = act(assigned(raise_problem(world), staff), "investigate", staff.analyst, now=MONDAY)
    problem = act(problem, "confirm_cause", staff.owner, now=MONDAY, root_cause="没有上限")
    problem = act(problem, "propose", staff.manager, now=MONDAY, **SOLUTION)

    for person in (staff.manager, staff.owner, staff.supervisor):
        with pytest.raises((ActionForbidden, ActionNotFound)):
            say(problem, person)
    for name in ("accept_risk", "cancel"):
        with pytest.raises(ActionForbidden):
            act(problem, name, staff.owner, text="x", watch_days="0")
    made = problem.approval_rounds.get()
    sent_back = act(problem, "investigate_again", staff.owner, now=MONDAY, text="不成立")
    assert (sent_back.state, ApprovalRound.objects.get().outcome) == ("investigating", "withdrawn")
    with pytest.raises(ActionConflict):
        decide(pk=made.pk, user=world.admin, verdict="approve", now=MONDAY)
    assert act(sent_back, "return_to_manager", staff.owner, text="没有时间").assignee is None


@pytest.mark.slow
@pytest.mark.req("PRB-06", "CHG-03")
def test_a_refused_solution_is_proposed_anew_with_the_difference(world: World, staff: Staff, client: Client) -> None:
    problem = say(proposed(raise_problem(world), staff), staff.manager, verdict="return", reason="先压测")
    assert problem.state == "known_error"
    problem = act(problem, "propose", staff.owner, now=MONDAY, **{**SOLUTION, "test_result": "再次压测通过"})
    client.force_login(staff.manager)
    page = client.get(f"/approvals/{problem.approval_rounds.get(outcome='open').pk}/").content.decode()
    assert "压测通过" in page
    assert "再次压测通过" in page
    assert "/approvals/" in client.get(problem.get_absolute_url()).content.decode()
    assert say(problem, staff.manager).state == "approved"


@pytest.mark.req("PRB-06", "CHG-03")
def test_another_level_lets_the_approval_fall_when_that_is_said(world: World, staff: Staff) -> None:
    problem = say(proposed(raise_problem(world), staff), staff.manager)
    with pytest.raises(ActionInvalid) as refused:
        act(problem, "edit", staff.manager, now=MONDAY, level="high")
    assert list(refused.value.form.errors) == ["let_approvals_fall"]
    assert act(problem, "edit", staff.manager, now=MONDAY, summary="错字").state == "approved"

    fallen = act(problem, "edit", staff.manager, now=MONDAY, level="high", let_approvals_fall="on")
    assert (Problem.objects.get(pk=fallen.pk).state, problem.approval_rounds.get().outcome) == (
        "known_error",
        "fallen",
    )
    again = act(Problem.objects.get(pk=fallen.pk), "propose", staff.owner, now=MONDAY, **SOLUTION)
    assert waits_for(again) == ["admin", "ps"]


def waits_for(problem: Problem) -> list[str]:
    """Who is asked about its solution."""
    return sorted(
        problem.approval_rounds.get(outcome="open").asks.filter(waits=True).values_list("person__username", flat=True)
    )


@pytest.mark.req("INC-11")
def test_what_has_not_begun_cannot_wait_for_its_problem_but_may_join_it(
    world: World, staff: Staff, client: Client
) -> None:
    incident = incident_in("assigned", world)
    problem = raise_problem(world, incident_in("closed", world))
    client.force_login(world.engineer)
    address = f"/tickets/{incident.number}/actions/join_problem/"

    refused = client.post(address, {"problem": problem.number, "waits": "on", "version": incident.version})

    assert refused.status_code == 422
    assert "请先开始处理" in refused.content.decode()
    incident.refresh_from_db()
    assert incident.state == "assigned"
    act(incident, "join_problem", world.engineer, problem=problem.number)
    assert TicketLink.objects.filter(source_id=incident.pk, target_id=problem.pk).exists()


@pytest.mark.req("PRB-03")
def test_cancelled_problem_does_not_look_as_if_it_had_gone_all_the_way(world: World, staff: Staff) -> None:
    problem = raise_problem(world, incident_in("closed", world))
    problem = act(problem, "cancel", staff.manager, text="误报")

    steps = steps_of(problem)

    assert [step["status"] for step in steps] == ["todo"] * (len(steps) - 1) + ["now"]
    assert steps[-1]["label"] == "已取消"


@pytest.mark.slow
@pytest.mark.req("PRB-03", "INC-11")
def test_waiting_incident_comes_back_and_closed_ones_stay_as_they_are(world: World, staff: Staff) -> None:
    waiting, closed = incident_in("in_progress", world), incident_in("closed", world)
    problem = raise_problem(world, closed)
    waiting = act(waiting, "join_problem", world.engineer, problem=problem.number, waits="on")
    before = Ticket.objects.filter(pk=closed.pk).values().get()
    clocks = list(Clock.objects.filter(ticket=closed).order_by("pk").values())
    assert (waiting.state, waiting.wait_reason_id) == ("pending", "problem")

    resolved(problem, staff)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.assignee) == ("in_progress", world.engineer)
    assert last_entry(waiting).action == "problem_over"
    assert Ticket.objects.filter(pk=closed.pk).values().get() == before
    assert list(Clock.objects.filter(ticket=closed).order_by("pk").values()) == clocks


@pytest.mark.req("PRB-03")
def test_loop_of_causes_is_refused_with_its_path(world: World, staff: Staff) -> None:
    one, two, three = (raise_problem(world) for _number in range(3))
    act(one, "link", staff.manager, meaning="caused_by", target=two.number)
    act(two, "link", staff.manager, meaning="caused_by", target=three.number)

    with pytest.raises(ActionConflict) as refused:
        act(three, "link", staff.manager, meaning="caused_by", target=one.number)

    path = f"{three.number} → {one.number} → {two.number} → {three.number}"
    assert path in str(refused.value.message)


@pytest.mark.req("PRB-07")
def test_what_comes_back_on_the_last_day_reopens_and_says_why(world: World, staff: Staff) -> None:
    problem = resolved(raise_problem(world, business_system="sim-trading", category=""), staff)
    other = {"summary": "别的系统", "business_system": "options-sim"}
    register_incident(world.desk, now=MONDAY + timedelta(days=29), **other)
    problem.refresh_from_db()
    assert problem.state == "resolved"

    again = register_incident(world.desk, now=MONDAY + timedelta(days=29), business_system="sim-trading")

    problem = Problem.objects.get()
    assert (problem.state, problem.reopen_count, problem.watch_until) == ("investigating", 1, None)
    line = problem.timeline.get(action="come_back")
    assert (line.action, line.data["incident"]["id"]) == ("come_back", again.number)
    assert line.data["matched"]
    assert TicketLink.objects.filter(source=again, target=problem, meaning="caused_by").exists()


@pytest.mark.req("PRB-07")
@pytest.mark.parametrize(("via", "state"), [("web", "investigating"), ("import", "resolved")])
def test_what_was_imported_is_no_news(world: World, staff: Staff, via: str, state: str) -> None:
    """What happened elsewhere reopens no problem here."""
    resolved(raise_problem(world, business_system="sim-trading", category=""), staff)
    data = {"summary": "又来了", "impact": "I4", "business_system": "sim-trading"}
    perform(
        Incident(), "register", user=world.desk, data=data, now=MONDAY + timedelta(days=2), via=TimelineEntry.Via(via)
    )
    assert Problem.objects.get().state == state


@pytest.mark.req("PRB-07")
def test_what_comes_after_the_watch_reopens_nothing(world: World, staff: Staff) -> None:
    resolved(raise_problem(world, business_system="sim-trading"), staff)
    register_incident(world.desk, now=MONDAY + timedelta(days=31), business_system="sim-trading")

    assert Problem.objects.get().state == "resolved"


@pytest.mark.req("PRB-03")
def test_other_ends(world: World, staff: Staff) -> None:
    incident = register_incident(world.desk, now=MONDAY)
    first, second, third = raise_problem(world, incident), raise_problem(world), raise_problem(world)

    folded = act(first, "mark_duplicate", staff.manager, main=second.number, text="同一原因")
    assert (folded.state, folded.outcome, folded.duplicate_of_id) == ("closed", "duplicate", second.pk)
    assert TicketLink.objects.filter(source=incident, target=second, meaning="caused_by").exists()
    assert act(third, "cancel", staff.manager, text="不是问题").outcome == "cancelled"
    known = act(
        act(assigned(second, staff), "investigate", staff.owner), "confirm_cause", staff.owner, root_cause="旧"
    )
    with pytest.raises(ActionConflict, match="还没有规避措施"):
        act(known, "keep_workaround", staff.manager, text="x", watch_days="0")
    assert act(known, "accept_risk", staff.manager, text="影响小", watch_days="0").outcome == "risk_accepted"


@pytest.mark.req("PRB-01", "CHG-01")
def test_a_name_in_an_address_stands_for_one_thing_of_a_kind() -> None:
    """Of problems and of changes ``from`` says different things: neither takes the other's place."""
    register_source("from", raised_from, kind="problem")
    with pytest.raises(ValueError, match="from of problem"):
        register_source("from", from_ticket, kind="problem")


@pytest.mark.slow
@pytest.mark.req("PRB-01", "UX-01", "ORG-03")
def test_pages_and_api(world: World, staff: Staff, client: Client) -> None:
    incidents = [incident_in("in_progress", world), register_incident(world.desk)]
    client.force_login(world.desk)
    numbers = ",".join(one.number for one in incidents)
    ticked = client.post("/tickets/bulk/", {"ticket": [one.number for one in incidents]}).content.decode()
    assert f"/problems/new/?from={numbers.split(',')[0]}" in ticked.replace("&amp;", "&")
    form = client.get(f"/problems/new/?from={numbers}").content.decode()
    assert all(one.number in form for one in incidents)
    client.post("/problems/new/", {"summary": "反复", "problem_source": "trend", "incidents": numbers.split(",")})
    problem = Problem.objects.get()

    page = client.get(f"/tickets/{problem.number}/").content.decode()
    assert f"/incidents/?view=all&amp;caused_by={problem.number}" in page
    shown = client.get(f"/incidents/?view=all&caused_by={problem.number}").content.decode()
    assert all(one.number in shown for one in incidents)
    found = Api(world.desk).results(f"incidents/?caused_by={problem.number}")
    assert sorted(row["number"] for row in found) == sorted(numbers.split(","))
    hit = client.get(f"/find/incidents/?q={incidents[0].number}").json()["results"]
    assert [row["value"] for row in hit] == [incidents[0].number]
    assert Api(world.requester).get(f"problems/{problem.number}/").status_code == 404
    made = Api(staff.manager).post("problems/", {"summary": "x", "problem_source": "inspection"})
    assert (made.status_code, made.json()["priority"]) == (201, None)


@pytest.mark.req("PRB-01")
def test_incident_raises_a_problem_about_the_same(world: World, staff: Staff) -> None:
    incident = act(incident_in("closed", world), "raise_problem", world.desk, summary="为什么会满")
    problem = Problem.objects.get()

    assert (incident.state, problem.summary, problem.description) == ("closed", "为什么会满", incident.description)
    assert Incident.objects.get().links_out.get().target_id == problem.pk


@pytest.mark.req("PRB-10")
def test_discussion_with_the_customer_is_on_record_and_on_paper(world: World, staff: Staff, client: Client) -> None:
    problem = assigned(raise_problem(world), staff)
    said = {"discussed_at": "2026-11-25T10:00", "discussed_with": "结算部 张主任", "discussion": "讨论升级窗口"}
    with pytest.raises(ActionInvalid):
        act(problem, "discuss", staff.owner, now=MONDAY, **said)
    with pytest.raises(ActionForbidden):
        act(problem, "discuss", world.desk, now=MONDAY, customer_word="同意", **said)
    problem = act(problem, "discuss", staff.owner, now=MONDAY, customer_word="同意周六实施", **said)
    client.force_login(staff.manager)
    for address in (problem.get_absolute_url(), f"/problems/{problem.number}/record/"):
        page = client.get(address).content.decode()
        assert [text in page for text in ("结算部 张主任", "讨论升级窗口", "同意周六实施")] == [True] * 3


@pytest.mark.req("PRB-10", "CHG-03")
def test_whether_an_approval_may_fall_is_asked_once_it_would(world: World, staff: Staff, client: Client) -> None:
    problem = assigned(raise_problem(world), staff)
    address = f"/tickets/{problem.number}/actions/discuss/"
    client.force_login(staff.owner)
    assert "let_approvals_fall" not in client.get(address).content.decode()
    problem = act(problem, "investigate", staff.owner, now=MONDAY)
    problem = act(problem, "confirm_cause", staff.owner, now=MONDAY, root_cause="没有上限")
    problem = act(problem, "propose", staff.owner, now=MONDAY, **SOLUTION)
    said = {
        "discussed_at": "2026-11-25T10:00",
        "discussed_with": "张主任",
        "discussion": "窗口",
        "customer_word": "不同意",
    }
    refused = client.post(address, {**said, "version": problem.version})
    assert (refused.status_code, 'name="let_approvals_fall"' in refused.content.decode()) == (422, True)


@pytest.mark.slow
@pytest.mark.req("PRB-05")
def test_what_it_cost_opens_its_records(world: World, staff: Staff, client: Client) -> None:
    made = {}
    for days, minutes, hours in ((-3, 60, 2), (-1, 30, 1), (2, 15, 1)):
        incident = incident_in("in_progress", world)
        act(incident, "log_time", world.engineer, minutes=str(minutes), text="排查")
        began = MONDAY + timedelta(days=days)
        type(incident).objects.filter(pk=incident.pk).update(
            created_at=began, resolved_at=began + timedelta(hours=hours)
        )
        made[days] = incident
    problem = resolved(raise_problem(world, *made.values()), staff)
    cost = cost_of(problem, staff.manager, MONDAY + timedelta(days=3))
    before, after = cost.before, cost.after
    assert before
    assert after
    parts = [(part.incidents, part.working_minutes, part.interruption_minutes) for part in (cost.every, before, after)]
    assert parts == [(3, 105, 240), (2, 90, 180), (1, 15, 60)]
    assert [(was, then) for _what, was, then in cost.saved] == [(2, 1), (90, 15), (180, 60)]
    client.force_login(staff.manager)
    page = client.get(problem.get_absolute_url()).content.decode().replace("&amp;", "&")
    for part, chosen in ((cost.every, [-3, -1, 2]), (before, [-3, -1]), (after, [2])):
        assert part.url in page
        listed = set(re.findall(r"\bIM\d{12}\b", client.get(part.url).content.decode().partition('id="queue"')[2]))
        assert listed == {made[day].number for day in chosen}
