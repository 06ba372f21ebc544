"""Attachments: what is accepted, what is refused, where it goes (TKT-05)."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict
from PIL import Image

from tests.factories import World, incident_in, last_entry
from tickets import attachments
from tickets.actions import perform
from tickets.errors import ActionInvalid
from tickets.models import Attachment
from tickets.timeline import attachments_for

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-05")]

HEADS = {name: kind.signatures[0] for name, kind in attachments.ACCEPTED.items() if kind.signatures}
IMAGES = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "gif": "GIF", "webp": "WEBP"}


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path, settings: Any) -> Path:
    """A place for files that goes away with the test."""
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    }
    return tmp_path


@pytest.fixture
def ticket(world: World) -> Any:
    return incident_in("in_progress", world)


def picture(form: str, size: tuple[int, int] = (4, 3)) -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, form)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that claims to be 30,000 pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 999))
        + chunk(b"IEND", b"")
    )


def content(extension: str) -> bytes:
    """Content that fits the extension."""
    if extension in IMAGES:
        return picture(IMAGES[extension])
    return HEADS.get(extension, b"") + "日志".encode()


def send(ticket: Any, user: Any, *files: SimpleUploadedFile, name: str = "comment") -> Any:
    """A comment with files."""
    sent = MultiValueDict[str, Any]({"attachments": list(files)})
    return perform(ticket, name, user=user, data={"text": "见附件"}, files=sent)


def file(name: str, data: bytes) -> SimpleUploadedFile:
    """A file as a browser sends it, which may claim any type."""
    return SimpleUploadedFile(name, data, content_type="text/html")


@pytest.mark.parametrize("extension", attachments.ACCEPTED)
def test_accepted_kinds_are_stored(world: World, ticket: Any, uploads: Path, extension: str) -> None:
    data = content(extension)
    entry = send(ticket, world.engineer, file(f"报告.{extension.upper()}", data))

    stored = Attachment.objects.get()
    assert (stored.entry, stored.ticket_id, stored.name) == (entry, ticket.pk, f"报告.{extension.upper()}")
    assert (stored.size, stored.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert stored.content_type == attachments.ACCEPTED[extension].content_type
    assert stored.is_image == (extension in IMAGES)
    assert (stored.created_by, stored.created_at) == (world.engineer, entry.at)
    assert (uploads / str(stored.file.name)).read_bytes() == data


def test_stored_name_says_nothing(world: World, ticket: Any) -> None:
    send(ticket, world.engineer, file("../../etc/密码.txt", b"x"))

    stored = Attachment.objects.get()
    assert stored.name == "密码.txt"
    assert stored.file.name == f"attachments/{stored.storage_name[:2]}/{stored.storage_name}"
    assert len(stored.storage_name) == 32


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.html", b"<script>"),
        ("picture.svg", b"<svg/>"),
        ("data.xml", b"<x/>"),
        ("run.exe", b"MZ"),
        ("run.sh", b"#!/bin/sh"),
        ("noextension", b"x"),
        ("trick.png.html", b"<script>"),
        ("fake.png", b"<script>alert(1)</script>"),
        ("fake.pdf", b"MZ\x90"),
        ("fake.jpg", b"\xff\xd8\xff not a picture"),
        ("binary.txt", b"abc\x00def"),
        ("binary.csv", b"\x00\x01"),
        ("empty.txt", b""),
        ("bomb.png", bomb()),
    ],
)
def test_other_files_are_refused_and_nothing_is_stored(
    world: World, ticket: Any, uploads: Path, name: str, data: bytes
) -> None:
    with pytest.raises(ActionInvalid) as refused:
        send(ticket, world.engineer, file("good.txt", b"good"), file(name, data))

    assert list(refused.value.form.errors) == ["attachments"]
    assert (Attachment.objects.count(), list(uploads.iterdir()), last_entry(ticket).action) == (0, [], "start")


def test_size_is_limited(world: World, ticket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MAX_BYTES", 1024 * 1024)
    send(ticket, world.engineer, file("fits.txt", b"x" * 1024 * 1024))

    with pytest.raises(ActionInvalid, match="1 MB"):
        send(ticket, world.engineer, file("large.txt", b"x" * (1024 * 1024 + 1)))
    assert Attachment.objects.count() == 1


def test_count_is_limited(world: World, ticket: Any) -> None:
    files = [file(f"{number}.txt", b"x") for number in range(attachments.MAX_FILES + 1)]
    with pytest.raises(ActionInvalid):
        send(ticket, world.engineer, *files)
    assert not Attachment.objects.exists()

    send(ticket, world.engineer, *files[:-1])
    assert Attachment.objects.count() == attachments.MAX_FILES


def test_quota_of_a_ticket_is_an_error_of_the_form(world: World, ticket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MAX_TICKET_BYTES", 10)
    send(ticket, world.engineer, file("a.txt", b"123456"))

    with pytest.raises(ActionInvalid) as refused:
        send(ticket, world.engineer, file("b.txt", b"12345"))

    assert list(refused.value.form.errors) == ["attachments"]
    assert (Attachment.objects.count(), ticket.timeline.filter(action="comment").count()) == (1, 1)


@pytest.mark.req("ORG-03")
def test_files_of_internal_notes_are_for_staff(world: World, ticket: Any) -> None:
    send(ticket, world.engineer, file("public.txt", b"x"))
    send(ticket, world.engineer, file("internal.txt", b"x"), name="note")

    seen = {name: [f.name for f in attachments_for(ticket, world.people[name])] for name in ("requester", "desk")}
    assert seen == {"requester": ["public.txt"], "desk": ["public.txt", "internal.txt"]}


def test_several_actions_take_files(world: World, ticket: Any) -> None:
    solved = {"cause": "?", "handling": "?", "close_code": "tier1"}
    files = MultiValueDict({"attachments": [file("screen.png", picture("PNG"))]})
    perform(ticket, "resolve", user=world.engineer, data=solved, files=files)

    assert Attachment.objects.get().entry.action == "resolve"
