"""Each person's language and time zone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation


class UserPreferencesMiddleware:
    """Activate the signed-in person's language and time zone; the browser's language decides otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request in the person's language and time zone; nothing of it outlives the request."""
        user = request.user
        language = (user.language if user.is_authenticated else "") or translation.get_language()
        zone = zoneinfo.ZoneInfo(user.time_zone) if user.is_authenticated and user.time_zone else None
        with translation.override(language), timezone.override(zone):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers["Content-Language"] = translation.get_language()
        return response
