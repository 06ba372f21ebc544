"""What stands around a ticket: only what the reader may see, in a bounded number of queries (DESK-01)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cmdb.models import ConfigurationItem
from tests.factories import MONDAY, World, act, incident_in, make_item, register_incident, resolve
from tickets.workspace.surroundings import surroundings_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("DESK-01", "INC-11")]


def with_item(world: World, item: ConfigurationItem, **typed: Any) -> Any:
    """An incident of the host group about ``item``."""
    ticket = register_incident(world.desk, group="host", **typed)
    return act(ticket, "add_items", world.desk, items=[item.identifier])


def test_solved_tickets_of_the_same_words_are_shown_with_the_words(world: World) -> None:
    solved = resolve(incident_in("in_progress", world, summary="前置机心跳丢失，需要切换"), world.engineer)
    resolve(incident_in("in_progress", world, summary="打印机卡纸"), world.engineer)
    ticket = register_incident(world.desk, group="host", summary="前置机心跳丢失")
    [found] = surroundings_of(ticket, world.engineer, MONDAY).solved
    assert found["number"] == solved.number
    assert set(found["words"]) <= {"前置", "置机", "机心", "心跳", "跳丢", "丢失"}


def test_other_tickets_of_the_requester_and_of_the_item(world: World) -> None:
    item = make_item("host-core-01")
    first = with_item(world, item, requester="requester", summary="甲")
    second = with_item(world, item, requester="colleague", summary="乙")
    third = register_incident(world.desk, requester="requester", summary="丙")
    around = surroundings_of(first, world.engineer, MONDAY)
    assert [row.number for row in around.items] == [second.number]
    assert [row.number for row in around.requester] == [third.number]


def test_an_open_ticket_of_the_same_event_is_shown_with_reasons(world: World) -> None:
    first = register_incident(world.desk, requester="requester", summary="交易终端全部黑屏无法下单")
    second = register_incident(world.desk, requester="requester", summary="交易终端全部黑屏")
    [twin] = surroundings_of(second, world.engineer, MONDAY).twins
    assert twin["number"] == first.number
    assert twin["reasons"]


def test_it_costs_the_same_for_many(world: World) -> None:
    item = make_item("host-core-01")
    ticket = with_item(world, item, requester="requester", summary="交易终端黑屏")
    surroundings_of(ticket, world.engineer, MONDAY)  # the person's permissions are read once
    counts = []
    for _round in range(2):
        for _number in range(3):
            with_item(world, item, requester="requester", summary="交易终端黑屏")
        with CaptureQueriesContext(connection) as queries:
            surroundings_of(ticket, world.engineer, MONDAY)
        counts.append(len(queries))
    assert counts == [7, 7]
