"""A solution is verified before it counts: by whom, and how (核查; INC-07)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.client import Api
from tests.factories import World, act, incident_in, resolve
from tests.incidents.asserting import refused_fields

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-07")]
SOLVED: dict[str, Any] = {"cause": "磁盘已满", "handling": "清理日志", "close_code": "tier1"}


@pytest.fixture
def ticket(world: World) -> Any:
    return incident_in("in_progress", world)


def test_what_a_line_solved_was_verified_by_somebody_somehow(world: World, ticket: Any) -> None:
    assert refused_fields(ticket, "resolve", world.engineer, **SOLVED) == ["verified_how"]
    assert refused_fields(ticket, "resolve", world.engineer, **SOLVED, verified_how="guessed") == ["verified_how"]

    done = act(ticket, "resolve", world.engineer, **SOLVED, verified_how="requester")

    assert (done.verified_how, done.verified_by) == ("requester", world.engineer)


def test_a_colleague_may_have_verified_it_but_no_customer_nor_vendor(world: World, ticket: Any) -> None:
    for person in ("requester", "vendor", "manager"):
        typed: dict[str, Any] = {**SOLVED, "verified_how": "tested", "verified_by": person}
        assert refused_fields(ticket, "resolve", world.engineer, **typed) == ["verified_by"], person

    done = act(ticket, "resolve", world.engineer, **SOLVED, verified_how="tested", verified_by="other_engineer")

    assert done.verified_by == world.other_engineer


def test_a_vendors_result_is_verified_by_the_first_or_second_line(world: World, ticket: Any) -> None:
    act(ticket, "call_vendor", world.engineer, supplier="liyuan", text="请查")
    typed: dict[str, Any] = {**SOLVED, "close_code": "tier3", "verified_how": "tested"}
    assert refused_fields(ticket, "resolve", world.engineer, **typed, verified_by="desk") == ["verified_by"]

    done = act(ticket, "resolve", world.engineer, **typed, verified_by="expert")

    assert (done.close_code_id, done.verified_by) == ("tier3", world.expert)


@pytest.mark.parametrize("code", ["recovered", "false_alarm"])
def test_where_nothing_was_solved_nothing_is_verified(world: World, ticket: Any, code: str) -> None:
    done = act(ticket, "resolve", world.engineer, **{**SOLVED, "close_code": code})

    assert (done.state, done.verified_how, done.verified_by) == ("resolved", "", None)


def test_staff_read_it_in_the_api_and_requesters_do_not(world: World, ticket: Any) -> None:
    resolve(ticket, world.engineer)
    address = f"incidents/{ticket.number}/"

    read = Api(world.desk).get(address).json()
    assert (read["verified_how"], read["verified_by"]["username"]) == ("tested", "engineer")
    assert "verified_how" not in Api(world.requester).get(address).json()


@pytest.mark.req("INC-11")
def test_a_duplicate_carries_how_the_main_ticket_was_verified(world: World, ticket: Any) -> None:
    duplicate = act(incident_in("registered", world), "mark_duplicate", world.desk, main=ticket.number)
    resolve(ticket, world.engineer)

    duplicate.refresh_from_db()
    assert (duplicate.verified_how, duplicate.verified_by) == ("tested", world.engineer)
