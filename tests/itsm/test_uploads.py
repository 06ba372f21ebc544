"""Uploads in a store that speaks S3: the same promises as on a disk, over real HTTP (ADM-02)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from exporting.models import Export
from exporting.services import opened, purge_exports, run_export
from itsm import uploads
from tests.api.client import Api, problem
from tests.factories import World, unclaimed
from tests.itsm.store import BUCKET, Store, running_store
from tickets import clock
from tickets.files import attachments
from tickets.files.checks import check_files
from tickets.models import Attachment

pytestmark = [pytest.mark.django_db, pytest.mark.req("ADM-02", "TKT-05")]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Iterator[Store]:
    """A store on this machine that uploads go to, and an empty disk."""
    with running_store() as running:
        variables = {"BUCKET": BUCKET, "ENDPOINT": running.address, "ACCESS_KEY": "who", "SECRET_KEY": "secret"}
        for name, value in variables.items():
            monkeypatch.setenv(f"UPLOADS_{name}", value)
        settings.STORAGES = settings.STORAGES | {"default": uploads.storage(tmp_path)}
        settings.UPLOADS_BUCKET = BUCKET
        settings.MEDIA_ROOT = tmp_path
        yield running
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def attach(api: Api, ticket: Any, name: str, content: bytes) -> dict[str, Any]:
    """Send a file; return what the API says of it."""
    sent = {"attachments": SimpleUploadedFile(name, content)}
    answer = api.upload(f"incidents/{ticket.number}/attachments/", sent)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()["results"][0]
    return found


@pytest.mark.slow
def test_a_file_lies_in_the_store_and_comes_back(world: World, store: Store) -> None:
    api, ticket = Api(world.desk), unclaimed(world)

    kept = attach(api, ticket, "a.txt", b"words")

    [name] = store.objects
    assert (name, store.objects[name][0]) == (str(Attachment.objects.get().file.name), b"words")
    answer = api.get(kept["url"])
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, b"words")
    del store.objects[name]
    problem(api.get(kept["url"]), 404)


@pytest.mark.slow
def test_files_without_rows_go_and_lost_ones_are_named(world: World, store: Store) -> None:
    api, ticket = Api(world.desk), unclaimed(world)
    for name in ("a.txt", "b.txt"):
        attach(api, ticket, name, name.encode() * 9)
    with transaction.atomic():
        attachments.attach_files(ticket.timeline.latest("pk"), [SimpleUploadedFile("c.txt", b"c")])
        transaction.set_rollback(True)
    assert len(store.objects) == 3
    attachments.remove_rolled_back(None)
    first, second = (str(row.file.name) for row in Attachment.objects.order_by("pk"))
    assert set(store.objects) == {first, second}

    store.objects[first] = b"cut", store.objects[first][1]
    store.objects["attachments/x/orphan"] = b"nobody's", clock.now() - timedelta(days=2)
    seen = check_files(clock.now())

    assert (seen.damaged, seen.orphaned, seen.missing) == (1, 1, 0)
    assert set(store.objects) == {first, second}
    del store.objects[second]
    assert check_files(clock.now()).missing == 1


@pytest.mark.slow
def test_an_export_is_fetched_from_the_store_and_removed(world: World, store: Store) -> None:
    unclaimed(world)
    api = Api(world.desk)
    asked = api.post("exports/", {"source": "tickets", "format": "csv", "query": "", "columns": ["number"]})
    assert asked.status_code == 202, asked.content
    key = asked.json()["id"]
    run_export(key)

    answer = api.get(f"exports/{key}/file/")

    assert answer.status_code == 200
    assert b"IM" in b"".join(answer.streaming_content)
    assert [name.split("/")[0] for name in store.objects] == ["exports"]
    Export.objects.update(finished_at=clock.now() - timedelta(days=2))
    purge_exports(now=clock.now())
    assert store.objects == {}
    with pytest.raises(FileNotFoundError):
        opened("gone.csv")


@pytest.mark.slow
def test_all_files_can_be_listed_and_replaced(store: Store, tmp_path_factory: pytest.TempPathFactory) -> None:
    store.objects = {"attachments/a/1": (b"one", clock.now()), "exports/2": (b"two", clock.now())}
    assert {name: size for name, (size, _digest) in uploads.listed().items()} == {"attachments/a/1": 3, "exports/2": 3}
    folder = tmp_path_factory.mktemp("archive")
    (folder / "attachments").mkdir()
    (folder / "attachments" / "3").write_bytes(b"three")

    uploads.replace_all(folder)

    assert {name: body for name, (body, _at) in store.objects.items()} == {"attachments/3": b"three"}


def test_a_store_that_is_away_is_said_and_nothing_is_half_done(
    world: World, store: Store, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    ticket = unclaimed(world)
    monkeypatch.setenv("UPLOADS_ENDPOINT", "http://127.0.0.1:9")
    settings.STORAGES = settings.STORAGES | {"default": uploads.storage(Path())}

    answer = Api(world.desk).upload(
        f"incidents/{ticket.number}/attachments/", {"attachments": SimpleUploadedFile("a.txt", b"x")}
    )

    problem(answer, 503)
    assert answer["Retry-After"]
    assert not ticket.timeline.filter(action="comment").exists()


def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPLOADS_BUCKET", BUCKET)
    monkeypatch.setenv("UPLOADS_ENDPOINT", "s3.example.com")

    with pytest.raises(ImproperlyConfigured, match="UPLOADS_ENDPOINT"):
        uploads.storage(Path())
