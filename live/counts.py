"""How many tickets each view has: for one page, and for everybody at once.

Pages count their own views (``tickets.queues.queries.view_counts``); hundreds of open pages would do that
hundreds of times after every change. A ``Tally`` reads the live tickets once and counts for all of them; a test holds
both to the same figures.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import cache, reduce
from operator import or_
from typing import Any

from django.db.models import Count
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from notifications.queries import unread_counts
from tickets.lifecycle import kinds
from tickets.models import Ticket
from tickets.querysets import LIVE
from tickets.queues.queries import COUNTED, VIEWS, counts_of, shown_count, view_counts
from tickets.workspace.context import waiting_entries

#: Views that mean something else for each person; the others are the same for all who see every ticket.
PERSONAL = ("mine", "unassigned")
#: The same for all, but not among live tickets alone.
RESTING = ("to_confirm", "follow_up")
ALL = ""


class OwnCounts:
    """Counts of one person, as their pages make them."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def views(self, user: User, kind: str = ALL) -> dict[str, int]:
        """Tickets of each counted view, of one kind or all."""
        return view_counts(user, self.now, kind or None)

    def navigation(self, user: User) -> dict[str, int]:
        """What ``tickets.workspace.context.navigation`` counts, by the address of the entry."""
        live = Ticket.objects.visible_to(user).live()
        found = counts_of(
            {
                "mine": live.filter(assignee=user.pk),
                **{k.code: live.filter(kind=k.code) for k in kinds()},
                **{entry.code: entry.found(user) for entry in waiting_entries()},
            }
        )
        return _by_address(found)

    def unread(self, user: User) -> int:
        """Notices this person has not read."""
        return unread_counts([user.pk]).get(user.pk, 0)

    def as_json(self, user: User, kind: str, saved: Mapping[str, int] | None = None) -> str:
        """Shown counts by view, those of ``saved`` views among them, and of the navigation by address."""
        views = {**self.views(user, kind), **(saved or {})}
        links = {**self.navigation(user), reverse("notifications:list"): self.unread(user)}
        return json.dumps(
            {
                "views": {code: shown_count(count) for code, count in views.items()},
                "links": {url: shown_count(count) if count else "" for url, count in links.items()},
            }
        )


class Tally(OwnCounts):
    """Counts of one moment for everybody: seven statements. Who does not see every ticket is counted alone."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.shared: Counter[tuple[str, str]] = Counter()
        self.of_person: Counter[tuple[str, int]] = Counter()
        self.of_group: Counter[tuple[str, int | None]] = Counter()
        self.unread_of = unread_counts()
        self.waiting = {entry.code: Counter(entry.of_all()) for entry in waiting_entries()}
        live = Ticket.objects.filter(phase__in=LIVE).order_by()
        self._count_shared(live)
        for kind, person, count in live.values_list("kind", "assignee").annotate(count=Count("pk")):
            _add(self.of_person, kind, person, count)
        for kind, group, count in live.filter(assignee=None).values_list("kind", "group").annotate(count=Count("pk")):
            _add(self.of_group, kind, group, count)

    def _count_shared(self, live: Any) -> None:
        """Conditions of shared views are the same for any person, so nobody is asked."""
        codes = [code for code in COUNTED if code not in (*PERSONAL, *RESTING, "open")]
        tests: dict[str, Any] = {code: Count("pk", filter=VIEWS[code].where(User(), self.now)) for code in codes}
        for row in live.values("kind").annotate(open=Count("pk"), **tests):
            for code in (*codes, "open"):
                _add(self.shared, row["kind"], code, row[code])
        resting = {code: VIEWS[code].where(User(), self.now) for code in RESTING}
        found: Any = Ticket.objects.filter(reduce(or_, resting.values())).order_by()
        asked: dict[str, Any] = {code: Count("pk", filter=where) for code, where in resting.items()}
        for row in found.values("kind").annotate(rows=Count("pk"), **asked):
            for code in RESTING:
                _add(self.shared, row["kind"], code, row[code])

    def unread(self, user: User) -> int:
        """As of one person, from what was counted."""
        return self.unread_of.get(user.pk, 0)

    def views(self, user: User, kind: str = ALL) -> dict[str, int]:
        """What ``view_counts`` says, without its cap."""
        if not user.may(Permission.VIEW):
            return super().views(user, kind)
        own = {"mine": self.of_person[kind, user.pk], "unassigned": self._unassigned(user, kind)}
        return {code: own[code] if code in own else self.shared[kind, code] for code in COUNTED}

    def _unassigned(self, user: User, kind: str) -> int:
        groups: set[int | None] = {*user.group_ids}
        if user.may(Permission.DISPATCH):
            groups.add(None)
        return sum(self.of_group[kind, group] for group in groups)

    def navigation(self, user: User) -> dict[str, int]:
        """As of one person, from what was counted."""
        if not user.may(Permission.VIEW):
            return super().navigation(user)
        live = {kind.code: self.shared[kind.code, "open"] for kind in kinds()}
        waiting = {entry.code: self.waiting[entry.code][user.pk] for entry in waiting_entries()}
        return _by_address({"mine": self.of_person[ALL, user.pk], **live, **waiting})


def _add(counter: Counter[Any], kind: str, key: Any, count: int) -> None:
    counter[kind, key] += count
    counter[ALL, key] += count


def _by_address(found: Mapping[str, int]) -> dict[str, int]:
    return {address: found[code] for code, address in _addresses().items()}


@cache
def _addresses() -> dict[str, str]:
    """Where the entries of the navigation lead, by what they count."""
    return {
        "mine": reverse("tickets:queue"),
        **{k.code: reverse("tickets:list", args=[k.slug]) for k in kinds()},
        **{entry.code: reverse(entry.url_name) for entry in waiting_entries()},
    }
