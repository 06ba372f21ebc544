"""Keyset paging: every row once, in order, in both directions, whatever it is sorted by."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from itsm.web.paging import PagingError, capped_count, page_of, parse_ordering
from tests.api.client import Api, numbers, problem
from tests.factories import MONDAY, World, incident_in, register_incident, unclaimed
from tickets.models import Ticket
from tickets.queues.filters import SORTS

pytestmark = [pytest.mark.django_db, pytest.mark.req("API-02")]


@pytest.fixture
def tickets(world: World) -> list[Ticket]:
    """Seven tickets in different states, some with equal sort values, some with empty ones."""
    made = [incident_in(state, world, now=MONDAY + timedelta(hours=n)) for n, state in enumerate(STATES)]
    made += [unclaimed(world, now=MONDAY), register_incident(world.requester, now=MONDAY, summary="同样")]
    return list(Ticket.objects.filter(pk__in=[ticket.pk for ticket in made]))


STATES = ["registered", "in_progress", "resolved", "closed", "pending"]


def walk(ordering: str, size: int) -> list[list[int]]:
    """The ids of each page, following ``next`` to the end; then the same pages again by ``previous``."""
    columns, cursor, pages, cursors = parse_ordering(ordering, SORTS), "", [], []
    while True:
        page = page_of(Ticket.objects.all(), columns, cursor=cursor, size=size)
        pages.append([row.pk for row in page.rows])
        cursors.append(page.previous)
        if page.next is None:
            break
        cursor = page.next
    back = [
        [row.pk for row in page_of(Ticket.objects.all(), columns, cursor=cursor, size=size).rows]
        for cursor in reversed(cursors)
        if cursor
    ]
    assert back == pages[-2::-1]
    return pages


@pytest.mark.slow
def test_every_sort_shows_every_row_once_and_in_the_order_of_the_database(tickets: list[Ticket]) -> None:
    several = ["priority,-created_at", "-group,assignee", "state,-resolved_at,number"]

    for name in [*several, *(sign + name for name in SORTS for sign in ("", "-"))]:
        whole = page_of(Ticket.objects.all(), parse_ordering(name, SORTS), size=100)
        assert sorted(row.pk for row in whole.rows) == sorted(ticket.pk for ticket in tickets), name
        for size in (1, 3):
            assert list(chain(*walk(name, size))) == [row.pk for row in whole.rows], name


def test_empty_values_come_last_in_both_directions(tickets: list[Ticket]) -> None:
    for name in ("resolved_at", "-resolved_at"):
        rows = page_of(Ticket.objects.all(), parse_ordering(name, SORTS), size=100).rows
        assert [row.resolved_at is None for row in rows] == [False, False, True, True, True, True, True]


def test_rows_that_join_before_the_page_do_not_shift_it(world: World) -> None:
    older = [register_incident(world.desk, now=MONDAY + timedelta(hours=n)).pk for n in range(4)]
    columns = parse_ordering("-created_at", SORTS)
    first = page_of(Ticket.objects.all(), columns, size=2)
    register_incident(world.desk, now=MONDAY + timedelta(hours=9))

    second = page_of(Ticket.objects.all(), columns, cursor=first.next or "", size=2)

    assert [row.pk for row in second.rows] == older[1::-1]


def test_the_order_of_queues_is_one_row_comparison(world: World) -> None:
    for _ in range(2):
        register_incident(world.desk)
    columns = parse_ordering("queue", SORTS)
    first = page_of(Ticket.objects.all(), columns, size=1)

    with CaptureQueriesContext(connection) as captured:
        page_of(Ticket.objects.all(), columns, cursor=first.next or "", size=1)

    (query,) = captured.captured_queries
    sql = query["sql"]
    assert '("tickets_ticket"."priority_rank", "tickets_ticket"."queue_due_at", "tickets_ticket"."complexity"' in sql
    assert " OR " not in sql
    assert "NULLS" not in sql


def test_a_count_stops_at_its_cap(world: World) -> None:
    for _ in range(3):
        register_incident(world.desk)

    assert capped_count(Ticket.objects.all(), 2) == (2, True)
    assert capped_count(Ticket.objects.all(), 3) == (3, False)


@pytest.mark.parametrize("ordering", ["", ",", "secret", "-", "--priority", "priority__rank", "a,b,c,d", "number,x"])
def test_an_ordering_that_is_not_allowed_is_refused(ordering: str) -> None:
    with pytest.raises(PagingError):
        parse_ordering(ordering, SORTS)


def test_api_links_lead_through_all_pages_and_back(world: World) -> None:
    made = [register_incident(world.desk, now=MONDAY + timedelta(hours=n)).number for n in range(5)]
    api = Api(world.desk)

    first = api.get("incidents/?page_size=2&ordering=created_at&q=主机")
    second = api.get(first.json()["next"])
    third = api.get(second.json()["next"])
    again = api.get(third.json()["previous"])

    assert [numbers(page) for page in (first, second, third)] == [made[:2], made[2:4], made[4:]]
    assert first.json()["previous"] is None
    assert third.json()["next"] is None
    assert numbers(again) == made[2:4]


def test_api_counts_only_when_asked(world: World) -> None:
    register_incident(world.desk)
    api = Api(world.desk)

    assert "count" not in api.get("incidents/").json()
    assert api.get("incidents/?count=true").json()["count"] == 1
    assert api.get("incidents/?count=true").json()["count_is_capped"] is False


def test_api_refuses_paging_that_makes_no_sense(world: World) -> None:
    api = Api(world.desk)

    for parameters in ("cursor=x", "cursor=W10:abc", "page_size=0", "page_size=101", "page_size=٣", "count=1"):
        body = problem(api.get(f"incidents/?{parameters}"), 400)
        assert list(body["errors"]) == [parameters.split("=")[0]]


def test_api_refuses_a_cursor_of_another_ordering(world: World) -> None:
    for _ in range(2):
        register_incident(world.desk)
    api = Api(world.desk)
    cursor = api.get("incidents/?page_size=1").json()["next"].split("cursor=")[1].split("&")[0]

    body: Any = problem(api.get(f"incidents/?page_size=1&ordering=number&cursor={cursor}"), 400)

    assert body["errors"] == {"cursor": ["This cursor belongs to another ordering."]}
