"""While PostgreSQL is away: pages and programs are told to come back, and find everything as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connection
from django.test import Client

from accounts.models import User
from itsm.outage import is_away
from tests.api.client import Api, problem
from tests.factories import World
from tests.pages.conftest import browse

__all__ = ["browse"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SLM-06", "API-01")]


@pytest.fixture
def take_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Call it, and nobody listens where the database was; call ``monkeypatch.undo`` and it is back."""

    def take() -> None:
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "PORT", "1")

    yield take
    connection.close()


def test_pages_and_programs_are_told_to_come_back(
    world: World,
    browse: Callable[[User | None], Client],
    take_away: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, api = browse(world.engineer), Api(world.desk)
    client.raise_request_exception = api.client.raise_request_exception = False
    take_away()

    page, engine = client.get("/queue/"), client.get("/healthz/engine")
    registered = api.post("incidents/", {"summary": "x", "impact": "I4"})

    assert (page.status_code, page["Retry-After"]) == (503, "10")
    assert "Back in a moment" in page.text
    assert engine.status_code == 503
    problem(registered, 503)
    assert registered["Retry-After"] == "10"
    assert [Client().get(f"/healthz/{name}").status_code for name in ("live", "ready")] == [200, 503]

    monkeypatch.undo()
    connection.close()
    assert client.get("/queue/").status_code == 200
    assert api.post("incidents/", {"summary": "x", "impact": "I4"}).status_code == 201


@pytest.mark.parametrize(
    ("statement", "away"),
    [
        ("SELECT pg_terminate_backend(pg_backend_pid())", True),
        ("SET statement_timeout = 1; SELECT pg_sleep(1)", False),
    ],
)
def test_a_statement_that_fails_is_another_matter(world: World, statement: str, away: bool) -> None:
    with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()

    assert is_away(caught.value) is away
    assert not is_away(OperationalError("of nobody knows whom"))
