"""Exports as jobs: complete, one at a time, cancelled, taken over from a killed worker; never half a file."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import User
from exporting import services
from exporting.models import Export
from exporting.sources import RefusedList
from tests.api.client import Api, problem
from tests.factories import World, act, make_item, register_incident
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-08", "SEC-03")]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of these tests; small chunks, and nothing is sent to a worker by itself."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(services, "CHUNK", 2)
    return tmp_path / "exports"


def plan(user: User, query: str = "view=all&ordering=number", source: str = "tickets", **more: Any) -> Export:
    """An export that is not stored yet."""
    values = {"columns": ["number", "summary"], "file_format": "xlsx", **more}
    return services.plan_export(user=user, source=source, query=QueryDict(query), now=clock.now(), **values)


def rows_in(folder: Path, export: Export) -> list[list[Any]]:
    """What the file holds."""
    export.refresh_from_db()
    path = folder / export.file
    if export.format == "xlsx":
        return [list(row) for row in load_workbook(path).active.values]  # type: ignore[union-attr]
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_file_is_complete_and_in_order(world: World, folder: Path, file_format: str) -> None:
    numbers = [register_incident(world.desk, summary=f"=S{n}").number for n in range(7)]
    export = services.queue_export(plan(world.desk, file_format=file_format))

    assert services.run_export(export.pk)

    assert rows_in(folder, export) == [
        ["Number", "Summary"],
        *([number, f"'=S{n}"] for n, number in enumerate(numbers)),
    ]
    assert (export.status, export.rows_done, export.rows_total) == ("ready", 7, 7)
    assert [path.name for path in folder.iterdir()] == [export.file]


def test_header_is_in_the_person_s_language_and_times_in_their_zone(world: World, folder: Path) -> None:
    ticket = register_incident(world.desk)
    export = plan(world.desk, columns=["number", "created_at"])
    export.language, export.time_zone = "zh-hans", "America/New_York"
    services.run_export(services.queue_export(export).pk)

    [header, [_number, created]] = rows_in(folder, export)
    assert header[0] == "单号"
    assert created == ticket.created_at.astimezone(ZoneInfo("America/New_York")).strftime("%Y-%m-%d %H:%M:%S")


def test_one_at_a_time(world: World) -> None:
    register_incident(world.desk)
    first = services.queue_export(plan(world.desk))
    with pytest.raises(services.ExportBusyError) as busy:
        services.queue_export(plan(world.desk))
    assert busy.value.export == first
    services.queue_export(plan(world.manager))
    assert services.cancel_export(first)
    services.queue_export(plan(world.desk))


class KilledError(BaseException):
    """The worker's process is gone in the middle of a row."""


