"""While PostgreSQL is away: pages and programs are told to come back, and find everything as it was."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client
from django.utils.datastructures import MultiValueDict

from accounts.models import User
from itsm.web.outage import is_away, when_to_come_back
from tests.api.client import Api, problem
from tests.factories import World, act, unclaimed
from tests.pages.conftest import browse
from tickets.actions import perform
from tickets.files import attachments
from tickets.models import Attachment

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


@pytest.mark.req("TKT-05")
def test_files_written_before_do_not_matter_while_it_is_away(
    world: World, browse: Callable[[User | None], Client], take_away: Callable[[], None]
) -> None:
    """A file of this thread whose row cannot be looked up: the request is answered, the janitor finds the file."""
    client = browse(world.engineer)
    client.raise_request_exception = False
    sent = SimpleUploadedFile("a.txt", b"x")
    perform(
        unclaimed(world), "comment", user=world.desk, data={"text": "x"}, files=MultiValueDict({"attachments": [sent]})
    )
    take_away()

    assert client.get("/queue/").status_code == 503
    attachments._note_written(Attachment(file="of/this/request"))
    attachments.remove_rolled_back(None)


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


@pytest.mark.req("ADM-02")
def test_a_full_disk_and_a_busy_row_are_no_faults_of_ours(
    world: World, browse: Callable[[User | None], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uploads onto a full disk, a lock that does not come: pages and programs get 503 with ``Retry-After``."""
    client = browse(world.engineer)
    client.raise_request_exception = False

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OperationalError) as busy, connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '55P03'; END $$")
    with pytest.raises(OperationalError) as disk, connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '53100'; END $$")

    assert when_to_come_back(busy.value) == {"Retry-After": "1"}
    assert when_to_come_back(disk.value) == {"Retry-After": "60"}
    assert when_to_come_back(OSError(errno.ENOSPC, "full")) == {"Retry-After": "60"}
    assert when_to_come_back(OSError(errno.ENOENT, "missing")) is None
    monkeypatch.setattr("django.core.files.storage.FileSystemStorage._save", full)
    ticket = unclaimed(world)
    sent = {"text": "x", "version": ticket.version, "attachments": SimpleUploadedFile("a.txt", b"x")}
    page = client.post(f"/tickets/{ticket.number}/actions/comment/", sent)
    assert (page.status_code, page["Retry-After"]) == (503, "60")


@pytest.mark.req("TKT-07")
def test_moments_out_of_reach_are_refused_in_their_field(
    world: World, browse: Callable[[User | None], Client]
) -> None:
    """In any zone, by page and API: neither an error of ours nor a row that nobody can read again."""
    world.engineer.time_zone = "America/New_York"
    world.engineer.save(update_fields=["time_zone"])
    ticket = act(unclaimed(world), "claim", world.engineer)
    ticket = act(ticket, "start", world.engineer)
    sent = {"wait_until": "9999-12-31T23:59", "text": "x", "version": ticket.version}

    page = browse(world.engineer).post(f"/tickets/{ticket.number}/actions/wait/", sent)
    assert page.status_code == 422
    assert "2199" in page.text
    for until in ("9999-12-31T23:59:00-05:00", "0001-01-01T00:00:00+08:00"):
        refused = problem(
            Api(world.engineer).post(f"incidents/{ticket.number}/actions/wait/", {"wait_until": until}), 400
        )
        assert "wait_until" in refused["errors"]
    assert browse(world.engineer).get("/queue/?created_until=9999-12-31&queue=all").status_code == 400
