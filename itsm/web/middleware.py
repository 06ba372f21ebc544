"""Middleware about sessions, caching and what pages are sent."""

import time
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.cache import patch_vary_headers
from django.views.defaults import bad_request

from itsm.web.lifetimes import is_over

GetResponse = Callable[[HttpRequest], HttpResponse]
WRITE_EVERY_SECONDS = 60  # a session row is not written at every click
BY_ITSELF = "X-By-Itself"  # header of requests that no person made


class NoStoreMiddleware:
    """Keeps pages out of browser and proxy caches unless a view says otherwise; static files never get here."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class ZeroCharacterMiddleware:
    """Refuses zero characters in addresses and takes them out of posted forms: PostgreSQL cannot store them.

    The API is left alone; it says itself which parameter is wrong.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return self.get_response(request)
        if "\0" in request.path or any("\0" in value for values in request.GET.lists() for value in values[1]):
            return bad_request(request, BadRequest())
        if any("\0" in value for values in request.POST.lists() for value in values[1]):
            data = request.POST.copy()
            for name, values in list(data.lists()):
                data.setlist(name, [value.replace("\0", "") for value in values])
            request.POST = data  # type: ignore[assignment]
        return self.get_response(request)


class SessionLifetimeMiddleware:
    """Ends a session that was idle too long or is too old: staff 30 minutes, customers 8 hours, all 12 hours.

    What a page asks by itself (``BY_ITSELF``), to stay current, does not prolong a session: nobody did anything.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._check(request, now=int(time.time()))
        return self.get_response(request)

    def _check(self, request: HttpRequest, *, now: int) -> None:
        began = request.session.setdefault("began_at", now)
        seen = request.session.setdefault("seen_at", now)
        if is_over(began, seen, now, is_agent=lambda: request.user.is_agent):  # type: ignore[union-attr]
            request._itsm_session_ended = True  # type: ignore[attr-defined]  # read by accounts.receivers
            logout(request)
        elif now - seen >= WRITE_EVERY_SECONDS and BY_ITSELF not in request.headers:
            request.session["seen_at"] = now


class HtmxMiddleware:
    """Sends an htmx call whose session ended to the sign-in page as a whole, not into a fragment.

    What a page asks by itself is answered with nothing: it must not take a form away from somebody who is typing.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        url = response.headers.get("Location", "")
        if "HX-Request" in request.headers and url.startswith(resolve_url(settings.LOGIN_URL)):
            leads = {} if BY_ITSELF in request.headers else {"HX-Redirect": url}
            response = HttpResponse(status=HTTPStatus.NO_CONTENT, headers=leads)
        patch_vary_headers(response, ["HX-Request"])
        return response
