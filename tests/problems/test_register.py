"""The monthly register: figures, what is missing, Excel."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from problems.figures.register import effect_of, figures_of, lines_of
from problems.models import Problem
from tests.changes.making import approve, later, request, staffed
from tests.factories import MONDAY, World, act, register_incident
from tests.problems.conftest import Staff
from tests.problems.test_life import proposed, raise_problem, resolved, say
from tickets.errors import ActionInvalid
from tickets.figures.months import Month
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.mark.slow
@pytest.mark.req("PRB-08", "PRB-09", "PRB-10")
def test_register_counts_names_what_is_missing_and_exports(world: World, staff: Staff, client: Client) -> None:
    done = resolved(raise_problem(world, register_incident(world.desk), summary="=1+1"), staff)
    done = act(done, "review", staff.owner, review_result="好", minutes="纪要", now=MONDAY)
    act(done, "close", staff.owner, archived="on", now=MONDAY)
    Problem.objects.filter(pk=done.pk).update(minutes="")
    raise_problem(world)

    lines = lines_of(Month.parse("2026-11", MONDAY), staff.manager)
    figures = figures_of(lines)
    assert [(line.resolved, [str(label) for label in line.missing], line.incidents) for line in lines] == [
        (True, ["会议纪要"], 1),
        (False, [], 0),
    ]
    assert (figures["total"], figures["resolved"], figures["unresolved"], figures["incomplete"]) == (2, 1, 1, 1)
    assert lines_of(Month.parse("2026-10", MONDAY), staff.manager) == []
    assert len(lines_of(Month.parse("2026-12", MONDAY + timedelta(days=20)), staff.manager)) == 1
    assert Month.parse("2026-13", MONDAY).code == "2026-11"

    client.force_login(staff.manager)
    assert done.number in client.get("/problem-register/?month=2026-11").content.decode()
    sheet = load_workbook(BytesIO(client.get("/problem-register/?month=2026-11&format=xlsx").content)).active
    assert [sheet["A2"].value, sheet["B2"].value, sheet["B2"].data_type] == [done.number, "'=1+1", "s"]  # type: ignore[index]
    client.force_login(staff.owner)
    assert client.get("/problem-register/?format=xlsx").status_code == 403
    client.force_login(world.requester)
    assert client.get("/problem-register/").status_code == 403


@pytest.mark.req("PRB-09")
def test_monthly_report_says_effect_and_extent_until_its_end(world: World, staff: Staff, client: Client) -> None:
    """What happened after the month is of the next report; each figure is that of the incidents behind it."""
    late = register_incident(world.desk, now=MONDAY, requester="requester", business_system="sim-trading")
    other = register_incident(world.desk, now=MONDAY + timedelta(days=1), requester="requester2")
    Ticket.objects.filter(pk=late.pk).update(resolved_at=MONDAY + timedelta(hours=2), completed_in_time=False)
    act(other, "note", world.desk, now=MONDAY + timedelta(days=1), text="查", minutes="30")
    problem = raise_problem(world, late, other, business_system="sim-trading")
    register_incident(world.desk, now=MONDAY)  # of no problem

    month = Month.parse("2026-11", MONDAY)
    lines = lines_of(month, staff.manager)
    now = MONDAY + timedelta(days=2)
    effect = effect_of(lines, month, staff.manager, now)
    assert (effect.interruption_minutes, effect.breaches, effect.customers, effect.systems) == (120 + 1440, 1, 2, 1)
    at_its_end = effect_of(lines, month, staff.manager, now + timedelta(days=400))
    assert at_its_end.interruption_minutes == 120 + round((month.end - other.created_at).total_seconds() / 60)

    client.force_login(staff.manager)
    book = load_workbook(BytesIO(client.get("/problem-register/?month=2026-11&format=xlsx").content))
    rows = {row[0].value: row[1].value for row in book.worksheets[1].iter_rows(min_row=2)}
    assert (rows["问题数"] if "问题数" in rows else rows["问题"], rows["受影响的客户"]) == (1, 2)
    assert any(str(name).endswith(str(problem.business_system)) for name in rows)
    assert "受影响的客户" in client.get("/problem-register/?month=2026-11").content.decode()


@pytest.mark.req("PRB-06")
def test_it_resolves_when_the_change_that_was_raised_from_it_is_over(world: World, staff: Staff) -> None:
    problem = say(proposed(raise_problem(world), staff), staff.manager)
    change = request(staffed(world), raised_from=problem.number)
    form = problem.kind_info.actions["implement"].form_class(ticket=problem, user=staff.owner)
    assert form.initial["change_reference"] == change.number
    problem = act(problem, "implement", staff.owner, now=MONDAY, change_reference=change.number)
    typed = {"proof": "已验证", "watch_days": "30"}
    with pytest.raises(ActionInvalid) as refused:
        act(problem, "resolve", staff.owner, now=MONDAY, **typed)
    assert change.number in str(refused.value.form.errors["proof"])

    act(change, "cancel", world.lead, text="不做了", now=MONDAY)
    assert act(problem, "resolve", staff.owner, now=MONDAY, **typed).state == "resolved"


@pytest.mark.slow
@pytest.mark.req("PRB-06")
@pytest.mark.parametrize("linked", [True, False])
def test_only_a_change_whose_review_says_that_it_worked_proves_it(world: World, staff: Staff, linked: bool) -> None:
    """One that was taken back, failed or is not reviewed proves nothing; another that worked does."""
    problem = say(proposed(raise_problem(world), staff), staff.manager)
    more = {"raised_from": problem.number} if linked else {}
    one = carried_out(world, "back_out_now", text="测试未通过", **more)
    problem = act(problem, "implement", staff.owner, now=MONDAY, change_reference=one.number)
    answers = {"rating": "fair", "business_view": "fair", "interruption_minutes": "0"}

    def refused(number: str) -> None:
        with pytest.raises(ActionInvalid) as found:
            act(problem, "resolve", staff.owner, now=MONDAY, proof="已验证", watch_days="30")
        assert number in str(found.value.form.errors["proof"])

    refused(one.number)
    act(one, "review", world.people["changer"], now=later(40), expected_reached="yes", **answers)
    refused(one.number)
    second = carried_out(world, "implement", result="deviated", text="超时", raised_from=problem.number)
    refused(second.number)
    reviewed = act(second, "review", world.people["changer"], now=later(40), expected_reached="no", **answers)
    refused(reviewed.number)
    third = carried_out(world, "implement", result="as_planned", raised_from=problem.number)
    act(third, "confirm_result", world.people["changer"], now=later(40))
    assert act(problem, "resolve", staff.owner, now=MONDAY, proof="已验证", watch_days="30").state == "resolved"


def carried_out(world: World, how: str, result: str = "", text: str = "", **more: Any) -> Any:
    """A simple change that was carried out, or tried, by the engineer."""
    change = act(request(staffed(world), **more), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    change = act(change, "start", world.engineer, now=later(35))
    typed = {"text": text, **({"result": result} if result else {})}
    return act(change, how, world.engineer, now=later(36), **typed)
