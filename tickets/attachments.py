"""Attachments: what is accepted, how it is stored (TKT-05, reliability.md section 7)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _
from PIL import Image, UnidentifiedImageError

if TYPE_CHECKING:
    from tickets.models import TimelineEntry

MAX_BYTES = 20 * 1024 * 1024
MAX_FILES = 10
MAX_TICKET_BYTES = 200 * 1024 * 1024
MAX_PIXELS = 50_000_000


@dataclass(frozen=True)
class FileType:
    """A kind of file that is accepted: how it is delivered and how its content begins."""

    content_type: str
    signatures: tuple[bytes, ...] = ()


_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
_OFFICE = "application/vnd.openxmlformats-officedocument"

#: Accepted extensions. Text has no signature: it must not contain zero bytes. No HTML, SVG, XML, scripts.
ACCEPTED: dict[str, FileType] = {
    "png": FileType("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": FileType("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": FileType("image/jpeg", (b"\xff\xd8\xff",)),
    "gif": FileType("image/gif", (b"GIF87a", b"GIF89a")),
    "webp": FileType("image/webp", (b"RIFF",)),
    "pdf": FileType("application/pdf", (b"%PDF-",)),
    "docx": FileType(f"{_OFFICE}.wordprocessingml.document", _ZIP),
    "xlsx": FileType(f"{_OFFICE}.spreadsheetml.sheet", _ZIP),
    "pptx": FileType(f"{_OFFICE}.presentationml.presentation", _ZIP),
    "doc": FileType("application/msword", _OLE),
    "xls": FileType("application/vnd.ms-excel", _OLE),
    "ppt": FileType("application/vnd.ms-powerpoint", _OLE),
    "msg": FileType("application/vnd.ms-outlook", _OLE),
    "zip": FileType("application/zip", _ZIP),
    "gz": FileType("application/gzip", (b"\x1f\x8b",)),
    "7z": FileType("application/x-7z-compressed", (b"7z\xbc\xaf\x27\x1c",)),
    "txt": FileType("text/plain"),
    "log": FileType("text/plain"),
    "csv": FileType("text/csv"),
    "json": FileType("application/json"),
    "eml": FileType("message/rfc822"),
    "pcap": FileType("application/vnd.tcpdump.pcap", (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x0a\x0d\x0d\x0a")),
}


def extension(name: str) -> str:
    """The lower-case extension of a file name, without the dot."""
    return PurePath(name).suffix.lower().lstrip(".")


def check_files(files: list[UploadedFile]) -> list[UploadedFile]:
    """Return ``files``; raise ValidationError naming each one that is refused and why."""
    if len(files) > MAX_FILES:
        raise ValidationError(_("At most %(count)d files at once.") % {"count": MAX_FILES})
    errors = [error for file in files for error in _errors_of(file)]
    if errors:
        raise ValidationError(errors)
    return files


def _errors_of(file: UploadedFile) -> list[str]:
    name = file.name or ""
    if (file.size or 0) > MAX_BYTES:
        limit = MAX_BYTES // 1024**2
        return [_("%(name)s is larger than %(limit)d MB.") % {"name": name, "limit": limit}]
    kind = ACCEPTED.get(extension(name))
    if kind is None:
        return [_("%(name)s: files of this kind are not accepted.") % {"name": name}]
    if not _content_fits(file, kind):
        return [_("%(name)s: the content does not match the kind of file.") % {"name": name}]
    return []


def _content_fits(file: UploadedFile, kind: FileType) -> bool:
    head = file.read(4096)
    file.seek(0)
    if not kind.signatures:
        return b"\x00" not in head
    return head.startswith(kind.signatures) and (not kind.content_type.startswith("image/") or _is_sound_image(file))


def _is_sound_image(file: UploadedFile) -> bool:
    """Whether the file opens as a picture of bearable size; a decompression bomb does not."""
    try:
        with Image.open(file) as image:
            return image.width * image.height <= MAX_PIXELS
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return False
    finally:
        file.seek(0)


def attach_files(entry: TimelineEntry, files: list[UploadedFile]) -> None:
    """Store ``files`` as part of ``entry``; requesters see them when they see the entry.

    Raises ValidationError when the ticket's quota is used up.
    """
    from tickets.models import Attachment  # models are loaded after this module

    if not files:
        return
    used = Attachment.objects.filter(ticket=entry.ticket_id).aggregate(sum=Sum("size"))["sum"] or 0
    if used + sum(file.size or 0 for file in files) > MAX_TICKET_BYTES:
        raise ValidationError(_("The files of this ticket would exceed its quota."))
    for file in files:
        Attachment(
            ticket_id=entry.ticket_id,
            entry=entry,
            name=PurePath(file.name or "").name[-200:],
            storage_name=secrets.token_hex(16),
            file=file,
            content_type=ACCEPTED[extension(file.name or "")].content_type,
            size=file.size or 0,
            sha256=_sha256(file),
            is_image=ACCEPTED[extension(file.name or "")].content_type.startswith("image/"),
            is_public=entry.is_public,
            created_at=entry.at,
            created_by=entry.actor,
        ).save(force_insert=True)


def _sha256(file: UploadedFile) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
