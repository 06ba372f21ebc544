"""The door of the live process: an ASGI application of three addresses.

``GET /live/`` is a stream of server-sent events; ``POST /live/turn`` says that the page shows something else now;
``GET /live/health`` answers 200 while the process hears the database.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.db import Error
from django.http.request import validate_host
from psycopg2 import Error as DriverError

from live.hub import Full, Hub, Page

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
MAX_BODY = 16_384
#: Rounds come every few seconds; after this long something is stuck.
STUCK_AFTER = 30.0
STREAM = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]


class Application:
    """Answers for one hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        door = {("GET", "/live/"): self._stream, ("POST", "/live/turn"): self._turn}.get(
            (scope["method"], scope["path"])
        )
        if scope["path"] == "/live/health":
            await answer(send, 200 if self._is_well() else 503)
        elif door is None:
            await answer(send, 404)
        elif not is_own(headers, scope["scheme"]):
            await answer(send, 403)
        else:
            await door(scope, headers, receive, send)

    def _is_well(self) -> bool:
        return self.hub.is_listening and time.monotonic() - self.hub.round_at < STUCK_AFTER

    async def _stream(self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
        shared = allowing(headers)
        params = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        try:
            page = await self.hub.open(session_of(headers), params)
        except (Full, Error, DriverError):
            await answer(send, 503, shared)
            return
        if page is None:
            await answer(send, 401, shared)
            return
        watcher = asyncio.create_task(end_when_gone(receive, page))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [*STREAM, *shared]})
            while (data := await page.outbox.get()) is not None:
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body"})
        finally:
            watcher.cancel()
            self.hub.close(page)

    async def _turn(self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
        body = await read(receive)
        params = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            known = await self.hub.turn(params.get("page", ""), session_of(headers), params)
        except (Error, DriverError):
            known = False
        await answer(send, 204 if known else 404, allowing(headers))


def is_own(headers: dict[str, str], scheme: str) -> bool:
    """Whether a page of this portal asks, not one of another site that the browser lent its cookie to."""
    host = headers.get("host", "")
    name = urlsplit(f"//{host}").hostname or ""
    if not validate_host(name if ":" not in name else f"[{name}]", settings.ALLOWED_HOSTS):
        return False
    origin = headers.get("origin")
    if origin is None:  # browsers leave it out only when the address is the page's own
        return headers.get("sec-fetch-site", "same-origin") == "same-origin"
    allowed = {f"{scheme}://{host}", f"https://{host}", *settings.CSRF_TRUSTED_ORIGINS}
    if settings.LIVE_PORT:
        allowed |= {f"{scheme}://{name}:{settings.PORT}", f"{scheme}://{name}" if settings.PORT == 80 else ""}
    return origin in allowed


def allowing(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Let the page that asks read the answer. Its origin has been checked."""
    origin = headers.get("origin")
    if origin is None:
        return []
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


def session_of(headers: dict[str, str]) -> str:
    """The session's key in the cookie; empty without one."""
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return cookie.value[:40] if cookie else ""


async def read(receive: Receive) -> bytes:
    """The body, at most ``MAX_BODY`` of it."""
    body = b""
    while len(body) <= MAX_BODY:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body[:MAX_BODY]


async def end_when_gone(receive: Receive, page: Page) -> None:
    """End the stream when the browser has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
    page.put(None)


async def answer(send: Send, status: int, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    """An answer without content."""
    own = [(b"cache-control", b"no-store"), (b"content-length", b"0")]
    start = {"type": "http.response.start", "status": status, "headers": [*(headers or ()), *own]}
    await send(start if status != 204 else {**start, "headers": start["headers"][:-1]})  # type: ignore[index]
    await send({"type": "http.response.body", "body": b""})
