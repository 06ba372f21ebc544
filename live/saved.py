"""Counts of saved views, for those who have a page open: some in each round, so that a round stays short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from accounts.models import User
from live.counts import ALL
from tickets.lifecycle import kind_of
from tickets.models import SavedView
from tickets.querysets import TicketQuerySet
from tickets.queues.listing import rows_of_saved
from tickets.queues.queries import counts_of

READ_EVERY = timedelta(seconds=30)
#: Of more views than this each waits some rounds for its turn.
COUNTED_AT_ONCE = 40
MOST_VIEWS = 1_000

#: Key of a person, kind of their list, key of a view.
Wanted = tuple[int, str, int]


class SavedCounts:
    """Remembers the last count of each view for each person who looks."""

    def __init__(self) -> None:
        self.counts: dict[Wanted, int] = {}
        self._views: list[SavedView] = []
        self._read_at: datetime | None = None
        self._turn = 0

    def refresh(self, pages: Iterable[tuple[User, str]], now: datetime) -> None:
        """Count the next views of those who look, given with the kind of their list. One or two statements."""
        if self._read_at is None or now - self._read_at > READ_EVERY:
            self._views, self._read_at = list(SavedView.objects.select_related("group")[:MOST_VIEWS]), now
        wanted = {
            (user.pk, kind, view.pk): (view, user)
            for user, kind in pages
            for view in self._views
            if is_for(view, user) and (kind == ALL or view.kind in (ALL, kind))
        }
        self.counts = {key: count for key, count in self.counts.items() if key in wanted}
        keys = sorted(wanted)
        begin = self._turn % len(keys) if keys else 0
        turn = [*keys[begin:], *keys[:begin]][:COUNTED_AT_ONCE]
        self._turn = begin + len(turn)
        if turn:
            found = counts_of({str(key): _rows(*wanted[key], key[1], now) for key in turn})
            self.counts |= {key: found[str(key)] for key in turn}

    def of(self, user: User, kind: str) -> Mapping[str, int]:
        """What is known for a page of ``user`` with a list of ``kind``, by the code of its tab."""
        return {
            f"saved-{view}": count
            for (person, asked, view), count in self.counts.items()
            if person == user.pk and asked == kind
        }


def is_for(view: SavedView, user: User) -> bool:
    """Whether ``user`` has the view among their tabs, as ``SavedViewQuerySet.visible_to`` decides it."""
    led = view.group is not None and view.group.lead_id == user.pk
    return view.owner_id == user.pk or view.everyone or view.group_id in user.group_ids or led


def _rows(view: SavedView, user: User, kind: str, now: datetime) -> TicketQuerySet:
    return rows_of_saved(view, user, now, kind_of(kind) if kind else None)
