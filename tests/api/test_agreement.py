"""The description and the server say the same: what must be sent, what rows hold, what they can be sorted by."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.api.client import Api, problem
from tests.factories import World, act, incident_in, make_item, register_incident, unclaimed
from tickets.models import Ticket
from tickets.serializers import EXPANDABLE, TicketSerializer

pytestmark = [pytest.mark.django_db, pytest.mark.req("API-01", "API-02")]


@pytest.fixture
def description() -> dict[str, Any]:
    """The description of the API."""
    return dict(Client().get("/api/v1/schema/", headers={"accept-language": "en"}).json())


def body_of(description: dict[str, Any], path: str, media: str = "application/json") -> dict[str, Any]:
    """The schema of what is posted to ``path``."""
    return dict(description["paths"][f"/api/v1/{path}"]["post"]["requestBody"]["content"][media]["schema"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "username"),
    [
        ("incidents/", "desk"),
        ("problems/", "manager"),
        ("canned-replies/", "lead"),
        ("ticket-templates/", "lead"),
        ("announcements/", "manager"),
        ("views/", "desk"),
        ("bulk/", "desk"),
        ("exports/", "desk"),
        ("items/discovered/", "admin"),
    ],
)
def test_what_a_new_one_needs_is_what_is_required(
    path: str, username: str, world: World, description: dict[str, Any]
) -> None:
    required = body_of(description, path)["required"]

    refused = problem(Api(world.people[username]).post(path, {}), 400)["errors"]

    # Of two texts in two languages one is needed: no list of names says that.
    assert sorted(refused.keys() - {"text_zh"}) == sorted(required)


def test_a_reason_is_required_where_only_values_are_kept(world: World, description: dict[str, Any]) -> None:
    ticket = incident_in("in_progress", world)
    body = body_of(description, "incidents/{number}/actions/change_priority/")
    path = f"incidents/{ticket.number}/actions/"

    assert body["required"] == ["text"]
    assert problem(Api(world.owner).post(f"{path}change_priority/", {}), 400)["errors"].keys() == {"text"}
    offered = {row["name"]: row for row in Api(world.engineer).results(path)}
    needed = {name: [f["name"] for f in row["fields"] if f["required"]] for name, row in offered.items()}
    assert needed["record_on_site"] == ["departed_at"]
    assert needed["edit"] == []


def test_lists_that_must_not_be_empty_say_so(world: World, description: dict[str, Any]) -> None:
    ticket = unclaimed(world)
    for action in ("add_items", "remove_items"):
        body = body_of(description, f"incidents/{{number}}/actions/{action}/")
        assert body["properties"]["items"]["minItems"] == 1
        refused = problem(Api(world.desk).post(f"incidents/{ticket.number}/actions/{action}/", {"items": []}), 400)
        assert refused["errors"].keys() == {"items"}


def test_minutes_are_a_number(world: World, description: dict[str, Any]) -> None:
    ticket = incident_in("in_progress", world)
    path = f"incidents/{ticket.number}/actions/log_time/"

    body = body_of(description, "incidents/{number}/actions/log_time/")
    assert body["properties"]["minutes"]["type"] == ["integer", "string"]
    for sent in (45, "1:30"):
        assert Api(world.engineer).post(path, {"minutes": sent}).status_code == 200
    for wrong in (0, True, 1.5, [45]):
        assert problem(Api(world.engineer).post(path, {"minutes": wrong}), 400)["errors"].keys() == {"minutes"}
    assert list(ticket.time_spent.order_by("pk").values_list("minutes", flat=True)) == [45, 90]


@pytest.mark.req("TKT-05")
def test_a_file_that_is_missing_is_said_of_files(world: World) -> None:
    ticket = unclaimed(world)

    for data in ({}, {"text": "with nothing"}):
        refused = problem(Api(world.desk).upload(f"incidents/{ticket.number}/attachments/", data), 400)
        assert refused["errors"].keys() == {"attachments"}
    assert not ticket.timeline.filter(action="comment").exists()


@pytest.mark.req("TKT-05")
def test_downloads_come_as_they_are_described(world: World, description: dict[str, Any]) -> None:
    ticket = unclaimed(world)
    sent = {"attachments": SimpleUploadedFile("a.txt", b"text", "text/plain")}
    stored = Api(world.desk).upload(f"incidents/{ticket.number}/attachments/", sent).json()["results"][0]

    answer = Api(world.desk).get(stored["url"])
    types = [
        list(found["get"]["responses"]["200"]["content"])
        for path, found in description["paths"].items()
        if path in ("/api/v1/attachments/{id}/", "/api/v1/exports/{id}/file/")
    ]
    xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert sorted(types) == [["application/octet-stream"], ["text/csv", xlsx]]
    assert (answer["Content-Type"], stored["content_type"]) == ("application/octet-stream", "text/plain")
    assert "*/*" not in json.dumps(description["paths"])


@pytest.mark.slow
def test_every_field_of_a_row_can_be_sorted_by_both_ways(world: World) -> None:
    main, other = unclaimed(world), incident_in("in_progress", world)
    act(other, "mark_duplicate", world.desk, main=main.number)
    names = TicketSerializer._declared_fields.keys() - {"url"}

    for name in sorted(names):
        for sign in ("", "-"):
            found = Api(world.desk).get(f"incidents/?ordering={sign}{name}&page_size=1")
            assert found.status_code == 200, (name, found.content)
            rows = [*found.json()["results"], *Api(world.desk).results(found.json()["next"])]
            assert {row["number"] for row in rows} == {main.number, other.number}, name
    assert [row["is_duplicate"] for row in Api(world.desk).results("incidents/?ordering=is_duplicate")] == [
        False,
        True,
    ]
    assert [row["is_duplicate"] for row in Api(world.desk).results("incidents/?ordering=-is_duplicate")] == [
        True,
        False,
    ]


def test_rows_show_impact_and_urgency_and_what_is_asked_for(world: World, django_assert_num_queries: Any) -> None:
    ticket = register_incident(world.desk, requester=world.requester, description="Seit heute früh.", impact="I2")
    item = make_item("SRV-1", organisation=ticket.organisation)
    act(ticket, "add_items", world.desk, items=[item.identifier])
    api = Api(world.desk)

    plain = api.results("incidents/")[0]
    assert plain["impact"]["code"] == "I2"
    assert set(EXPANDABLE) & plain.keys() == set()
    with django_assert_num_queries(5):  # those of a list, and one for the items of all rows
        row = api.results("incidents/?expand=description&expand=items&expand=registered_by")[0]
    assert row["description"] == "Seit heute früh."
    assert [found["identifier"] for found in row["items"]] == ["SRV-1"]
    assert row["registered_by"]["username"] == "desk"
    everything = "&".join(f"expand={name}" for name in EXPANDABLE)
    whole = api.get(f"incidents/{ticket.number}/").json()
    row = api.results(f"incidents/?{everything}")[0]
    assert {name: whole[name] for name in row} == row
    assert problem(api.get("incidents/?expand=password"), 400)["errors"].keys() == {"expand"}


@pytest.mark.req("ORG-03")
def test_what_is_for_staff_is_not_shown_to_others_by_asking(world: World) -> None:
    register_incident(world.desk, requester=world.requester)

    row = Api(world.requester).results("incidents/?expand=items&expand=supplier&expand=description")[0]

    assert {"items", "supplier"} & row.keys() == set()
    assert "description" in row
    assert Ticket.objects.count() == 1
