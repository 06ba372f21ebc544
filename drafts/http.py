"""How a page tells the browser that the server holds, or no longer needs, what was typed."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponse

#: Read and removed by ``static/js/drafts.js``: keys of forms whose copies in the browser can go.
COOKIE = "drafts_done"


Response = TypeVar("Response", bound=HttpResponse)


def answered(response: Response, key: str) -> Response:
    """Mark on ``response`` that what was sent from the form ``key`` has been dealt with."""
    response.set_cookie(COOKIE, quote(key, safe=""), max_age=24 * 3600, secure=settings.HTTPS, samesite="Lax")
    return response
