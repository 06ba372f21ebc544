"""Lists of tickets: filters, order, visibility, and one literal number of queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.api.client import Api, numbers, problem
from tests.factories import MONDAY, World, act, add_task, incident_in, make_system, register_incident, unclaimed
from tickets.models import Category

pytestmark = [pytest.mark.django_db, pytest.mark.req("API-01", "API-02")]

#: Token, its owner, the bucket of the rate limit, the rows.
LIST_QUERIES = 4


@pytest.mark.parametrize("rows", [1, 3])
def test_list_takes_the_same_queries_for_one_row_and_three(
    rows: int, world: World, django_assert_num_queries: Callable[..., Any]
) -> None:
    for _ in range(rows):
        incident_in("in_progress", world)
    api = Api(world.desk)
    api.get("incidents/")

    with django_assert_num_queries(LIST_QUERIES):
        found = numbers(api.get("incidents/"))

    assert len(found) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_list_of_tasks_takes_the_same_queries_for_one_row_and_three(
    rows: int, world: World, django_assert_num_queries: Callable[..., Any]
) -> None:
    parent = incident_in("in_progress", world)
    for _ in range(rows):
        add_task(parent, world.desk, assignee="engineer")
    api = Api(world.desk)
    api.get("tasks/")

    with django_assert_num_queries(LIST_QUERIES):
        found = numbers(api.get(f"tasks/?parent={parent.number}"))

    assert len(found) == rows


def test_rows_show_codes_with_names_in_the_language_of_the_request(world: World) -> None:
    incident_in("in_progress", world)
    api = Api(world.desk)

    english = api.get("incidents/").json()["results"][0]
    chinese = api.get("incidents/", accept_language="zh-hans").json()["results"][0]

    assert english["priority"] == {"code": "P4", "name": "Normal"}
    assert chinese["priority"] == {"code": "P4", "name": "普通事件"}
    assert english["assignee"] == {"username": "engineer", "name": "Engineer"}
    assert english["url"] == f"/api/v1/incidents/{english['number']}/"


FILTERS = [
    ("state=assigned", ["unclaimed"]),
    ("state=assigned&state=closed", ["unclaimed", "closed"]),
    ("phase=closed", ["closed"]),
    ("group=host", ["unclaimed", "working", "closed"]),
    ("group=none", ["new"]),
    ("group=mine&phase=open", ["unclaimed", "working"]),
    ("assignee=me", ["working", "closed"]),
    ("assignee=engineer2", []),
    ("assignee=none", ["unclaimed", "new"]),
    ("assignee=no-such-person", []),
    ("requester=requester", ["unclaimed", "working", "closed"]),
    ("organisation=egov", ["new"]),
    ("organisation=no-such", []),
    ("priority=P3", ["new"]),
    ("source=phone", ["new"]),
    ("source=none", []),
    ("nature=request", ["new"]),
    ("business_system=sys-x", ["new"]),
    ("business_system=none", ["unclaimed", "working", "closed"]),
    ("category={category}", ["new"]),
    ("q=打印", ["new"]),
    ("q={number}", ["working"]),
    ("number={number}", ["working"]),
    ("created_after=2026-11-23T06:00:00Z", ["new"]),
    ("created_before=2026-11-23T02:00:00Z", ["unclaimed"]),
    ("created_after=2026-11-24", []),
    ("updated_since=2026-11-23T06:00:00Z", ["new"]),
    ("resolved_after=2026-11-23T01:00:00Z", ["closed"]),
    ("due_before=2026-11-23T04:00:00Z", ["unclaimed"]),
    ("due_after=2026-11-23T04:00:00Z", ["working", "new"]),  # the desk has a limit of its own
    ("duplicate=true", []),
    ("reopened=false", ["unclaimed", "working", "closed", "new"]),
    ("external_number=X1", []),
]


@pytest.fixture
def named(world: World) -> dict[str, str]:
    """Numbers of four tickets, by what they are."""
    make_system("sys-x")
    requester: dict[str, Any] = {"requester": "requester"}
    new = {
        "requester": "requester2",
        "impact": "I3",
        "source": "phone",
        "nature": "request",
        "business_system": "sys-x",
        "summary": "打印机",
        "category": Category.objects.filter(parent__parent__isnull=False)[0].code,
    }
    hours = [MONDAY + timedelta(hours=2 * n) for n in range(4)]
    return {
        "unclaimed": unclaimed(world, now=hours[0]).number,
        "working": incident_in("in_progress", world, now=hours[1], **requester).number,
        "closed": incident_in("closed", world, now=hours[2], **requester).number,
        "new": register_incident(world.desk, now=hours[3], **new).number,
    }


@pytest.mark.slow
def test_filters_find_exactly_what_they_say(world: World, named: dict[str, str]) -> None:
    node = Category.objects.filter(parent__parent__isnull=False)[0]
    values = {"number": named["working"], "category": node.parent.parent.code}  # type: ignore[union-attr]
    names = {number: name for name, number in named.items()}
    api = Api(world.engineer)

    found = {
        query: [names[n] for n in numbers(api.get(f"incidents/?ordering=created_at&{query.format(**values)}"))]
        for query, _expected in FILTERS
    }

    assert found == dict(FILTERS)


def test_overdue_tickets_are_those_whose_running_limit_is_over(world: World) -> None:
    late = unclaimed(world, now=MONDAY - timedelta(days=30))
    incident_in("closed", world, now=MONDAY - timedelta(days=30))
    api = Api(world.engineer)

    assert numbers(api.get("incidents/?overdue=true")) == [late.number]
    assert late.number not in numbers(api.get("incidents/?overdue=false"))


def test_duplicates_and_reopened_tickets_are_found(world: World) -> None:
    main, twin = incident_in("registered", world), incident_in("registered", world)
    act(twin, "mark_duplicate", world.desk, main=main.number)
    resolved = incident_in("resolved", world)
    act(resolved, "not_solved", world.desk, text="还是不行")
    api = Api(world.desk)

    assert numbers(api.get("incidents/?duplicate=true")) == [twin.number]
    assert len(numbers(api.get("incidents/?reopened=true"))) == 1


def test_values_that_make_no_sense_are_refused_instead_of_ignored(world: World) -> None:
    api = Api(world.desk)

    for query in SENSELESS:
        body = problem(api.get(f"incidents/?{query}"), 400)
        assert list(body["errors"]) == [query.split("=")[0]]


SENSELESS = [
    "state=flying",
    "phase=x",
    "priority=P9",
    "nature=none",
    "created_after=yesterday",
    "created_after=0001-01-01T00:00:00Z",
    "created_after=99999-01-01",
    "overdue=1",
    "group=%00",
    "q=%00",
    f"q={'x' * 201}",
]


def test_an_unknown_parameter_is_refused_with_those_that_are_known(world: World) -> None:
    body = problem(Api(world.desk).get("incidents/?stat=assigned"), 400)

    assert list(body["errors"]) == ["stat"]
    assert "state, phase, priority" in body["errors"]["stat"][0]


@pytest.mark.req("ORG-03")
def test_customers_list_their_own_organisations_tickets_only(world: World) -> None:
    own = incident_in("registered", world, requester="requester")
    incident_in("registered", world, requester="requester2")
    api = Api(world.requester)

    assert numbers(api.get("incidents/")) == [own.number]
    assert numbers(api.get("incidents/?organisation=egov")) == []
    assert api.get("incidents/?count=true").json()["count"] == 1


@pytest.mark.req("ORG-03")
def test_customers_do_not_get_what_is_for_staff(world: World) -> None:
    incident_in("in_progress", world)

    for_staff = Api(world.desk).get("incidents/").json()["results"][0]
    for_customer = Api(world.requester).get("incidents/").json()["results"][0]

    assert for_staff.keys() - for_customer.keys() == {
        *("parent", "is_duplicate", "complexity", "children_total", "children_open"),
        *("external_system", "external_number"),
        *("dispatched_in_time", "responded_in_time", "completed_in_time", "escalated_at", "wait_count"),
    }
