"""Access is recorded, found again, and never changed (SEC-03)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts.access.tokens import create_token, revoke_token
from accounts.models import AccessEvent
from tests.api.client import Api
from tests.factories import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("SEC-03")]
PASSWORD = "correct horse battery"


@pytest.fixture
def person(world: World) -> Any:
    """The desk agent, with a password."""
    cache.clear()
    world.desk.set_password(PASSWORD)
    world.desk.save(update_fields=["password"])
    return world.desk


def sign_in(client: Client, login: str, password: str) -> Any:
    data = {"login": login, "password": password}
    return client.post("/accounts/login/", data, REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Firefox\r\n 140")


def recorded() -> list[tuple[str, str, str | None]]:
    """Event, name and address of each line, oldest first."""
    return list(AccessEvent.objects.order_by("pk").values_list("kind", "name", "address"))


def test_coming_in_and_leaving_are_recorded(person: Any, client: Client) -> None:
    sign_in(client, "desk", PASSWORD)
    client.post("/accounts/logout/", REMOTE_ADDR="192.0.2.7")

    assert recorded() == [("signed_in", "desk", "192.0.2.7"), ("signed_out", "desk", "192.0.2.7")]
    first = AccessEvent.objects.order_by("pk")[0]
    assert (first.person, first.browser) == (person, "Firefox 140")


def test_failures_and_the_lock_are_recorded_without_the_password(person: Any, client: Client) -> None:
    for _turn in range(6):
        sign_in(client, "desk", "hunter2-wrong")
    sign_in(client, "nobody-at-all", "x")

    kinds = [kind for kind, name, _address in recorded() if name == "desk"]
    assert kinds == ["failed"] * 5 + ["locked"]
    assert ("failed", "nobody-at-all", "192.0.2.7") in recorded()
    assert "hunter2" not in str(list(AccessEvent.objects.values()))
    cache.clear()


def test_a_session_that_ended_by_time_did_not_sign_out(person: Any, client: Client) -> None:
    sign_in(client, "desk", PASSWORD)
    session = client.session
    session["began_at"] = session["seen_at"] = 0
    session.save()
    client.get("/queue/")

    assert [kind for kind, _name, _address in recorded()] == ["signed_in", "ended"]


def test_passwords_and_tokens_are_recorded(person: Any, client: Client) -> None:
    client.force_login(person)
    other = "another long enough one"
    data = {"oldpassword": PASSWORD, "password1": other, "password2": other}
    assert client.post("/accounts/password/change/", data).status_code == 302
    token, text = create_token(user=person, name="monitoring")
    revoke_token(token)
    revoke_token(token)

    found = AccessEvent.objects.exclude(kind__in=("signed_in", "signed_out")).order_by("pk")
    assert list(found.values_list("kind", "detail")) == [
        ("password", ""),
        ("token_made", "monitoring"),
        ("token_revoked", "monitoring"),
    ]
    assert text.split("_", 2)[2] not in str(list(AccessEvent.objects.values()))


@pytest.mark.parametrize("statement", ["UPDATE {} SET name = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_nobody_changes_it(person: Any, client: Client, statement: str) -> None:
    sign_in(client, "desk", PASSWORD)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(statement.format(AccessEvent._meta.db_table))

    assert recorded() == [("signed_in", "desk", "192.0.2.7")]


def test_administrators_search_it_in_page_and_api_and_nobody_else(world: World, person: Any, client: Client) -> None:
    sign_in(client, "desk", PASSWORD)
    sign_in(Client(), "ghost", "x")
    api = Api(world.admin)

    rows = api.results("access-events/?kind=failed")
    assert [(row["name"], row["person"], row["address"]) for row in rows] == [("ghost", None, "192.0.2.7")]
    assert [row["kind"] for row in api.results("access-events/?person=desk")] == ["signed_in"]
    assert [row["name"] for row in api.results("access-events/?q=192.0.2.7 ghost")] == ["ghost"]
    assert api.results("access-events/?at_before=2000-01-01") == []
    for other in ("desk", "manager", "requester", "vendor"):
        assert Api(world.people[other]).get("access-events/").status_code == 403

    page = Client()
    page.force_login(world.admin)
    address = "/admin/accounts/accessevent/"
    assert page.get(address, {"q": "ghost"}).context["cl"].result_count == 1
    assert page.get(f"{address}add/").status_code == 403
    pk = AccessEvent.objects.order_by("pk")[0].pk
    assert page.post(f"{address}{pk}/delete/", {"post": "yes"}).status_code == 403
