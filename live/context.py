"""Where pages find their live updates."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def live(request: HttpRequest) -> dict[str, str]:
    """Template context processor: the stream's address, under the name by which the person reached the portal."""
    if not settings.LIVE_PORT:
        return {"live_url": "/live/"}
    name = urlsplit(f"//{request.get_host()}").hostname or ""
    return {"live_url": f"{request.scheme}://{name}:{settings.LIVE_PORT}/live/"}
