"""Lifetimes of sessions, and what an htmx call gets when its session has ended."""

import time
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import RequestFactory

from itsm.web.middleware import HtmxMiddleware, SessionLifetimeMiddleware

pytestmark = [pytest.mark.req("ORG-06"), pytest.mark.django_db]

HOUR = 3600


def visit(*, is_agent: bool, **ages: int) -> HttpRequest:
    """Return the request after the middleware; ``ages`` says how many seconds ago the session began and was seen."""
    request = RequestFactory().get("/")
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    now = int(time.time())
    request.session.update({key: now - seconds for key, seconds in ages.items()})
    request.user = SimpleNamespace(is_authenticated=True, is_agent=is_agent)  # type: ignore[assignment]
    SessionLifetimeMiddleware(lambda _: HttpResponse())(request)
    return request


@pytest.mark.parametrize(
    ("is_agent", "idle", "signed_in"),
    [(True, 29 * 60, True), (True, 31 * 60, False), (False, 7 * HOUR, True), (False, 9 * HOUR, False)],
)
def test_idle_session_ends(is_agent: bool, idle: int, signed_in: bool) -> None:
    request = visit(is_agent=is_agent, began_at=idle, seen_at=idle)

    assert request.user.is_authenticated is signed_in


def test_busy_session_ends_after_twelve_hours() -> None:
    request = visit(is_agent=False, began_at=12 * HOUR + 1, seen_at=1)

    assert request.user.is_authenticated is False
    assert request.session.is_empty()


def test_first_request_starts_the_clock() -> None:
    before = int(time.time())
    request = visit(is_agent=True)

    assert before <= request.session["began_at"] == request.session["seen_at"] <= time.time()


def test_session_is_not_written_at_every_click() -> None:
    before = int(time.time())
    request = visit(is_agent=True, began_at=100, seen_at=10)

    assert before <= request.session["seen_at"] + 10 <= time.time()


def test_visit_keeps_a_session_alive() -> None:
    before = int(time.time())
    request = visit(is_agent=True, began_at=1000, seen_at=1000)

    assert before <= request.session["seen_at"] <= time.time()


@pytest.mark.parametrize(
    ("headers", "target", "status", "redirect"),
    [
        ({"HX-Request": "true"}, "/accounts/login/?next=/queue/", 204, "/accounts/login/?next=/queue/"),
        ({"HX-Request": "true", "X-By-Itself": "1"}, "/accounts/login/?next=/queue/", 204, None),
        ({"HX-Request": "true"}, "/queue/", 302, None),
        ({}, "/accounts/login/?next=/queue/", 302, None),
    ],
)
def test_sign_in_never_lands_in_a_fragment(
    headers: dict[str, str], target: str, status: int, redirect: str | None
) -> None:
    request = RequestFactory().get("/queue/", headers=headers)

    response = HtmxMiddleware(lambda _: HttpResponseRedirect(target))(request)

    assert (response.status_code, response.headers.get("HX-Redirect")) == (status, redirect)
    assert "HX-Request" in response["Vary"]
