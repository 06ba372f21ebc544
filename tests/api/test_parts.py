"""Timeline, comments, attachments, relations and tasks of a ticket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.api.client import Api, problem
from tests.factories import World, act, add_task, incident_in
from tickets.models import Attachment, ExternalReference, TicketLink, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("API-01")]

#: Token, its owner, the bucket of the rate limit, the ticket, its entries, their files.
TIMELINE_QUERIES = 6


@pytest.fixture
def uploads(settings: Any, tmp_path: Any) -> None:
    """Files of a test go where the test's other files go."""
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": storage}


def file(name: str = "app.log", content: bytes = b"line\n") -> SimpleUploadedFile:
    """A file as a program sends it."""
    return SimpleUploadedFile(name, content)


@pytest.mark.parametrize("comments", [1, 3])
def test_timeline_takes_the_same_queries_for_few_entries_and_many(
    comments: int, world: World, django_assert_num_queries: Callable[..., Any]
) -> None:
    ticket = incident_in("in_progress", world)
    for _ in range(comments):
        act(ticket, "comment", world.engineer, text="好")
    api = Api(world.desk)
    api.get("incidents/")

    with django_assert_num_queries(TIMELINE_QUERIES):
        lines = api.results(f"incidents/{ticket.number}/timeline/")

    assert [line["action"] for line in lines] == ["register", "assign", "start", *["comment"] * comments]


@pytest.mark.req("TKT-03")
def test_timeline_names_states_people_and_values_in_the_language_of_the_request(world: World) -> None:
    ticket = incident_in("assigned", world)

    line = Api(world.desk).results(f"incidents/{ticket.number}/timeline/")[1]

    assert (line["actor"], line["title"]) == ({"username": "desk", "name": "Desk"}, "assigned it")
    assert line["state_from"] == {"code": "registered", "name": "Registered"}
    assert line["state_to"] == {"code": "assigned", "name": "Assigned"}
    changes = {change["field"]: change for change in line["changes"]}
    assert changes["assignee"] == {
        "field": "assignee",
        "label": "Assignee",
        "old": "",
        "new": "Engineer",
        "old_value": None,
        "new_value": "engineer",
    }


@pytest.mark.req("ORG-03", "TKT-03")
def test_requesters_get_public_entries_without_values(world: World) -> None:
    ticket = incident_in("in_progress", world)
    act(ticket, "note", world.engineer, text="内部")
    act(ticket, "comment", world.engineer, text="公开")

    lines = Api(world.requester).results(f"incidents/{ticket.number}/timeline/")

    assert [line["action"] for line in lines] == ["register", "assign", "start", "comment"]
    assert [line["changes"] for line in lines] == [[], [], [], []]


def test_timeline_is_paged_in_both_orders(world: World) -> None:
    ticket = incident_in("closed", world)
    api = Api(world.desk)

    first = api.get(f"incidents/{ticket.number}/timeline/?page_size=2").json()
    rest = api.get(first["next"] + "").json()
    newest = api.results(f"incidents/{ticket.number}/timeline/?ordering=-at")

    ids = [line["id"] for line in first["results"] + rest["results"]]
    assert ids == sorted(ids)
    assert [line["id"] for line in newest][::-1][:4] == ids[:4]


def test_comments_are_public_unless_said_otherwise(world: World) -> None:
    ticket = incident_in("in_progress", world)
    path = f"incidents/{ticket.number}/comments/"
    api = Api(world.engineer)

    public = api.post(path, {"text": "公开"})
    internal = api.post(path, {"text": "内部", "internal": True})

    assert (public.status_code, public.json()["internal"]) == (201, False)
    assert (internal.status_code, internal.json()["internal"]) == (201, True)
    assert [c["text"] for c in api.results(path)] == ["公开", "内部"]
    assert [c["text"] for c in Api(world.requester).results(path)] == ["公开"]


@pytest.mark.req("ORG-03")
def test_requesters_cannot_write_notes(world: World) -> None:
    ticket = incident_in("in_progress", world)
    before = TimelineEntry.objects.count()

    problem(Api(world.requester).post(f"incidents/{ticket.number}/comments/", {"text": "x", "internal": True}), 403)

    assert TimelineEntry.objects.count() == before


def test_wrong_comments_are_refused(world: World) -> None:
    ticket = incident_in("in_progress", world)
    before = TimelineEntry.objects.count()
    path = f"incidents/{ticket.number}/comments/"

    for data in ({}, {"text": ""}, {"text": 1}, {"text": "x", "internal": "no"}, {"text": "x", "colour": "red"}):
        problem(Api(world.engineer).post(path, data), 400)

    assert TimelineEntry.objects.count() == before


@pytest.mark.req("TKT-05")
@pytest.mark.usefixtures("uploads")
def test_files_come_as_a_reply_and_are_downloaded_under_their_names(world: World) -> None:
    ticket = incident_in("in_progress", world)
    path, api = f"incidents/{ticket.number}/attachments/", Api(world.engineer)

    added = api.upload(path, {"attachments": [file("日志.log"), file("b.txt")], "text": "请看"})

    assert added.status_code == 201
    listed = api.results(path)
    assert [row["name"] for row in listed] == ["日志.log", "b.txt"]
    assert added.json()["results"] == listed
    download = api.get(listed[0]["url"])
    assert b"".join(download.streaming_content) == b"line\n"
    assert download["Content-Disposition"].startswith("attachment;")
    assert download["X-Content-Type-Options"] == "nosniff"
    assert api.results(f"incidents/{ticket.number}/comments/")[0]["text"] == "请看"


