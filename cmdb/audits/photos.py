"""Photos of what an audit finds: what is taken, how it is kept, who sees it (CMDB-07). As attachments are."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.audits.services import AuditClosed
from cmdb.models import Audit, AuditCheck, AuditExtra, AuditPhoto
from itsm.documents.metadata import without_metadata
from itsm.documents.pictures import digest_of, picture_errors

#: What a phone's camera makes, by the ending of the file's name, with how the content begins.
KINDS = {
    "jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "webp": ("image/webp", b"RIFF"),
}
ACCEPTED = "image/jpeg,image/png,image/webp"
MAX_BYTES = 20 * 1024 * 1024
#: So many of one check, or of one thing that is not recorded.
MOST = 5
#: Photos with who took them and what they are of.
PHOTOS = Prefetch("photos", AuditPhoto.objects.select_related("by", "extra"))


def check_photo(file: UploadedFile) -> UploadedFile:
    """The picture. Raises ValidationError saying why it is not taken."""
    name, ending = file.name or "", _ending(file)
    if ending not in KINDS:
        raise ValidationError(_("%(name)s: a photo is a JPEG, PNG or WebP file.") % {"name": name})
    if (file.size or 0) > MAX_BYTES:
        limit = MAX_BYTES // 1024**2
        raise ValidationError(_("%(name)s is larger than %(limit)d MB.") % {"name": name, "limit": limit})
    head = file.read(16)
    file.seek(0)
    if not head.startswith(KINDS[ending][1]):
        said = _("%(name)s: the content is not that of a .%(kind)s file.")
        raise ValidationError(said % {"name": name, "kind": ending})
    if errors := picture_errors(file, name):
        raise ValidationError(errors)
    return file


def _ending(file: UploadedFile) -> str:
    return PurePath(file.name or "").suffix.lower().lstrip(".")


@transaction.atomic
def keep_photo(*, of: AuditCheck | AuditExtra, file: UploadedFile, by: User, now: datetime) -> AuditPhoto:
    """Keep a checked picture without its metadata. Raises AuditClosed, ValidationError when there are enough."""
    audit = Audit.objects.select_for_update().get(pk=of.audit_id)
    if audit.closed_at:
        raise AuditClosed
    if of.photos.count() >= MOST:
        raise ValidationError(_("At most %(count)d photos of one thing.") % {"count": MOST})
    ending = _ending(file)
    stored = ContentFile(without_metadata(ending, file.read()), name=file.name)
    row = AuditPhoto(
        audit_check=of if isinstance(of, AuditCheck) else None,
        extra=of if isinstance(of, AuditExtra) else None,
        name=PurePath(file.name or "").name[-200:],
        storage_name=secrets.token_hex(16),
        file=stored,
        content_type=KINDS[ending][0],
        size=stored.size,
        sha256=digest_of(stored),
        by=by,
        at=now,
    )
    row.save(force_insert=True)
    return row


@transaction.atomic
def remove_photo(*, photo: AuditPhoto) -> None:
    """Take a photo away while the audit is open. Raises AuditClosed."""
    audit = Audit.objects.select_for_update().get(pk=photo.found.audit_id)
    if audit.closed_at:
        raise AuditClosed
    storage, name = photo.file.storage, str(photo.file.name)
    photo.delete()
    transaction.on_commit(lambda: storage.delete(name))
