"""Attachments: what is accepted, how it is stored (TKT-05, reliability.md section 7)."""

from __future__ import annotations

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

from itsm.documents.metadata import without_metadata
from itsm.documents.pictures import digest_of, picture_errors
from tickets.files.kinds import PICTURES, accepted, fits

if TYPE_CHECKING:
    from tickets.models import Attachment, TimelineEntry

logger = logging.getLogger(__name__)
MAX_BYTES = 20 * 1024 * 1024
MAX_FILES = 10
#: Pictures that are kept without their metadata.
CLEANED = frozenset({"png", "jpg", "jpeg", "gif", "webp", "heic", "heif"})
MAX_TICKET_BYTES = 200 * 1024 * 1024

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
    return picture_errors(file, name) if ending in PICTURES else []


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
            sha256=digest_of(stored),
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
