"""Attachments: what is accepted, how it is stored (TKT-05, reliability.md section 7)."""

from __future__ import annotations

import hashlib
import io
import logging
import secrets
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.uploadedfile import UploadedFile
from django.core.signals import request_finished, request_started
from django.db import DatabaseError
from django.db.models import Sum
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from tickets.files.kinds import PICTURES, accepted, fits
from tickets.files.metadata import without_metadata

if TYPE_CHECKING:
    from tickets.models import Attachment, TimelineEntry

logger = logging.getLogger(__name__)
MAX_BYTES = 20 * 1024 * 1024
MAX_FILES = 10
#: Pictures that are kept without their metadata.
CLEANED = frozenset({"png", "jpg", "jpeg", "gif", "webp", "heic", "heif"})
MAX_TICKET_BYTES = 200 * 1024 * 1024
#: Pixels of a picture. JPEG is read in small at once; of others every pixel is held in memory.
MAX_PIXELS, MAX_PIXELS_JPEG = 64_000_000, 150_000_000

#: Files that this thread wrote and whose rows may still be rolled back.
_written = threading.local()


def extension(name: str) -> str:
    """The lower-case extension of a file name, without the dot."""
    return PurePath(name).suffix.lower().lstrip(".")


def check_files(files: list[UploadedFile]) -> list[UploadedFile]:
    """Return ``files``; raise ValidationError naming each one that is refused and why."""
    if len(files) > MAX_FILES:
        raise ValidationError(_("At most %(count)d files at once.") % {"count": MAX_FILES})
    kinds = accepted() if files else {}
    errors = [error for file in files for error in _errors_of(file, kinds)]
    if errors:
        raise ValidationError(errors)
    return files


def _errors_of(file: UploadedFile, kinds: Mapping[str, str]) -> list[str]:
    name, ending = file.name or "", extension(file.name or "")
    if (file.size or 0) > MAX_BYTES:
        limit = MAX_BYTES // 1024**2
        return [_("%(name)s is larger than %(limit)d MB.") % {"name": name, "limit": limit}]
    if ending not in kinds:
        said = _("%(name)s: files of this kind are not accepted. What is taken: %(kinds)s.")
        return [said % {"name": name, "kinds": ", ".join(kinds)}]
    head = file.read(4096)
    file.seek(0)
    if not fits(ending, head):
        return [_("%(name)s: the content is not that of a .%(kind)s file.") % {"name": name, "kind": ending}]
    return _picture_errors(file, name) if ending in PICTURES else []


def _picture_errors(file: UploadedFile, name: str) -> list[str]:
    """A picture must open, and be of bearable size; a decompression bomb does not."""
    try:
        with Image.open(file) as image:
            most = MAX_PIXELS_JPEG if image.format == "JPEG" else MAX_PIXELS
            if image.width * image.height <= most:
                return []
            return [_("%(name)s has more than %(count)d million pixels.") % {"name": name, "count": most // 10**6}]
    except Image.DecompressionBombError:
        return [_("%(name)s has more than %(count)d million pixels.") % {"name": name, "count": MAX_PIXELS // 10**6}]
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return [_("%(name)s: the picture is damaged.") % {"name": name}]
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
    kinds = accepted()
    for file in files:
        ending = extension(file.name or "")
        stored = _clean(file, ending)
        row = Attachment(
            ticket_id=entry.ticket_id,
            entry=entry,
            name=PurePath(file.name or "").name[-200:],
            storage_name=secrets.token_hex(16),
            file=stored,
            content_type=kinds[ending],
            size=stored.size or 0,
            sha256=_sha256(stored),
            is_image=ending in PICTURES,
            is_public=entry.is_public,
            created_at=entry.at,
            created_by=entry.actor,
        )
        row.save(force_insert=True)
        _note_written(row)


def carry_over(entry: TimelineEntry, rows: Iterable[Attachment]) -> None:
    """Copy the files of ``rows``, of another ticket, to ``entry``: each keeps its name, kind and publicity."""
    from tickets.models import Attachment  # as above

    for row in rows:
        with suppress(FileNotFoundError):
            copy = Attachment.objects.get(pk=row.pk)
            copy.pk, copy.ticket_id, copy.entry = None, entry.ticket_id, entry
            copy.storage_name = secrets.token_hex(16)
            with row.file.open("rb") as content:
                copy.file = File(content, name=row.name)
                copy.save(force_insert=True)
            _note_written(copy)


def _clean(file: UploadedFile, ending: str) -> File:
    """The file as it is kept: pictures without what people do not know they send."""
    if ending not in CLEANED:
        return file
    data = file.read()
    file.seek(0)
    return ContentFile(without_metadata(ending, data), name=file.name)


def _sha256(file: File) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def small_copy(stored: File, size: tuple[int, int]) -> bytes:
    """A PNG of at most ``size`` of a picture, drawn anew and the right way up. Raises what opening it raises."""
    with stored.open("rb") as file, Image.open(file) as image:
        image.draft("RGB", size)  # a large JPEG is read in small at once
        turned = ImageOps.exif_transpose(image)
        turned.thumbnail(size)
        drawn = io.BytesIO()
        turned.convert("RGBA").save(drawn, "PNG")
    return drawn.getvalue()


# --- Files without rows ---------------------------------------------------------------------------------------------


def _note_written(row: Attachment) -> None:
    _written.names = [*getattr(_written, "names", ()), (row.file.storage, str(row.file.name))]


@receiver(request_started)
def forget_written(sender: Any, **context: Any) -> None:
    """A request answers for its own files: what the same thread wrote before is not looked up in its name."""
    _written.names = []


@receiver(request_finished)
def remove_rolled_back(sender: Any, **context: Any) -> None:
    """After a request: files whose rows were not kept go.

    What a killed process leaves, the janitor finds; also what is written when the database goes away.
    """
    from tickets.models import Attachment  # as above

    names, _written.names = getattr(_written, "names", ()), []
    if not names:
        return
    try:
        rows = Attachment.objects.filter(file__in=[name for _storage, name in names])
        kept = set(rows.values_list("file", flat=True))
    except DatabaseError:
        logger.exception("Whether the rows of %d files were kept is not known.", len(names))
        return
    for storage, name in names:
        if name not in kept:
            storage.delete(name)
