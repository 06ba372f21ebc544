"""Who gets in: tokens, scopes, sessions, rate limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.limits import take_from_bucket
from accounts.models import ApiToken, RateBucket
from tests.api.client import Api, problem
from tests.factories import World, incident_in
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("API-01")]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer itsm_1_x",
        "Bearer itsm_999999999999999999_x",
        "Basic ZGVzazp4",
        "itsm_1_x",
    ],
)
def test_without_a_valid_token_nothing_is_read(header: str, world: World) -> None:
    client = Client(headers={"authorization": header} if header else {})

    response = client.get("/api/v1/incidents/")

    problem(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("change", ["expired", "revoked", "secret", "inactive"])
def test_a_token_that_is_not_valid_any_more_is_refused(change: str, world: World) -> None:
    api = Api(world.desk)
    yesterday = timezone.now() - timedelta(days=1)
    if change == "expired":
        ApiToken.objects.update(expires_at=yesterday)
    elif change == "revoked":
        ApiToken.objects.update(revoked_at=yesterday)
    elif change == "secret":
        ApiToken.objects.update(secret_hash="0" * 64)
    else:
        type(world.desk).objects.filter(pk=world.desk.pk).update(is_active=False)

    problem(api.get("incidents/"), 401)
    assert ApiToken.objects.get().last_used_at is None


def test_a_scheme_in_small_letters_is_understood(world: World) -> None:
    api = Api(world.desk)
    api.client.defaults["HTTP_AUTHORIZATION"] = api.client.defaults["HTTP_AUTHORIZATION"].replace("Bearer", "bearer")

    assert api.get("incidents/").status_code == 200


def test_the_last_use_is_recorded_once_a_minute(world: World, django_assert_num_queries: Any) -> None:
    api = Api(world.desk)

    with django_assert_num_queries(5):
        api.get("incidents/")
    first = ApiToken.objects.get().last_used_at
    with django_assert_num_queries(4):
        api.get("incidents/")

    assert first is not None
    assert ApiToken.objects.get().last_used_at == first


SCOPES = [
    (["tickets:read"], "get", "incidents/", 200),
    (["tickets:read"], "post", "incidents/", 403),
    (["tickets:read"], "get", "people/", 403),
    (["tickets:write"], "get", "incidents/", 403),
    (["tickets:write"], "post", "incidents/", 201),
    (["directory:read"], "get", "people/", 200),
    (["directory:read"], "get", "codes/", 200),
    (["directory:read"], "get", "incidents/", 403),
    ([], "get", "incidents/", 403),
]


@pytest.mark.parametrize(("scopes", "method", "path", "status"), SCOPES)
def test_a_token_reaches_what_its_scopes_name(
    scopes: list[str], method: str, path: str, status: int, world: World
) -> None:
    api = Api(world.desk, scopes)

    response = api.get(path) if method == "get" else api.post(path, {"summary": "x"})

    assert response.status_code == status
    assert Ticket.objects.count() == (status == 201)
    if status == 403:
        needed = "directory:read" if path == "people/" else f"tickets:{'read' if method == 'get' else 'write'}"
        assert problem(response, 403)["detail"] == f"This token lacks the scope “{needed}”."


def test_deleting_needs_the_scope_to_write(world: World) -> None:
    ticket = incident_in("registered", world)

    response = Api(world.desk, ["tickets:read"]).delete(f"incidents/{ticket.number}/relations/related_to/IM000000/")

    problem(response, 403)


def test_pages_use_the_api_with_their_session(world: World, client: Client) -> None:
    client.force_login(world.desk, backend="accounts.backends.AccountBackend")

    assert client.get("/api/v1/incidents/").status_code == 200
    assert client.get("/api/v1/people/").status_code == 200


def test_a_session_needs_the_csrf_token_to_change_anything(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.desk, backend="accounts.backends.AccountBackend")

    problem(client.post("/api/v1/incidents/", {"summary": "x"}, content_type="application/json"), 403)

    assert Ticket.objects.count() == 0


@pytest.mark.usefixtures("early_in_the_minute")
def test_too_many_requests_are_told_when_to_come_back(world: World, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    api, other = Api(world.desk), Api(world.engineer)
    RateBucket.objects.create(key=f"token:{api.token.pk}", window_start=timezone.now() - timedelta(minutes=5), hits=99)

    answers = [api.post("incidents/", {"summary": "x"}) for _ in range(3)]

    assert [answer.status_code for answer in answers][:2] == [201, 201]
    problem(answers[2], 429)
    assert 1 <= int(answers[2]["Retry-After"]) <= 60
    assert Ticket.objects.count() == 2
    assert other.get("incidents/").status_code == 200


@pytest.mark.usefixtures("early_in_the_minute")
def test_a_bucket_starts_anew_every_minute(world: World) -> None:
    assert take_from_bucket("k", 1) is None
    assert take_from_bucket("k", 1) is not None
    RateBucket.objects.update(window_start=timezone.now() - timedelta(minutes=1))

    assert take_from_bucket("k", 1) is None
    assert RateBucket.objects.get(key="k").hits == 1


def test_the_command_prints_one_token_that_works_and_nothing_else(world: World, capsys: Any) -> None:
    call_command("api_token", "desk", "--name", "monitoring", "--scope", "tickets:read", "--days", "7")

    printed = capsys.readouterr()
    (line,) = printed.out.splitlines()
    token = ApiToken.objects.get()
    assert printed.err == ""
    assert (token.name, token.scopes) == ("monitoring", ["tickets:read"])
    assert timedelta(days=6) < token.expires_at - timezone.now() <= timedelta(days=7)
    assert Client(headers={"authorization": f"Bearer {line}"}).get("/api/v1/incidents/").status_code == 200


@pytest.mark.parametrize("arguments", [["no-such"], ["desk", "--days", "0"], ["desk", "--scope", "everything"]])
def test_the_command_refuses_what_makes_no_sense(arguments: list[str], world: World) -> None:
    with pytest.raises(CommandError):
        call_command("api_token", *arguments)

    assert ApiToken.objects.count() == 0
