"""Journeys in a real browser against a live server, with the content security policy in force.

Errors in the console, uncaught exceptions, failed requests and reports of policy violations fail the test.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import User
from tests import browser
from tests.factories import World

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

PASSWORD = "only for journeys"
WIDE, NARROW = (1440, 900), (390, 844)
#: Seconds that a page may take for a step. Long, because a busy machine is slow and a journey measures no time.
PATIENCE = 40
#: Answers that journeys provoke on purpose; the browser writes each into its console.
EXPECTED = {403, 404, 409, 412, 422}
#: What the console says of such answers (they are looked at one by one), and of a page that is left while it asks.
HARMLESS = ("Failed to load resource", "htmx:sendAbort", "htmx:afterRequest")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all journeys; each visitor has a context of their own."""
    with browser.launch() as launched:
        yield launched


def until(page: Page, expression: str) -> None:
    """Wait until a JavaScript expression is true. Playwright's own wait would need the policy to allow eval."""
    for _attempt in range(PATIENCE * 20):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"Never true: {expression}")


@dataclass
class Visitors:
    """Opens pages for people and remembers what went wrong in them."""

    chromium: Browser
    base_url: str
    contexts: list[BrowserContext] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def open(
        self, username: str = "", *, language: str = "zh-CN", size: tuple[int, int] = WIDE, theme: str = "light"
    ) -> Page:
        """A page in a context of its own, signed in as ``username`` when given."""
        context = self.chromium.new_context(
            base_url=self.base_url,
            locale=language,
            color_scheme=theme,  # type: ignore[arg-type]  # light or dark
            reduced_motion="reduce",  # a page that travels to its place would be looked at on the way
            viewport={"width": size[0], "height": size[1]},
            has_touch=size == NARROW,
        )
        context.set_default_timeout(PATIENCE * 1000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.troubles.append(f"exception: {error}"))
        page.on("request", self._on_request)
        page.on("response", self._on_response)
        if username:
            self._sign_in(page, username)
        return page

    def _sign_in(self, page: Page, username: str) -> None:
        """By the cookie of a session: the form of signing in has journeys of its own, and each costs a second."""
        client = Client()
        client.force_login(User.objects.get(username=username))
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self.base_url}])
        page.goto("/")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(HARMLESS):
            self.troubles.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        if request.url.endswith("/csp-report/"):
            self.troubles.append(f"policy: {request.post_data}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in EXPECTED:
            self.troubles.append(f"{response.status}: {response.url}")


@pytest.fixture
def world(transactional_db: None) -> World:
    """Everybody with a password; the server sees them, because they are committed."""
    made = World()
    person = made.desk
    person.set_password(PASSWORD)
    User.objects.update(password=person.password)
    return made


@pytest.fixture
def visit(chromium: Browser, live_server: Any, world: World) -> Iterator[Callable[..., Page]]:
    """Open a page as somebody; what went wrong in any page fails the test."""
    visitors = Visitors(chromium, live_server.url)
    yield visitors.open
    for context in visitors.contexts:
        context.close()
    wait_until_idle()
    assert visitors.troubles == []


def wait_until_idle() -> None:
    """Let the server finish what closing pages still sent: emptying the tables would block with it."""
    busy = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
              AND backend_type = 'client backend' AND state <> 'idle'"""
    calm = 0
    for _attempt in range(100):
        with connection.cursor() as cursor:
            cursor.execute(busy)
            calm = calm + 1 if cursor.fetchone()[0] == 0 else 0
        if calm == 3:
            return
        time.sleep(0.05)