def test_killed_worker_leaves_nothing_and_another_begins_anew(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        register_incident(world.desk)
    export = services.queue_export(plan(world.desk))
    written, real = [], services.rows_of

    def dying(*args: Any) -> Any:
        for row in real(*args):
            written.append(row)
            yield row
            if len(written) == 4:
                raise KilledError

    monkeypatch.setattr(services, "rows_of", dying)
    with pytest.raises(KilledError):
        services.run_export(export.pk)
    monkeypatch.setattr(services, "rows_of", real)
    export.refresh_from_db()

    assert (export.status, export.file) == ("running", "")
    assert not services.run_export(export.pk)  # its worker may still live
    Export.objects.filter(pk=export.pk).update(heartbeat_at=clock.now() - services.SILENCE - timedelta(seconds=1))
    assert list(services.waiting_exports(clock.now())) == [export]
    assert services.run_export(export.pk)
    assert len(rows_in(folder, export)) == 7
    assert export.attempts == 2


def test_a_worker_that_lost_its_lease_stops_and_offers_nothing(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        register_incident(world.desk)
    export = services.queue_export(plan(world.desk))
    real = services.rows_of

    def overtaken(*args: Any) -> Any:
        for number, row in enumerate(real(*args)):
            yield row
            if number == 3:
                Export.objects.filter(pk=export.pk).update(worker="another")

    monkeypatch.setattr(services, "rows_of", overtaken)
    assert not services.run_export(export.pk)
    export.refresh_from_db()
    assert (export.status, export.worker, export.file) == ("running", "another", "")
    assert list(folder.iterdir()) == []


def test_cancelled_one_stops_and_leaves_no_file(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(6):
        register_incident(world.desk)
    export = services.queue_export(plan(world.desk))
    real = services.rows_of

    def cancelling(*args: Any) -> Any:
        for number, row in enumerate(real(*args)):
            yield row
            if number == 3:
                services.cancel_export(export)

    monkeypatch.setattr(services, "rows_of", cancelling)
    assert not services.run_export(export.pk)
    export.refresh_from_db()
    assert export.status == "cancelled"
    assert list(folder.iterdir()) == []


def test_given_up_after_three_attempts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    register_incident(world.desk)
    export = services.queue_export(plan(world.desk))

    def broken(*args: Any) -> Any:
        raise OSError("disk full")

    monkeypatch.setattr(services, "open_sheet", broken)
    for _ in range(3):
        with pytest.raises(OSError, match="disk full"):
            services.run_export(export.pk)
    export.refresh_from_db()
    assert export.status == "failed"
    assert not services.run_export(export.pk)


def test_file_goes_after_a_day_and_the_record_stays(world: World, folder: Path) -> None:
    register_incident(world.desk)
    export = services.queue_export(plan(world.desk))
    services.run_export(export.pk)
    assert services.purge_exports(now=clock.now() + timedelta(hours=23)) == 0
    assert services.purge_exports(now=clock.now() + timedelta(hours=25)) == 1
    export.refresh_from_db()
    assert (export.status, export.rows_done) == ("removed", 1)
    assert list(folder.iterdir()) == []


def browse(user: User) -> Client:
    """Their browser."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def test_small_lists_are_sent_at_once_and_recorded(world: World) -> None:
    register_incident(world.desk)
    data = {"source": "tickets", "query": "view=open&priority=P4", "format": "csv"}
    response: Any = browse(world.desk).post("/exports/", data)
    assert response["Content-Disposition"].startswith('attachment; filename="tickets-')
    assert len(b"".join(response.streaming_content).splitlines()) == 2
    kept = Export.objects.get()
    assert (kept.user, kept.status, kept.rows_done, kept.query) == (world.desk, "sent", 1, "view=open&priority=P4")


def test_pages_lead_from_asking_to_the_file(world: World) -> None:
    register_incident(world.desk)
    client = browse(world.desk)
    assert client.get("/exports/new/?source=tickets&query=view%3Dopen").status_code == 200
    response = client.post("/exports/", {"source": "tickets", "query": "view=open", "format": "xlsx"})
    export = Export.objects.get()
    assert response["Location"] == f"/exports/{export.pk}/"
    assert client.get(f"/exports/{export.pk}/file/").status_code == 404
    services.run_export(export.pk)
    part = client.get(f"/exports/{export.pk}/", headers={"hx-request": "true"}).content
    assert b"<html" not in part
    assert f"/exports/{export.pk}/file/".encode() in part
    file: Any = client.get(f"/exports/{export.pk}/file/")
    assert file["Content-Type"].startswith("application/vnd.openxml")
    assert load_workbook(io.BytesIO(b"".join(file.streaming_content))).active is not None
    assert client.get("/exports/").status_code == 200
    for other in (world.manager, world.engineer):
        assert browse(other).get(f"/exports/{export.pk}/file/").status_code in (403, 404)


@pytest.mark.parametrize(
    ("who", "source", "status"),
    [
        ("engineer", "tickets", 403),
        ("requester", "tickets", 403),
        ("desk", "people", 200),
        ("desk", "items", 200),
        ("desk", "nothing", 422),
    ],
)
def test_only_who_may_exports(world: World, who: str, source: str, status: int) -> None:
    make_item("SRV-1")
    response: Any = browse(world.people[who]).post("/exports/", {"source": source, "format": "csv"})
    assert response.status_code == status
    assert Export.objects.exists() == (status == 200)
    if status == 200:
        assert b"".join(response.streaming_content).count(b"\r\n") > 1


@pytest.mark.slow
def test_unknown_filters_are_refused_not_ignored(world: World) -> None:
    for query in ("state=nope", "nonsense=1", "view=nope", "saved=999"):
        response = browse(world.desk).post("/exports/", {"source": "tickets", "query": query, "format": "csv"})
        assert response.status_code == 422, query
    assert not Export.objects.exists()


def test_api_asks_follows_and_fetches(world: World) -> None:
    ticket = register_incident(world.desk)
    api = Api(world.desk)
    asked = api.post("exports/", {"source": "tickets", "format": "csv", "query": "view=open", "columns": ["number"]})
    assert asked.status_code == 202
    url = asked.json()["url"]
    assert api.get(url).json()["status"] == "queued"
    problem(api.post("exports/", {"source": "tickets", "format": "csv"}), 409)
    services.run_export(asked.json()["id"])
    done = api.get(url).json()
    text = b"".join(api.get(done["file_url"]).streaming_content).decode("utf-8-sig")
    assert text.splitlines()[1:] == [ticket.number]
    assert problem(api.post("exports/", {"source": "tickets", "format": "csv", "query": "state=nope"}), 400)["errors"]
    problem(Api(world.engineer).post("exports/", {"source": "tickets", "format": "csv"}), 403)
    problem(Api(world.manager).get(url), 404)


def test_what_the_owner_does_not_see_is_not_in_the_file(world: World, folder: Path) -> None:
    own = register_incident(world.requester)
    register_incident(world.requester2)
    role = world.requester.roles.get()
    role.permissions = [*role.permissions, "ticket.export"]
    role.save()
    user = User.objects.with_access().get(pk=world.requester.pk)
    asked = plan(user, columns=["number"])
    asked.columns = ["number", "supplier", "complexity"]  # offered then, and taken away since
    export = services.queue_export(asked)
    services.run_export(export.pk)
    assert rows_in(folder, export) == [["Number"], [own.number]]


@pytest.mark.req("API-02")
def test_the_same_words_mean_the_same_set_in_list_and_export(world: World) -> None:
    """No queue narrows what a program asks for; what is not known is refused, never left out."""
    for group in ("", "host", "host"):
        register_incident(world.desk, group=group)
    act(register_incident(world.desk), "reject", world.desk, reject_reason="out_of_scope", text="no")
    api = Api(world.desk)
    for words in ("", "group=host", "state=closed"):
        listed = len(api.results(f"incidents/?{words}"))
        query = f"kind=incident&{words}".rstrip("&")
        asked = api.post("exports/", {"source": "tickets", "format": "csv", "query": query, "columns": ["number"]})
        export = Export.objects.get(pk=asked.json()["id"])
        services.run_export(export.pk)
        export.refresh_from_db()
        assert (export.rows_total, listed > 0) == (listed, True), words
    refused = problem(api.post("exports/", {"source": "tickets", "format": "csv", "columns": ["number", "nope"]}), 400)
    assert list(refused["errors"]) == ["columns"]
    with pytest.raises(RefusedList):
        plan(world.desk, columns=["number", "nope"])


@pytest.mark.req("TKT-08")
def test_file_is_named_by_the_time_of_whoever_asked() -> None:
    """By page or program, in whatever process: as its rows, in the zone that was theirs when they asked."""
    asked = datetime(2026, 11, 28, 17, 28, tzinfo=UTC)
    export = Export(source="tickets", format="csv", created_at=asked, time_zone="Asia/Shanghai")
    with timezone.override("UTC"):
        assert export.filename == "tickets-20261129-0128.csv"
    export.time_zone = "Europe/Berlin"
    assert export.filename == "tickets-20261128-1828.csv"
