"""Refusals that come before any ticket: addresses, methods, media types, broken bodies."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.db import DataError, OperationalError
from django.test import Client

from itsm.api.errors import PayloadTooLarge
from itsm.api.parsers import JsonParser
from tests.api.client import Api, problem
from tests.factories import World
from tickets.api.lists import TicketDetailView
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("API-01")]


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/nothing/", "/api/v2/incidents/", "/api/v1/incidents/x%00/", "/api/%FF"]
)
def test_unknown_addresses_are_problems_too(path: str, client: Client) -> None:
    problem(client.get(path), 404)
    problem(client.post(path, {}, content_type="application/json"), 404)


def test_methods_and_media_types_that_are_not_known_are_refused(world: World) -> None:
    api = Api(world.desk)

    problem(api.client.put("/api/v1/incidents/", "{}", content_type="application/json"), 405)
    problem(api.delete("incidents/IM261122000001/"), 405)
    problem(api.client.options("/api/v1/incidents/"), 405)
    problem(api.get("incidents/", accept="text/html"), 406)
    problem(api.client.post("/api/v1/incidents/", "summary=x", content_type="application/x-www-form-urlencoded"), 415)
    problem(api.client.post("/api/v1/incidents/", "<a/>", content_type="application/xml"), 415)
    assert Ticket.objects.count() == 0


BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"x"',
    b"\xff\xfe",
    b'{"summary": NaN}',
    b'{"summary": "first", "summary": "second"}',
    b'{"summary": 1e999}',
    b'{"summary": ' + b"9" * 5000 + b"}",
    b'{"summary": "\\u0000"}',
    b'{"\\u0000": "x"}',
    b'{"summary": "\\ud800"}',
    b'{"summary": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    '{"summary": "ü"}'.encode("latin-1"),
]


def test_broken_bodies_are_refused(world: World) -> None:
    api = Api(world.desk)

    for body in BODIES:
        problem(api.client.post("/api/v1/incidents/", body, content_type="application/json"), 400)

    assert Ticket.objects.count() == 0


def test_zero_characters_in_forms_are_refused_by_field(world: World) -> None:
    body = problem(Api(world.desk).upload("incidents/", {"summary": "a\0b"}), 400)

    assert body["errors"].keys() == {"summary"}


def test_a_body_that_is_too_large_is_refused(world: World, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    api = Api(world.desk)

    problem(api.post("incidents/", {"summary": "x" * 1000}), 413)
    problem(api.upload("incidents/", {"summary": "x" * 1000}), 413)

    assert Ticket.objects.count() == 0


@pytest.mark.slow
def test_more_fields_than_any_form_has_are_refused(world: World, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5

    problem(Api(world.desk).upload("incidents/", {f"x{n}": "1" for n in range(6)}), 400)


@pytest.mark.parametrize(
    ("error", "status"),
    [(RuntimeError("the secret is 42"), 500), (DataError("secret"), 400), (OperationalError("secret"), 500)],
)
def test_a_fault_of_ours_is_logged_and_reveals_nothing(
    error: Exception, status: int, world: World, monkeypatch: Any, caplog: Any
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(TicketDetailView, "get", fail)
    api = Api(world.desk)
    api.client.raise_request_exception = False

    response = api.get("incidents/IM261122000001/")

    problem(response, status)
    assert "secret" not in response.content.decode()
    assert ("secret" in caplog.text) == (status == 500)


def test_a_busy_database_asks_to_come_back(world: World, monkeypatch: Any) -> None:
    class LockNotAvailableError(Exception):
        pgcode = "55P03"

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OperationalError from LockNotAvailableError()

    monkeypatch.setattr(TicketDetailView, "get", fail)

    response = Api(world.desk).get("incidents/IM261122000001/")

    problem(response, 503)
    assert response["Retry-After"] == "1"


def test_problems_speak_the_language_of_the_request(world: World) -> None:
    api = Api(world.desk)

    english = problem(api.get("incidents/IM261122000001/"), 404)
    chinese = problem(api.get("incidents/IM261122000001/", accept_language="zh-hans"), 404)

    assert english["title"] == "There is no such thing"
    assert chinese["title"] != english["title"]
    assert json.dumps(english)
    assert english["type"] == "/api/v1/docs/#not-found"


def test_a_body_that_is_too_large_is_read_to_its_end(settings: Any) -> None:
    """A refusal in the middle of what is being sent would reach nobody: the connection would be cut."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    sent = io.BytesIO(b'"' + b"x" * 500_000)

    with pytest.raises(PayloadTooLarge):
        JsonParser().parse(sent)

    assert sent.read() == b""
