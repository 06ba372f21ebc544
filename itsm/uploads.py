"""Uploaded files where they lie: in a folder that all machines share, or in a store that speaks S3 (ADM-02)."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import File
from django.core.files.storage import default_storage

from itsm import env

#: Seconds; a store that does not answer must not hold a page's thread for long.
CONNECT_SECONDS, READ_SECONDS, TRIES = 3, 20, 2
#: Styles and scripts of every version lie beside the uploads (``shared_static``); no backup holds them.
BUILT = "static"


def storage(folder: Path) -> dict[str, Any]:
    """Django's settings of the storage: ``folder``, unless a bucket is named. Raises ImproperlyConfigured."""
    bucket = env.text("UPLOADS_BUCKET", "")
    if not bucket:
        options: dict[str, Any] = {"location": folder, "file_permissions_mode": 0o640}
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    endpoint = env.text("UPLOADS_ENDPOINT", "")
    if endpoint and not endpoint.startswith(("https://", "http://")):
        raise ImproperlyConfigured("UPLOADS_ENDPOINT must look like https://s3.example.com.")
    from botocore.config import Config  # large: only those who have a store load it

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": TRIES},
        signature_version="s3v4",
        s3={"addressing_style": "path" if endpoint else "auto"},
        request_checksum_calculation="when_required",  # stores that are not Amazon's know no trailing checksums
        response_checksum_validation="when_required",
    )
    options = {
        "bucket_name": bucket,
        "endpoint_url": endpoint or None,
        "region_name": env.text("UPLOADS_REGION", "us-east-1"),
        "access_key": env.text("UPLOADS_ACCESS_KEY"),
        "secret_key": env.text("UPLOADS_SECRET_KEY"),
        "default_acl": None,
        "file_overwrite": False,
        "client_config": config,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def names(folder: str = "") -> Iterator[str]:
    """Every stored file, below ``folder``; what is built is no upload."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    begin = f"{folder}/" if folder else ""
    yield from (f"{begin}{name}" for name in sorted(files) if name)
    for one in sorted(folders if folder else set(folders) - {BUILT}):
        yield from names(f"{begin}{one}")


def listed() -> dict[str, list[int | str]]:
    """Every stored file with its size and digest."""
    found: dict[str, list[int | str]] = {}
    for name in names():
        with suppress(FileNotFoundError), default_storage.open(name) as content:  # removed meanwhile
            found[name] = [content.size, hashlib.file_digest(content, "sha256").hexdigest()]
    return found


def add_to(archive: tarfile.TarFile, name: str) -> None:
    """Put a stored file into ``archive``; one that was removed meanwhile is left out."""
    with suppress(FileNotFoundError), default_storage.open(name) as content:
        member = tarfile.TarInfo(f"uploads/{name}")
        member.size, member.mode = content.size, 0o640
        member.mtime = int(default_storage.get_modified_time(name).timestamp())
        archive.addfile(member, content)


def replace_all(folder: Path) -> None:
    """Put the files below ``folder`` in the place of all that are stored."""
    for name in list(names()):
        default_storage.delete(name)
    for path in sorted(folder.rglob("*")) if folder.exists() else ():
        if path.is_file():
            with path.open("rb") as content:
                default_storage.save(str(path.relative_to(folder)), File(content))
