"""One round: what changed since the last one, and what each open page is told of it."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from accounts.models import User
from accounts.permissions import Permission
from live.changes import SETTLED_AFTER, Changed, changed_since, crossed, load
from live.counts import OwnCounts, Tally
from live.looks import Look
from live.news import News, Parts, as_message
from live.presence import Crowd, crowd, presence_json, shows_presence
from live.saved import SavedCounts
from live.wire import Heard
from tickets import clock

if TYPE_CHECKING:
    from live.hub import Page

#: Who is where is read anew at least this often: a process that died says no goodbye.
CROWD_EVERY = timedelta(seconds=10)
COUNTS_EVERY = timedelta(seconds=60)
FRESH_FOR = timedelta(seconds=3)
#: A page that opens, or shows another list, is told what changed while its list was on the way.
MISSED_FOR = timedelta(seconds=10)
#: Longer than entries are read again (``SETTLED_AFTER``), so that nothing is drawn and told twice.
REMEMBERED_FOR = SETTLED_AFTER + timedelta(seconds=10)


@dataclass
class Round:
    """Messages by page, and the counts in them, so that the same are not sent again. ``cost``: seconds of CPU."""

    messages: dict[str, bytes] = field(default_factory=dict)
    counts: dict[str, str] = field(default_factory=dict)
    cost: float = 0.0


class Rounds:
    """What rounds remember from one to the next. ``tell`` runs in one thread, the rest in another."""

    def __init__(self, *, serves_many: bool = True) -> None:
        self.serves_many = serves_many
        self.cursor: int | None = None
        self.present: Crowd = {}
        self._looked_at: datetime | None = None
        self._crowd_at: datetime | None = None
        self._counted: Tally | None = None
        self._saved = SavedCounts()
        self._memory: dict[int, Changed] = {}

    def tell(self, heard: Heard, pages: Sequence[Page]) -> Round:
        """The messages of this round. Without open pages next to nothing is asked."""
        began, now = time.thread_time(), clock.now()
        changed, everything = self._changed(heard, pages, now)
        numbers = self._who_moved(heard, now) if pages else set()
        news, tally = News(changed, now), self._tally(pages, now, news=bool(changed) or everything)
        found, known = Round(), dict[tuple[int, str], str]()
        for page in pages:
            parts = self._parts(page, news, numbers, everything)
            if tally is not None:
                who = (page.user.pk, page.look.kind)
                if who not in known:
                    known[who] = self._counts(tally, page.user, page.look)
                if known[who] != page.counts:
                    parts["counts"] = found.counts[page.key] = known[who]
            if parts:
                message = as_message({"cursor": str(self.cursor or 0), **parts})
                found.messages[page.key] = f"data: {message}\n\n".encode()
        found.cost = time.thread_time() - began
        return found

    def _changed(self, heard: Heard, pages: Sequence[Page], now: datetime) -> tuple[list[Changed], bool]:
        """The changed tickets; and whether there are too many to name them."""
        began, self._looked_at = self._looked_at or now, now
        keys, everything = set(heard.tickets), False
        if heard.tickets or heard.many or self.cursor is None:
            since = changed_since(self.cursor, now)
            self.cursor, everything = since.cursor, since.tickets is None
            told = set() if heard.many else set(self._memory) - heard.tickets
            keys |= (since.tickets or set()) - told
        if not pages:
            return [], False
        keys |= crossed(began, now)
        watched = {page.look.ticket for page in pages}
        changed = load(keys, now, watched=watched, after=self.cursor or 0)
        fresh = {pk: item for pk, item in self._memory.items() if item.now > now - REMEMBERED_FOR}
        self._memory = fresh | {item.ticket.pk: item for item in changed}
        return changed, everything

    def _who_moved(self, heard: Heard, now: datetime) -> set[str]:
        """Numbers of tickets at which others are than in the round before."""
        if not heard.presence and not heard.many and self._crowd_at and now - self._crowd_at < CROWD_EVERY:
            return set()
        before, self.present, self._crowd_at = self.present, crowd(now), now
        return {number for number in {*before, *self.present} if before.get(number) != self.present.get(number)}

    def _tally(self, pages: Sequence[Page], now: datetime, *, news: bool) -> Tally | None:
        due = self._counted is None or now - self._counted.now > COUNTS_EVERY
        agents = {(page.user.pk, page.look.kind): page.user for page in pages if page.user.is_agent}
        if not agents or not (news or due):
            return None
        self._counted = Tally(now)
        self._saved.refresh([(user, kind) for (_key, kind), user in agents.items()], now)
        return self._counted

    def _parts(self, page: Page, news: News, numbers: Collection[str], everything: bool) -> Parts:
        parts = news.parts_for(page.user, page.look)
        if everything:
            parts["again"] = "true"
        if numbers:
            parts |= self._presence(page.user, page.look, numbers, news.now)
        return parts

    def _presence(self, user: User, look: Look, numbers: Collection[str], now: datetime) -> Parts:
        if not shows_presence(user):
            return {}
        if user.may(Permission.VIEW):
            return {"presence": presence_json(self.present, numbers, look.language)}
        return everybody(user, look, crowd(now, user))

    # --- Pages that open or turn ------------------------------------------------------------------------------------

    def first(self, user: User, look: Look, cursor: int | None, hello: Parts) -> tuple[str, str]:
        """The first message of a page, and the counts in it. ``cursor``: of its last message, when it had one."""
        now = clock.now()
        since = changed_since(cursor, now)
        keys, known = since.tickets or set(), self._memory
        changed = [known[key] for key in keys if key in known]
        changed += load(keys - set(known), now, watched={look.ticket}, after=cursor or since.cursor)
        limited = user.is_agent and not user.may(Permission.VIEW)
        parts = {
            **hello,
            "limited": json.dumps(limited),
            "cursor": str(since.cursor),
            **News(changed, now).parts_for(user, look),
        }
        if since.tickets is None:
            parts["again"] = "true"
        counts = self._counts(self._recent(now), user, look)
        if counts:
            parts["counts"] = counts
        if shows_presence(user):
            parts |= everybody(user, look, self._present_for(user, now))
        return as_message(parts), counts

    def turned(self, user: User, look: Look, counted: str) -> tuple[str, str]:
        """What a page missed while its new list or ticket was on the way; usually nothing, without any query."""
        now = clock.now()
        news = News([item for item in self._memory.values() if item.now > now - MISSED_FOR], now)
        parts = news.parts_for(user, look)
        counts = counted or self._counts(self._recent(now), user, look)
        if counts != counted:
            parts["counts"] = counts
        return (as_message(parts) if parts else ""), counts

    def _recent(self, now: datetime) -> OwnCounts:
        """The last count for everybody while it is fresh: many pages may open at once."""
        if not self.serves_many:
            return OwnCounts(now)
        if self._counted is None or now - self._counted.now > FRESH_FOR:
            self._counted = Tally(now)
        return self._counted

    def _present_for(self, user: User, now: datetime) -> Crowd:
        fresh = self._crowd_at is not None and now - self._crowd_at < CROWD_EVERY + FRESH_FOR
        return self.present if fresh and user.may(Permission.VIEW) else crowd(now, user)

    def _counts(self, counts: OwnCounts, user: User, look: Look) -> str:
        return counts.as_json(user, look.kind, self._saved.of(user, look.kind)) if user.is_agent else ""


def everybody(user: User, look: Look, present: Crowd) -> Parts:
    """All who are anywhere, in place of what the page knew."""
    return {"present": presence_json(present, present, look.language)} if shows_presence(user) else {}
