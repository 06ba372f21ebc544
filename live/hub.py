"""The open pages of this process, and the rounds in which they are told what is new.

Everything that asks the database runs in threads, one for rounds and one for pages that open or turn; the event loop
only hands out what they made.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import psycopg2
from django.db import Error, InterfaceError, OperationalError, connection
from django.urls import set_urlconf

from accounts.models import User
from live import presence
from live.looks import Look
from live.rounds import Round, Rounds
from live.sessions import people_of
from live.wire import Heard, Line
from tickets import clock
from tickets.models import Ticket

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

#: After a round the process rests this many times as long as the round computed: it never uses more of a core.
REST_FACTOR = 16
SHORTEST_REST, LONGEST_REST = 0.4, 2.5
#: A change that comes alone waits this long for others that belong to it.
GATHERED_FOR = 0.1
#: Time alone makes tickets due; this often it is looked for.
LOOKED_EVERY = 2.0
HEARTBEAT_EVERY = 15.0
PEOPLE_EVERY = 60.0
RETRY_AFTER = 1.0
#: A page that takes nothing for so many messages is cut; it comes back and reads anew.
QUEUE_SIZE = 64
MAX_PAGES, MAX_PAGES_OF_SESSION = 5_000, 40
#: Lines need the addresses of tickets alone; loading those of the API and all else would cost 20 MiB.
URLS = "live.line_urls"
HEARTBEAT = b"data: {}\n\n"  # a comment would not reach the page, which wants to know that the line is alive


def event(message: str) -> bytes:
    """A message as server-sent event."""
    return f"data: {message}\n\n".encode()


@dataclass(eq=False)
class Page:
    """An open page: who looks, at what, and what it has to be told."""

    session: str
    user: User
    look: Look
    ticket_id: int | None = None
    wrote_at: float = float("-inf")
    counts: str = ""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    outbox: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_SIZE))

    @property
    def place(self) -> presence.Place | None:
        """Where the person is, for others to see."""
        if self.ticket_id is None or not presence.shows_presence(self.user):
            return None
        writes = time.monotonic() - self.wrote_at < presence.WRITES_FOR.total_seconds()
        return presence.Place(self.ticket_id, self.user.pk, writes)

    def put(self, data: bytes | None) -> None:
        """Have ``data`` sent; None ends the stream, and so does a page that takes nothing."""
        try:
            self.outbox.put_nowait(data)
        except asyncio.QueueFull:
            with contextlib.suppress(asyncio.QueueEmpty):
                while True:
                    self.outbox.get_nowait()
            self.outbox.put_nowait(None)


class Full(Exception):  # noqa: N818 - says what is the case
    """No more pages, of this session or at all."""


class Hub:
    """Pages by key, and the tasks that keep them current."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.rounds = Rounds()
        self.heard = Heard(many=True)
        self.wake = asyncio.Event()
        self.is_listening = False
        self.round_at = time.monotonic()
        self._for_rounds = ThreadPoolExecutor(1, "rounds", set_urlconf, (URLS,))
        self._for_pages = ThreadPoolExecutor(1, "pages", set_urlconf, (URLS,))
        self._moved = asyncio.Event()
        self._arrived: set[presence.Place] = set()
        self._left: set[presence.Place] = set()
        self._stayed_at = float("-inf")

    # --- Pages ------------------------------------------------------------------------------------------------------

    async def open(self, session: str, params: Mapping[str, str]) -> Page | None:
        """A page of the person behind ``session``; None when nobody is. Raises Full."""
        if len(self.pages) >= MAX_PAGES or self._count(session) >= MAX_PAGES_OF_SESSION:
            raise Full
        user = (await self._ask(people_of, [session])).get(session)
        if user is None:
            return None
        page = Page(session, user, Look.of(params, user))
        self.pages[page.key] = page
        cursor = params.get("cursor", "")
        try:
            await self._greet(page, int(cursor) if cursor.isdecimal() and len(cursor) < 19 else None)
        except Error:
            del self.pages[page.key]
            raise
        return page

    def _count(self, session: str) -> int:
        return sum(page.session == session for page in self.pages.values())

    async def _greet(self, page: Page, cursor: int | None) -> None:
        """What the page missed, who is where, all counts."""
        message, page.ticket_id, page.counts = await self._ask(self._first, page, cursor)
        page.put(event(message))
        self._move(None, page.place)

    def _first(self, page: Page, cursor: int | None) -> tuple[str, int | None, str]:
        key = self._find(page)
        hello = {"page": json.dumps(page.key), "me": str(page.user.pk)}
        message, counts = self.rounds.first(page.user, page.look, cursor, hello)
        return message, key, counts

    def _find(self, page: Page) -> int | None:
        """The key of the open ticket, when the person sees it."""
        if not page.look.ticket:
            return None
        visible = Ticket.objects.visible_to(page.user)
        return visible.filter(number=page.look.ticket).values_list("pk", flat=True).first()

    async def turn(self, key: str, session: str, params: Mapping[str, str]) -> bool:
        """The page shows something else now. False for a page that is not open, or somebody else's."""
        page = self.pages.get(key)
        if page is None or not secrets.compare_digest(page.session, session):
            return False
        before, place = page.look, page.place
        page.look = Look.of(params, page.user)
        page.wrote_at = time.monotonic() if page.look.writes else float("-inf")
        if page.look.ticket != before.ticket:
            page.ticket_id = await self._ask(self._find, page)
        if (page.look.view, page.look.kind, page.look.filters) != (before.view, before.kind, before.filters):
            page.counts = ""
        message, counts = await self._ask(self.rounds.turned, page.user, page.look, page.counts)
        page.counts = counts
        if message:
            page.put(event(message))
        if page.place != place:
            self._move(place, page.place)
        return True

    def close(self, page: Page) -> None:
        """The page is gone."""
        if self.pages.pop(page.key, None) is not None:
            self._move(page.place, None)

    def _move(self, left: presence.Place | None, arrived: presence.Place | None) -> None:
        """Have it written down where a person is; together with others who moved in the same moment."""
        self._left |= {left} if left else set()
        self._arrived |= {arrived} if arrived else set()
        self._moved.set()

    # --- Tasks ------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep all pages current until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._again_and_again(self._listen, 0))
            tasks.create_task(self._again_and_again(self._round, 0))
            tasks.create_task(self._again_and_again(self._look_after_people, PEOPLE_EVERY))
            tasks.create_task(self._again_and_again(self._stay, 0))
            tasks.create_task(self._again_and_again(self._beat, HEARTBEAT_EVERY))

    async def _again_and_again(self, task: Callable[[], Awaitable[None]], pause: float) -> None:
        """What the database refuses is tried again; everything else ends the process, which is then restarted."""
        while True:
            try:
                await asyncio.sleep(pause)
                await task()
            except (Error, psycopg2.Error) as error:
                logger.warning("Trying again in %s s: %s", RETRY_AFTER, str(error).strip())
                await asyncio.sleep(RETRY_AFTER)

    async def _listen(self) -> None:
        """Take in what the database tells. After a break everything since is read from the tables."""
        loop = asyncio.get_running_loop()
        line = await loop.run_in_executor(self._for_pages, Line)
        broken: asyncio.Future[None] = loop.create_future()

        def read() -> None:
            try:
                line.read(self.heard)
            except psycopg2.Error as error:
                if not broken.done():
                    broken.set_exception(error)
            self.wake.set()

        loop.add_reader(line.fileno(), read)
        number = line.fileno()
        self.is_listening = True
        self.heard.add("anew")
        self.wake.set()
        try:
            await broken
        finally:
            self.is_listening = False
            loop.remove_reader(number)
            line.close()

    async def _round(self) -> None:
        """Wait until there is news, gather, tell, rest."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOKED_EVERY):
                await self.wake.wait()
        await asyncio.sleep(GATHERED_FOR)
        self.wake.clear()
        heard, self.heard = self.heard, Heard()
        pages = list(self.pages.values())
        try:
            found = await self._ask(self.rounds.tell, heard, pages, executor=self._for_rounds)
        except Error:
            self.heard.add("anew")  # what was heard is read from the tables next time
            raise
        self._hand_out(found)
        self.round_at = time.monotonic()
        await asyncio.sleep(min(LONGEST_REST, max(SHORTEST_REST, REST_FACTOR * found.cost)))

    def _hand_out(self, found: Round) -> None:
        for key, message in found.messages.items():
            page = self.pages.get(key)
            if page is not None:
                page.counts = found.counts.get(key, page.counts)
                page.put(message)

    async def _look_after_people(self) -> None:
        """Take over changed rights; cut who was signed out or switched off."""
        known = await self._ask(people_of, {page.session for page in self.pages.values()})
        for page in list(self.pages.values()):
            if page.session in known:
                page.user = known[page.session]
            else:
                page.put(event('{"end":true}'))
                page.put(None)

    async def _stay(self) -> None:
        """Write down who came and left as soon as that is known, and everybody who is still there now and then."""
        refreshed_every = presence.REFRESHED_EVERY.total_seconds()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(refreshed_every):
                await self._moved.wait()
        await asyncio.sleep(GATHERED_FOR)
        self._moved.clear()
        arrived, left, self._arrived, self._left = self._arrived, self._left, set(), set()
        here = {page.place for page in list(self.pages.values())} - {None}
        keys = {(place.ticket_id, place.user_id) for place in here if place}
        left = {place for place in left if (place.ticket_id, place.user_id) not in keys}
        everybody = time.monotonic() - self._stayed_at > refreshed_every
        if everybody:
            self._stayed_at = time.monotonic()
        told = [place for place in here if place and (everybody or place in arrived)]
        await self._ask(_write_down, told, left, everybody)

    async def _beat(self) -> None:
        """Nothing passes a proxy's patience."""
        for page in self.pages.values():
            page.put(HEARTBEAT)

    async def _ask(
        self, work: Callable[..., Result], *arguments: object, executor: ThreadPoolExecutor | None = None
    ) -> Result:
        """Run ``work``, which may use the database, in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(executor or self._for_pages, _guarded, work, arguments)


def _guarded(work: Callable[..., Result], arguments: tuple[object, ...]) -> Result:
    """A connection that died while nobody used it is made anew, once. Nothing done here minds being done twice."""
    try:
        return work(*arguments)
    except (OperationalError, InterfaceError):
        connection.close()
        return work(*arguments)


def _write_down(here: Collection[presence.Place], left: Collection[presence.Place], sweeps: bool) -> None:
    now = clock.now()
    presence.leave(left)
    presence.stay(here, now)
    if sweeps:
        presence.sweep(now)