@pytest.mark.req("TKT-05", "ORG-03")
@pytest.mark.usefixtures("uploads")
def test_internal_files_are_found_by_staff_only(world: World) -> None:
    ticket = incident_in("in_progress", world)
    path = f"incidents/{ticket.number}/attachments/"
    (row,) = Api(world.engineer).upload(path, {"attachments": file(), "internal": "true"}).json()["results"]

    assert Api(world.requester).results(path) == []
    for username in ("requester", "requester2", "vendor"):
        problem(Api(world.people[username]).get(row["url"]), 404)
    assert Api(world.desk).get(row["url"]).status_code == 200


@pytest.mark.req("TKT-05")
@pytest.mark.usefixtures("uploads")
def test_refused_files_leave_nothing_behind(world: World, tmp_path: Any) -> None:
    ticket = incident_in("in_progress", world)
    path, api = f"incidents/{ticket.number}/attachments/", Api(world.engineer)
    before = TimelineEntry.objects.count()

    for data in (
        {"attachments": file("run.exe")},
        {"attachments": file("picture.png")},
        {"attachments": file("a.txt", b"\0")},
        {"text": "no file"} | {"attachments": file("x.html")},
        {"attachments": file(), "colour": "red"},
    ):
        problem(api.upload(path, data), 400)
    problem(api.upload(path, {}), 400)

    assert TimelineEntry.objects.count() == before
    assert Attachment.objects.count() == 0
    assert list(tmp_path.rglob("*.*")) == []


@pytest.mark.usefixtures("uploads")
def test_actions_take_files_where_their_forms_do(world: World) -> None:
    ticket = incident_in("in_progress", world)
    api, solution = (
        Api(world.engineer),
        {"cause": "x", "handling": "y", "close_code": "tier1", "verified_how": "tested"},
    )

    refused = api.upload(f"incidents/{ticket.number}/actions/wait/", {"wait_reason": "requester"})
    done = api.upload(f"incidents/{ticket.number}/actions/resolve/", {**solution, "attachments": file()})

    problem(refused, 415)
    assert done.status_code == 200
    assert api.results(f"incidents/{ticket.number}/timeline/")[-1]["attachments"][0]["name"] == "app.log"


@pytest.mark.req("TKT-04")
def test_relations_are_shown_from_both_sides_and_removed(world: World) -> None:
    one, other = incident_in("registered", world), incident_in("registered", world)
    api, path = Api(world.desk), f"incidents/{one.number}/relations/"

    made = api.post(path, {"meaning": "caused_by", "target": other.number})
    (incoming,) = api.results(f"incidents/{other.number}/relations/")

    assert made.status_code == 201
    assert api.results(path) == [made.json()]
    assert (made.json()["direction"], made.json()["ticket"]["number"]) == ("outgoing", other.number)
    assert (incoming["direction"], incoming["ticket"]["number"]) == ("incoming", one.number)
    assert incoming["meaning"] == {"code": "caused_by", "name": "caused by"}
    assert api.delete(f"{path}caused_by/{other.number}/").status_code == 204
    assert TicketLink.objects.count() == 0
    problem(api.delete(f"{path}caused_by/{other.number}/"), 404)


@pytest.mark.req("ORG-03")
def test_relations_to_tickets_of_others_are_not_shown(world: World) -> None:
    own = incident_in("registered", world, requester="requester")
    foreign = incident_in("registered", world, requester="requester2")
    act(own, "link", world.desk, meaning="related_to", target=foreign.number)
    ExternalReference.objects.create(ticket=own, meaning="caused_by", system="snow", kind="problem", reference="PRB1")
    path = f"incidents/{own.number}/relations/"

    assert [row["direction"] for row in Api(world.desk).results(path)] == ["outgoing", "external"]
    assert Api(world.requester).results(path) == []


def test_requesters_cannot_relate_tickets(world: World) -> None:
    one, other = incident_in("registered", world), incident_in("registered", world)

    response = Api(world.requester).post(
        f"incidents/{one.number}/relations/", {"meaning": "related_to", "target": other.number}
    )

    problem(response, 403)
    assert TicketLink.objects.count() == 0


@pytest.mark.req("TSK-01")
def test_tasks_are_split_off_and_listed(world: World) -> None:
    ticket = incident_in("in_progress", world)
    api, path = Api(world.engineer), f"incidents/{ticket.number}/tasks/"

    made = api.post(path, {"summary": "清理磁盘", "group": "host", "in_order": False})

    assert made.status_code == 201
    assert made["Location"] == made.json()["url"] == f"/api/v1/tasks/{made.json()['number']}/"
    assert made.json()["parent"] == ticket.number
    assert [row["number"] for row in api.results(path)] == [made.json()["number"]]
    assert api.get(f"incidents/{ticket.number}/").json()["children_open"] == 1


@pytest.mark.req("ORG-03")
def test_customers_do_not_see_tasks(world: World) -> None:
    ticket = incident_in("in_progress", world)
    task = add_task(ticket, world.desk)
    api = Api(world.requester)

    assert api.results(f"incidents/{ticket.number}/tasks/") == []
    assert api.results("tasks/") == []
    problem(api.get(f"tasks/{task.number}/"), 404)
