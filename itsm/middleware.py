"""Middleware about sessions and caching of whole pages."""

import time
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.cache import patch_vary_headers

GetResponse = Callable[[HttpRequest], HttpResponse]
WRITE_EVERY_SECONDS = 60  # a session row is not written at every click


class NoStoreMiddleware:
    """Keeps pages out of browser and proxy caches unless a view says otherwise; static files never get here."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class SessionLifetimeMiddleware:
    """Ends a session that was idle too long or is too old: staff 30 minutes, customers 8 hours, all 12 hours."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._check(request, now=int(time.time()))
        return self.get_response(request)

    def _check(self, request: HttpRequest, *, now: int) -> None:
        began = request.session.setdefault("began_at", now)
        seen = request.session.get("seen_at", now)
        if now - seen > idle_seconds(request) or now - began > settings.SESSION_COOKIE_AGE:
            logout(request)
        elif now - seen >= WRITE_EVERY_SECONDS or "seen_at" not in request.session:
            request.session["seen_at"] = now


def idle_seconds(request: HttpRequest) -> int:
    """Return after how many seconds without a request this user has to sign in again."""
    if request.user.is_staff or getattr(request.user, "is_agent", False):
        return settings.SESSION_IDLE_SECONDS_STAFF
    return settings.SESSION_IDLE_SECONDS_CUSTOMER


class HtmxMiddleware:
    """Sends an htmx call whose session ended to the sign-in page as a whole, not into a fragment."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        login = resolve_url(settings.LOGIN_URL)
        if "HX-Request" in request.headers and response.headers.get("Location", "").startswith(login):
            return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": login})
        return response
