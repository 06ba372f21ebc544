"""Registering, reading and acting by API: one door with the pages, told in statuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from tests.api.client import Api, problem
from tests.factories import World, act, incident_in, last_entry, register_incident, unclaimed
from tickets.models import Ticket, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("API-01")]

#: Token, its owner, the bucket of the rate limit, the ticket, its configuration items.
DETAIL_QUERIES = 5
#: The four of every request less the rows, transaction (4), time, what the form refers to (4), number, ticket (2),
#: timeline entry, the desk's limit (its clock, its timers, the ticket's own), and the answer (2).
CREATE_QUERIES = 23
#: Transaction (4), ticket, ticket locked, time, ticket written (2), timeline entry, planned times, the answer (2).
ACT_QUERIES = 25


def snapshot() -> list[Any]:
    """Everything about tickets that an action could change."""
    return [list(Ticket.objects.order_by("pk").values()), TimelineEntry.objects.count()]


def test_registering_answers_with_the_ticket_and_its_address(world: World) -> None:
    api = Api(world.desk)

    response = api.post("incidents/", {"summary": "主机无法登录", "requester": "requester", "impact": "I3"})

    assert response.status_code == 201
    body = response.json()
    assert response["Location"] == f"/api/v1/incidents/{body['number']}/"
    assert (body["summary"], body["state"]["code"], body["priority"]["code"]) == ("主机无法登录", "registered", "P3")
    assert body["source"]["code"] == "api"
    ticket = Ticket.objects.get(number=body["number"])
    assert (ticket.requester, ticket.registered_by) == (world.requester, world.desk)
    assert last_entry(ticket).via == TimelineEntry.Via.API
    assert api.get(response["Location"])["ETag"] == response["ETag"]


def test_query_counts_of_create_detail_and_act(world: World, django_assert_num_queries: Callable[..., Any]) -> None:
    api = Api(world.desk)
    number = api.post("incidents/", {"summary": "x", "impact": "I4"}).json()["number"]

    with django_assert_num_queries(CREATE_QUERIES):
        assert api.post("incidents/", {"summary": "x", "impact": "I4"}).status_code == 201
    with django_assert_num_queries(DETAIL_QUERIES):
        assert api.get(f"incidents/{number}/").status_code == 200
    with django_assert_num_queries(ACT_QUERIES):
        assert api.post(f"incidents/{number}/actions/urge/", {"text": "快"}).status_code == 200


def test_an_incident_lives_from_registration_to_closing_by_api_alone(world: World) -> None:
    desk, engineer = Api(world.desk), Api(world.engineer)
    number = desk.post("incidents/", {"summary": "x", "requester": "requester"}).json()["number"]
    told = {"confirmed_by": "Requester", "confirmed_how": "phone"}
    steps: list[tuple[Api, str, dict[str, Any], str]] = [
        (desk, "assign", {"group": "host"}, "assigned"),
        (engineer, "claim", {}, "assigned"),
        (engineer, "start", {}, "in_progress"),
        (engineer, "wait", {"wait_reason": "requester", "wait_until": "2099-01-01T00:00:00Z"}, "pending"),
        (engineer, "resume", {}, "in_progress"),
        (
            engineer,
            "resolve",
            {"cause": "磁盘已满", "handling": "清理", "close_code": "tier1", "verified_how": "tested"},
            "resolved",
        ),
        (desk, "close", {"satisfaction": "very_good", **told}, "closed"),
    ]

    states = []
    for api, name, data, _state in steps:
        said = {"confirmed_at": timezone.now().isoformat()} if name == "close" else {}
        states.append(api.post(f"incidents/{number}/actions/{name}/", data | said).json()["state"]["code"])

    assert states == [state for *_, state in steps]


def test_actions_list_what_the_person_may_do_with_their_input(
    world: World, django_assert_num_queries: Callable[..., Any]
) -> None:
    ticket = incident_in("in_progress", world)
    api = Api(world.engineer)
    api.get("incidents/")

    with django_assert_num_queries(DETAIL_QUERIES + 1):  # the levels that a form offers
        offered = {item["name"]: item for item in api.results(f"incidents/{ticket.number}/actions/")}

    assert "close" not in offered
    resolve = offered["resolve"]
    assert (resolve["enabled"], resolve["reason"], resolve["versioned"]) == (True, "", True)
    assert resolve["url"] == f"/api/v1/incidents/{ticket.number}/actions/resolve/"
    fields = {field["name"]: field for field in resolve["fields"]}
    assert fields["close_code"]["values_from"] == "/api/v1/codes/close-codes/"
    assert (fields["cause"]["type"], fields["cause"]["required"]) == ("string", True)
    assert fields["attachments"]["type"] == "file"


def test_an_action_that_a_guard_holds_back_says_why(world: World) -> None:
    ticket = incident_in("assigned", world)

    offered = {item["name"]: item for item in Api(world.engineer2).results(f"incidents/{ticket.number}/actions/")}

    assert offered["claim"]["enabled"] is False
    assert offered["claim"]["reason"] == "Engineer has claimed this ticket."


@pytest.mark.req("API-02")
def test_reading_again_with_the_etag_answers_304_until_something_changes(world: World) -> None:
    ticket = incident_in("assigned", world)
    api = Api(world.desk)
    etag = api.get(f"incidents/{ticket.number}/")["ETag"]

    unchanged = api.get(f"incidents/{ticket.number}/", if_none_match=etag)
    act(ticket, "urge", world.desk, text="")
    changed = api.get(f"incidents/{ticket.number}/", if_none_match=etag)

    assert (unchanged.status_code, unchanged.content, unchanged["ETag"]) == (304, b"", etag)
    assert changed.status_code == 200
    assert changed["ETag"] != etag


@pytest.mark.req("API-02", "TKT-07")
def test_acting_on_an_old_version_changes_nothing_and_says_what_changed(world: World) -> None:
    ticket = incident_in("in_progress", world)
    engineer = Api(world.engineer)
    etag = engineer.get(f"incidents/{ticket.number}/")["ETag"]
    act(ticket, "edit", world.desk, summary="另一个标题")
    before = snapshot()

    response = engineer.post(f"incidents/{ticket.number}/actions/edit/", {"summary": "我的标题"}, if_match=etag)

    body = problem(response, 412)
    assert snapshot() == before
    assert body["current_version"] == ticket.version + 1
    (entry,) = body["changes"]
    assert (entry["action"], entry["actor"]["username"]) == ("edit", "desk")
    (change,) = entry["changes"]
    assert (change["field"], change["new"]) == ("summary", "另一个标题")


@pytest.mark.req("API-02")
@pytest.mark.parametrize("tag", ['"{version}"', '"{version}.0123456789abcdef"', "*"])
def test_acting_on_the_present_version_succeeds(tag: str, world: World) -> None:
    ticket = incident_in("in_progress", world)
    path = f"incidents/{ticket.number}/actions/edit/"

    response = Api(world.engineer).post(path, {"summary": "新"}, if_match=tag.format(version=ticket.version))

    assert response.status_code == 200


@pytest.mark.req("API-02")
@pytest.mark.parametrize("tag", ['W/"1"', "1", '"x"', '"0"', '"99999999999999999999"'])
def test_a_tag_that_is_not_ours_never_matches(tag: str, world: World) -> None:
    ticket = incident_in("in_progress", world)
    before = snapshot()

    response = Api(world.engineer).post(f"incidents/{ticket.number}/actions/edit/", {"summary": "新"}, if_match=tag)

    problem(response, 412)
    assert snapshot() == before


def test_comments_do_not_conflict(world: World) -> None:
    ticket = incident_in("in_progress", world)

    response = Api(world.engineer).post(f"incidents/{ticket.number}/comments/", {"text": "好"}, if_match='"1"')

    assert response.status_code == 201


REFUSALS: list[tuple[str, str, dict[str, Any], int]] = [
    ("engineer", "no_such_action", {}, 404),
    ("engineer", "register", {}, 404),
    ("requester2", "confirm", {}, 404),
    ("engineer", "assign", {"group": "host"}, 403),
    ("desk", "resolve_with_main", {}, 403),
    ("engineer", "start", {}, 409),
    ("engineer", "resolve", {"cause": "x"}, 400),
    ("engineer", "resolve", {"cause": "x", "handling": "y", "close_code": "no-such"}, 400),
    ("engineer", "edit", {"summary": "x", "state": "closed"}, 400),
    ("engineer", "edit", {"summary": "x", "number": "IM1"}, 400),
    ("engineer", "edit", {"summary": 5}, 400),
    ("engineer", "edit", {"summary": ["x"]}, 400),
    ("engineer", "edit", {"complexity": "2"}, 400),
    ("engineer", "edit", {"complexity": True}, 400),
    ("engineer", "edit", {"complexity": 2**40}, 400),
    ("engineer", "edit", {"summary": "\0"}, 400),
    ("engineer", "edit", {"summary": "\ud800"}, 400),
    ("engineer", "wait", {"wait_reason": "requester", "wait_until": "2099-01-01T00:00:00"}, 400),
    ("engineer", "wait", {"wait_reason": "requester", "wait_until": "9999-12-31T23:59:59-14:00"}, 400),
    ("engineer", "wait", {"wait_reason": "requester", "wait_until": "0001-01-01T00:00:00+14:00"}, 400),
    ("engineer", "wait", {"wait_reason": "requester", "wait_until": "soon"}, 400),
    ("engineer", "confirm_backup", {"text": "x", "confirmed": "yes"}, 400),
    ("engineer", "add_items", {"items": "SRV-1"}, 400),
    ("engineer", "add_items", {"items": [1]}, 400),
    ("engineer", "add_items", {"items": ["no-such"]}, 400),
    ("engineer", "link", {"meaning": "related_to", "target": "IM000000000000"}, 400),
]


def test_null_empties_a_field_and_leaves_what_cannot_be_empty(world: World) -> None:
    ticket = incident_in("in_progress", world, category="sw", complexity="3")
    data = {"complexity": None, "category": None, "description": None}

    body = Api(world.engineer).post(f"incidents/{ticket.number}/actions/edit/", data).json()

    assert (body["complexity"], body["category"], body["description"]) == (3, None, "")
    assert body["summary"] == ticket.summary


def test_refused_actions_change_nothing(world: World) -> None:
    ticket = incident_in("in_progress", world)
    apis = {name: Api(world.people[name]) for name in {name for name, *_ in REFUSALS}}
    before = snapshot()

    found = [
        (name, action, data, apis[name].post(f"incidents/{ticket.number}/actions/{action}/", data).status_code)
        for name, action, data, _status in REFUSALS
    ]

    assert found == REFUSALS
    assert snapshot() == before


@pytest.mark.req("TKT-06")
def test_a_conflict_names_what_is_possible_instead(world: World) -> None:
    ticket = incident_in("closed", world)

    body = problem(Api(world.engineer).post(f"incidents/{ticket.number}/actions/start/"), 409)

    assert body["detail"] == "This is not possible in the state “Closed”."
    assert {"comment", "note"} <= set(body["possible"])
    assert "start" not in body["possible"]


def test_errors_of_input_are_named_by_field_in_the_language_of_the_request(world: World) -> None:
    ticket = incident_in("in_progress", world)
    path = f"incidents/{ticket.number}/actions/resolve/"

    english = problem(Api(world.engineer).post(path, {"close_code": "no-such", "colour": "red"}), 400)
    chinese = problem(Api(world.engineer).post(path, {"cause": "x"}, accept_language="zh-hans"), 400)

    assert english["errors"].keys() == {"cause", "handling", "close_code", "colour"}
    assert english["errors"]["colour"] == ["There is no such field."]
    assert "必填" in chinese["errors"]["handling"][0]


def test_wrong_registrations_create_nothing(world: World) -> None:
    api = Api(world.desk)

    for data in ({}, {"summary": ""}, {"summary": "x" * 201}, {"summary": "x", "state": "closed"}, {"phase": "x"}):
        problem(api.post("incidents/", data), 400)

    assert Ticket.objects.count() == 0


@pytest.mark.req("ORG-03")
def test_customers_cannot_send_what_they_are_not_asked_for(world: World) -> None:
    body = problem(Api(world.requester).post("incidents/", {"summary": "x", "group": "host"}), 400)

    assert body["errors"] == {"group": ["There is no such field."]}
    assert Ticket.objects.count() == 0


@pytest.mark.req("ORG-03")
def test_a_foreign_ticket_answers_exactly_like_a_missing_one(world: World) -> None:
    ticket = incident_in("registered", world, requester="requester")
    api, missing = Api(world.requester2), "IM991231999999"

    for part in ("", "actions/", "timeline/", "comments/", "attachments/", "relations/", "tasks/"):
        foreign = problem(api.get(f"incidents/{ticket.number}/{part}"), 404)
        absent = problem(api.get(f"incidents/{missing}/{part}"), 404)
        assert {**foreign, "instance": ""} == {**absent, "instance": ""}


def test_a_ticket_is_not_found_under_another_kind(world: World) -> None:
    ticket = register_incident(world.desk)

    problem(Api(world.desk).get(f"tasks/{ticket.number}/"), 404)


@pytest.mark.req("ORG-03")
def test_requesters_read_the_public_part_only(world: World) -> None:
    ticket = incident_in("resolved", world)

    for_staff = Api(world.desk).get(f"incidents/{ticket.number}/").json()
    for_requester = Api(world.requester).get(f"incidents/{ticket.number}/").json()

    assert for_requester["handling"] == "清理日志"
    hidden = for_staff.keys() - for_requester.keys()
    assert {"cause", "vendor_contact", "supplier", "items", "duplicate_of", "complexity"} <= hidden
    assert for_requester.keys() < for_staff.keys()


def test_registering_is_not_offered_for_kinds_that_come_about_otherwise(world: World) -> None:
    problem(Api(world.desk).post("tasks/", {"summary": "x"}), 405)


@pytest.mark.req("INC-06")
def test_the_second_to_claim_is_told_who_was_first(world: World) -> None:
    ticket = unclaimed(world)
    path = f"incidents/{ticket.number}/actions/claim/"

    first, second = Api(world.engineer).post(path), Api(world.engineer2).post(path)

    assert first.json()["assignee"]["username"] == "engineer"
    assert problem(second, 409)["detail"] == "Engineer has claimed this ticket."
