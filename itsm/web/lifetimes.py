"""When a session has ended: asked at every request, and by streams, which outlive many of them."""

from collections.abc import Callable

from django.conf import settings


def is_over(began: int, seen: int, now: int, *, is_agent: Callable[[], bool]) -> bool:
    """Whether a session that began and was last used at these Unix times has ended."""
    if now - began > settings.SESSION_COOKIE_AGE:
        return True
    if now - seen <= settings.SESSION_IDLE_SECONDS_STAFF:
        return False  # the usual case, without asking who it is
    return is_agent() or now - seen > settings.SESSION_IDLE_SECONDS_CUSTOMER
