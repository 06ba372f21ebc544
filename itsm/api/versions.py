"""ETags of tickets: ``"<version>.<hash of the content>"``.

The hash makes 304 exact; only the version decides whether an action is refused, so that a new comment, which
overwrites nothing, never stands in the way.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

#: Matches no ticket.
NO_VERSION = -1
_TAG = re.compile(r'"(\d{1,9})(?:\.[0-9a-f]+)?"')


def etag_of(data: dict[str, Any]) -> str:
    """The ETag of a ticket's representation."""
    digest = hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:16]
    return f'"{data["version"]}.{digest}"'


def sent_version(request: Request) -> int | None:
    """The version that ``If-Match`` names; None without the header, NO_VERSION for a tag that is not ours."""
    text = request.headers.get("If-Match", "*").strip()
    if text == "*":
        return None
    found = _TAG.fullmatch(text)
    return int(found[1]) if found else NO_VERSION


def is_unchanged(request: Request, etag: str) -> bool:
    """Whether ``If-None-Match`` names ``etag``."""
    sent = [tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")]
    return etag in sent or sent == ["*"]
