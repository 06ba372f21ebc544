"""Attachments: what is accepted, what is refused, where it goes (TKT-05)."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils.datastructures import MultiValueDict
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from demo.reference import read_reference
from itsm.documents import pictures
from itsm.documents.metadata import without_metadata
from sla.engine.health import check
from tests.factories import World, incident_in, last_entry
from tickets import clock
from tickets.actions import perform
from tickets.errors import ActionInvalid
from tickets.files import attachments
from tickets.files.checks import FileCheck, check_files, check_nightly, compare
from tickets.files.kinds import NEVER, SIGNATURES, FileKind, fits
from tickets.models import Attachment
from tickets.timeline import attachments_for

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-05")]

SHIPPED = {row["code"]: row["content_type"] for row in read_reference()["file_kinds"]}
HEADS = {name: bytes(known[0][0]) + known[0][1] for name, known in SIGNATURES.items()}
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


@pytest.mark.parametrize("extension", SHIPPED)
def test_accepted_kinds_are_stored(world: World, ticket: Any, uploads: Path, extension: str) -> None:
    data = content(extension)
    entry = send(ticket, world.engineer, file(f"报告.{extension.upper()}", data))

    stored = Attachment.objects.get()
    assert (stored.entry, stored.ticket_id, stored.name) == (entry, ticket.pk, f"报告.{extension.upper()}")
    assert (stored.size, stored.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert stored.content_type == SHIPPED[extension]
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
        ("locked.exe", b"MZ"),
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
    solved = {"cause": "?", "handling": "?", "close_code": "tier1", "verified_how": "tested"}
    files = MultiValueDict({"attachments": [file("screen.png", picture("PNG"))]})
    perform(ticket, "resolve", user=world.engineer, data=solved, files=files)

    assert Attachment.objects.get().entry.action == "resolve"


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("事件.txt", "\ufeff系统日志 Event Viewer".encode("utf-16-le")),
        ("powershell.log", "PS C:\\> Get-EventLog".encode("utf-16")),
        ("be.csv", "\ufeffa,b".encode("utf-16-be")),
        ("bare.txt", "plain ascii".encode("utf-16-le")),
        ("locked.xlsx", OLE + b"encrypted"),
        ("locked.docx", OLE + b"encrypted"),
        ("capture.pcapng", b"\x0a\x0d\x0d\x0a rest"),
        ("photo.heic", b"\x00\x00\x00\x18ftypheic"),
        ("screen.mp4", b"\x00\x00\x00\x18ftypisom"),
        ("events.xml", b"<?xml version='1.0'?><x/>"),
        ("公文.wps", OLE),
        ("发票.ofd", b"PK\x03\x04"),
    ],
)
@pytest.mark.req("TKT-05", "ADM-01")
def test_files_of_daily_use_are_taken(world: World, ticket: Any, name: str, data: bytes) -> None:
    send(ticket, world.engineer, file(name, data))

    assert Attachment.objects.get().name == name


def test_a_refusal_says_what_is_true_and_what_is_taken(
    world: World, ticket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*sent: SimpleUploadedFile) -> str:
        with pytest.raises(ActionInvalid) as refused:
            send(ticket, world.engineer, *sent)
        return str(refused.value.form.errors["attachments"])

    kinds = said(file("run.bin", b"x"))
    assert ("png" in kinds, "pcapng" in kinds) == (True, True)
    assert ".xlsx" in said(file("wrong.xlsx", b"MZ"))
    monkeypatch.setattr(pictures, "MAX_PIXELS", 11)
    monkeypatch.setattr(pictures, "MAX_PIXELS_JPEG", 11)
    assert "百万像素" in said(file("large.png", picture("PNG")))
    assert not Attachment.objects.exists()


def test_photos_of_today_are_not_too_large() -> None:
    assert pictures.MAX_PIXELS >= 8192 * 6144
    assert pictures.MAX_PIXELS_JPEG >= 12_000 * 9_000


@pytest.mark.req("ADM-01")
def test_administrators_edit_the_list_and_never_add_what_runs(world: World, ticket: Any) -> None:
    FileKind.objects.create(
        code="evtx", name_zh="事件日志", name_en="Event log", content_type="application/octet-stream"
    )
    FileKind.objects.filter(code="pdf").update(active=False)
    FileKind.objects.create(code="exe", name_zh="x", name_en="x")  # past the form
    send(ticket, world.engineer, file("a.evtx", b"\x00ElfFile"))

    for refused in ("b.pdf", "c.exe"):
        with pytest.raises(ActionInvalid):
            send(ticket, world.engineer, file(refused, content(refused[2:])))
    for code in ("exe", "html", "PNG"):
        with pytest.raises(ValidationError):
            FileKind(code=code, name_zh="x", name_en="x").full_clean()
    assert Attachment.objects.get().name == "a.evtx"
    assert not NEVER & set(SHIPPED)
    assert not fits("png", b"GIF89a")


@pytest.mark.req("SEC-02")
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_pictures_are_kept_without_what_people_do_not_know_they_send(world: World, ticket: Any, form: str) -> None:
    """Position, device and words go, the way it is turned stays; size and digest are those of what is kept."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Secret Camera", 6
    exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 14.0, 3.0)})
    out = io.BytesIO()
    words = {"pnginfo": png_words()} if form == "PNG" else {}
    Image.new("RGB", (40, 30), "red").save(out, form, exif=exif, **words)
    ending = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}[form]
    assert b"Secret Camera" in out.getvalue()

    send(ticket, world.engineer, file(f"a.{ending}", out.getvalue()))

    row = Attachment.objects.get()
    kept = row.file.read()
    with Image.open(io.BytesIO(kept)) as image:
        left = image.getexif()
        assert (image.size, dict(left.get_ifd(0x8825)), left.get(0x010F)) == ((40, 30), {}, None)
        assert left.get(0x0112, 1) == (1 if form == "WEBP" else 6)
    assert b"Secret" not in kept
    assert (row.size, row.sha256) == (len(kept), hashlib.sha256(kept).hexdigest())


