"""Styles and scripts of every version, where all machines find them (ADM-02).

While an upgrade goes round, a page of one version asks a machine of the other for its style sheet. Names hold a digest
of the content, so files of several versions lie side by side: every version puts its own beside the uploads before it
starts, and what a machine was not built with comes from there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from mimetypes import guess_type
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse

from itsm.uploads import BUILT

#: ``name`` of a built file; no part of its path begins with a full stop.
NAME = re.compile(r"(?:[\w@-][\w@.-]*/)*[\w@-][\w@.-]*\.(?P<digest>[0-9a-f]{12})(?:\.\w+)?", re.ASCII)
FOR_EVER = "max-age=315360000, public, immutable"


def publish() -> int:
    """Put the built files of this version where all machines look; return how many were not there yet, whole."""
    new = 0
    for name in sorted(set(getattr(staticfiles_storage, "hashed_files", {}).values())):
        content, target = Path(staticfiles_storage.path(name)).read_bytes(), f"{BUILT}/{name}"
        if default_storage.exists(target):
            if default_storage.size(target) == len(content):
                continue
            default_storage.delete(target)  # one who put it there was interrupted
        default_storage.save(target, ContentFile(content))
        new += 1
    return new


def found(name: str) -> bytes | None:
    """The built file ``name`` of any version. None for what is no such file, is not there, or not whole yet."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    try:
        with default_storage.open(f"{BUILT}/{name}") as file:
            content: bytes = file.read()
    except (FileNotFoundError, IsADirectoryError):
        return None
    return content if hashlib.md5(content, usedforsecurity=False).hexdigest().startswith(match["digest"]) else None


class SharedStaticMiddleware:
    """Answers for built files that this machine was not built with; stands behind the one that serves its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        prefix = settings.STATIC_URL
        content = found(request.path_info.removeprefix(prefix)) if request.path_info.startswith(prefix) else None
        if content is None or request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        kind = guess_type(request.path_info)[0] or "application/octet-stream"
        kind += "; charset=utf-8" * kind.startswith("text/")
        return HttpResponse(content, content_type=kind, headers={"Cache-Control": FOR_EVER})
