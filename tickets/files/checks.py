"""Rows and files compared: what is missing, cut, or belongs to nothing (ADM-02). Nightly, on demand, at a restore."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.files.storage import Storage, default_storage
from django.db import models
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)

FOLDER = "attachments"
EVERY = timedelta(hours=20)
#: A file without a row may belong to a request that still runs; after so long it belongs to nobody.
ORPHAN_AFTER = timedelta(hours=24)
#: So many names are kept of each sort.
NAMED = 20


class FileCheck(models.Model):
    """What a comparison found: ``names`` by sort (missing, damaged, orphaned), the first of each."""

    at = models.DateTimeField(_("time"), unique=True)
    files = models.PositiveIntegerField(_("files"))
    missing = models.PositiveIntegerField(_("missing"))
    damaged = models.PositiveIntegerField(_("damaged"))
    orphaned = models.PositiveIntegerField(_("without a ticket"))
    names = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at"]
        verbose_name = _("comparison of files")
        verbose_name_plural = _("comparisons of files")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.missing} {self.damaged} {self.orphaned}"

    @property
    def is_sound(self) -> bool:
        """Whether every row has its file, whole."""
        return not (self.missing or self.damaged)


@dataclass
class Found:
    """Names of files by what is wrong with them; ``files``: how many there should be."""

    files: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)

    @property
    def sentences(self) -> list[str]:
        """What is wrong, in English, for operators."""
        sorts = (
            (self.missing, "missing"),
            (self.damaged, "cut or changed"),
            (self.orphaned, "belong to no ticket"),
        )
        lines = [f"{len(names)} of {self.files} files {what}: {_some(names)}" for names, what in sorts[:2] if names]
        return lines + [f"{len(names)} files {what}: {_some(names)}" for names, what in sorts[2:] if names]


def _some(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")


def compare(*, digests: bool, storage: Storage = default_storage) -> Found:
    """Every row with its file and every file with its row. ``digests``: read each file whole, else only its size."""
    from tickets.models import Attachment  # this module is loaded by it

    there = set(_listed(storage))
    found = Found()
    rows = Attachment.objects.order_by("pk").values_list("file", "name", "size", "sha256")
    for path, name, size, sha256 in rows.iterator(chunk_size=2000):
        found.files += 1
        if path not in there:
            found.missing.append(f"{path} ({name})")
        elif storage.size(path) != size or (digests and digest_of(storage, path) != sha256):
            found.damaged.append(f"{path} ({name})")
        there.discard(path)
    found.orphaned = sorted(there)
    return found


def _listed(storage: Storage) -> Iterator[str]:
    """Paths of all files of attachments."""
    try:
        folders, files = storage.listdir(FOLDER)
    except FileNotFoundError:
        return
    yield from (f"{FOLDER}/{name}" for name in files)
    for folder in folders:
        yield from (f"{FOLDER}/{folder}/{name}" for name in storage.listdir(f"{FOLDER}/{folder}")[1])


def digest_of(storage: Storage, path: str) -> str:
    """SHA-256 of a stored file."""
    digest = hashlib.sha256()
    with storage.open(path, "rb") as content:
        for chunk in content.chunks():
            digest.update(chunk)
    return digest.hexdigest()


def check_files(now: datetime) -> FileCheck:
    """Compare, remove files that belong to nobody for a day, keep what was found for the page of health."""
    found = compare(digests=True)
    for path in found.orphaned:
        if default_storage.get_modified_time(path) < now - ORPHAN_AFTER:
            default_storage.delete(path)
            logger.warning("Removed a file that belongs to no ticket: %s", path)
    names = {sort: getattr(found, sort)[:NAMED] for sort in ("missing", "damaged", "orphaned")}
    counts = {sort: len(getattr(found, sort)) for sort in names}
    row = FileCheck.objects.create(at=now, files=found.files, names=names, **counts)
    FileCheck.objects.filter(at__lt=now - timedelta(days=90)).delete()
    for line in [] if row.is_sound else found.sentences:
        logger.error("Files of tickets: %s", line)
    return row


def check_nightly(now: datetime) -> FileCheck | None:
    """Once a day, whichever hour it is called in. None when the last one is not a day ago."""
    if FileCheck.objects.filter(at__gt=now - EVERY).exists():
        return None
    return check_files(now)
