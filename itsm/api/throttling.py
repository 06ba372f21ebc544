"""Rate limits, counted in PostgreSQL: exact with any number of processes, and independent of Redis."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.limits import take_from_bucket
from accounts.models import ApiToken


class BucketThrottle(BaseThrottle):
    """So many requests a minute per token, else per person, else per address."""

    def __init__(self) -> None:
        self.seconds_left: int | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request; refuse it when the minute's share is used up."""
        self.seconds_left = take_from_bucket(self._key(request), settings.API_REQUESTS_PER_MINUTE)
        return self.seconds_left is None

    def wait(self) -> int | None:
        """Seconds until the next minute's share."""
        return self.seconds_left

    def _key(self, request: Request) -> str:
        if isinstance(request.auth, ApiToken):
            return f"token:{request.auth.pk}"
        if request.user and request.user.is_authenticated:
            return f"user:{request.user.pk}"
        return f"address:{self.get_ident(request)}"