def png_words() -> Any:
    """Words in a picture."""
    words = PngInfo()
    words.add_text("Comment", "Secret words")
    return words


@pytest.mark.req("SEC-02")
def test_gifs_lose_words_and_positions_and_go_on_moving(world: World, ticket: Any) -> None:
    """XMP of a program stands beside what says how often it plays; comments stand between the pictures."""
    frames = [Image.new("RGB", (20, 10), color) for color in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], loop=7, duration=120, comment=b"Secret words")
    data = out.getvalue()
    end = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    xmp = b"<x:xmpmeta exif:GPSLatitude='31,14N Secret'/>"
    block = b"\x21\xff\x0bXMP DataXMP" + bytes([len(xmp)]) + xmp + b"\0"
    sent = data[:end] + block + data[end:]

    send(ticket, world.engineer, file("a.gif", sent))

    kept = Attachment.objects.get().file.read()
    with Image.open(io.BytesIO(kept)) as image:
        assert (image.size, getattr(image, "n_frames", 1), image.info["loop"]) == ((20, 10), 3, 7)
        image.seek(2)
        assert image.info["duration"] == 120
    assert b"Secret" in sent
    assert b"Secret" not in kept
    assert without_metadata("gif", b"GIF89a" + bytes(5)) == b"GIF89a" + bytes(5)


def test_the_position_in_heic_is_blanked_in_place() -> None:
    gps = struct.pack(">HHHI4s", 1, 1, 2, 2, b"N\0\0\0") + struct.pack(">I", 0)
    tiff = b"MM\0*" + struct.pack(">IHHHIII", 8, 1, 0x8825, 4, 1, 26, 0) + gps
    data = b"\0\0\0\x18ftypheic" + b"Exif\0\0" + tiff + b"rest"

    clean = without_metadata("heic", data)

    assert (len(clean), b"N\0\0\0" in clean, clean[-4:]) == (len(data), False, b"rest")
    assert without_metadata("heic", b"short") == b"short"
    assert without_metadata("jpg", b"\xff\xd8\xff\xe1") == b"\xff\xd8\xff\xe1"


def test_a_rolled_back_upload_leaves_no_file(world: World, ticket: Any, uploads: Path) -> None:
    with transaction.atomic():
        send(ticket, world.engineer, file("a.txt", b"x"))
        transaction.set_rollback(True)
    assert len(stored_files(uploads)) == 1
    send(ticket, world.engineer, file("b.txt", b"y"))

    attachments.remove_rolled_back(None)

    assert stored_files(uploads) == [str(Attachment.objects.get().file.name)]


def stored_files(uploads: Path) -> list[str]:
    """Paths of the files that are there."""
    return [str(path.relative_to(uploads)) for path in uploads.rglob("*") if path.is_file()]


@pytest.mark.req("ADM-02")
def test_rows_and_files_are_compared_every_night(
    world: World, ticket: Any, uploads: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing, cut, changed, orphaned: each by name, on the page of health too; orphans go after a day."""
    send(ticket, world.engineer, *[file(f"{name}.txt", name.encode() * 9) for name in ("a", "b", "c", "d")])
    gone, cut, changed, _whole = Attachment.objects.order_by("pk")
    now = clock.now()
    assert check_files(now - timedelta(days=2)).is_sound
    (uploads / str(gone.file)).unlink()
    (uploads / str(cut.file)).write_bytes(b"b")
    (uploads / str(changed.file)).write_bytes(b"x" * 9)
    for name, at in (("old", 0.0), ("new", now.timestamp())):
        (uploads / "attachments" / name).write_bytes(b"x")
        os.utime(uploads / "attachments" / name, (at, at))

    assert len(compare(digests=False).damaged) == 1  # a size is read at once, a digest only at night
    row = check_nightly(now)
    assert row is not None
    assert (row.files, row.missing, row.damaged, row.orphaned) == (4, 1, 2, 2)
    assert gone.file.name in row.names["missing"][0]
    assert not (uploads / "attachments" / "old").exists()
    assert (uploads / "attachments" / "new").exists()
    assert check_nightly(now + timedelta(hours=1)) is None
    assert "files" in check(now).amber
    with pytest.raises(CommandError, match="3 of 4 files"):
        call_command("check_files")
    assert "missing: 1" in capsys.readouterr().out
    assert FileCheck.objects.count() == 3
