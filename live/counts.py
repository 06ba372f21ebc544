"""How many tickets each view has, for everybody at once.

Pages count their own views (``tickets.queries.view_counts``); hundreds of open pages would do that hundreds of times
after every change. Here the live tickets are read once and counted for all of them; a test holds both to the same
figures.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from notifications.queries import unread_counts
from tickets.lifecycle import kinds
from tickets.models import Ticket
from tickets.queries import COUNTED, VIEWS, counts_of, shown_count, view_counts
from tickets.querysets import LIVE

#: Views that mean something else for each person; the others are the same for all who see every ticket.
PERSONAL = ("mine", "unassigned")
#: The same for all, but not among live tickets.
RESTING = ("to_confirm",)
ALL = ""


class Tally:
    """Counts of one moment. Five statements, whoever asks; people who do not see every ticket cost one each."""

    def __init__(self, people: Collection[User], now: datetime) -> None:
        self.now = now
        self.shared: Counter[tuple[str, str]] = Counter()
        self.of_person: Counter[tuple[str, int]] = Counter()
        self.of_group: Counter[tuple[str, int | None]] = Counter()
        self.unread = unread_counts([user.pk for user in people])
        everybody = [user for user in people if user.may(Permission.VIEW)]
        if everybody:
            self._count(everybody)

    def _count(self, people: list[User]) -> None:
        live = Ticket.objects.filter(phase__in=LIVE).order_by()
        codes = [code for code in COUNTED if code not in PERSONAL and code not in RESTING]
        tests = {code: Count("pk", filter=VIEWS[code].where(people[0], self.now)) for code in codes if code != "open"}
        rows: Any = live.values("kind").annotate(open=Count("pk"), **tests)
        for row in rows:
            for code in codes:
                self._add(self.shared, row["kind"], code, row[code])
        self._count_resting(people[0])
        mine = live.filter(assignee_id__in={user.pk for user in people}).values_list("kind", "assignee")
        for kind, person, count in mine.annotate(count=Count("pk")):
            self._add(self.of_person, kind, person, count)
        waiting = live.filter(assignee=None).values_list("kind", "group")
        for kind, group, count in waiting.annotate(count=Count("pk")):
            self._add(self.of_group, kind, group, count)

    def _count_resting(self, anybody: User) -> None:
        for code in RESTING:
            found = Ticket.objects.filter(VIEWS[code].where(anybody, self.now)).order_by()
            for kind, count in found.values_list("kind").annotate(count=Count("pk")):
                self._add(self.shared, kind, code, count)

    @staticmethod
    def _add(counter: Counter, kind: str, key: object, count: int) -> None:
        counter[kind, key] += count
        counter[ALL, key] += count

    def views(self, user: User, kind: str = ALL) -> dict[str, int]:
        """What ``view_counts`` says, without its cap."""
        if not user.may(Permission.VIEW):
            return view_counts(user, self.now, kind or None)
        own = {"mine": self.of_person[kind, user.pk], "unassigned": self._unassigned(user, kind)}
        return {code: own[code] if code in own else self.shared[kind, code] for code in COUNTED}

    def _unassigned(self, user: User, kind: str) -> int:
        groups: set[int | None] = {*user.group_ids}
        if user.may(Permission.DISPATCH):
            groups.add(None)
        return sum(self.of_group[kind, group] for group in groups)

    def navigation(self, user: User) -> dict[str, int]:
        """What ``tickets.context.navigation`` counts, by the address of the entry."""
        if user.may(Permission.VIEW):
            found = {
                "mine": self.of_person[ALL, user.pk],
                **{kind.code: self.shared[kind.code, "open"] for kind in kinds()},
            }
        else:
            visible = Ticket.objects.visible_to(user).live()
            found = counts_of(
                {"mine": visible.filter(assignee=user.pk), **{k.code: visible.filter(kind=k.code) for k in kinds()}}
            )
        lists = {reverse("tickets:list", args=[kind.slug]): found[kind.code] for kind in kinds()}
        return {reverse("tickets:queue"): found["mine"], **lists}

    def as_json(self, user: User, kind: str) -> str:
        """Shown counts by view, and of the navigation by address."""
        links = {**self.navigation(user), reverse("notifications:list"): self.unread.get(user.pk, 0)}
        return json.dumps(
            {
                "views": {code: shown_count(count) for code, count in self.views(user, kind).items()},
                "links": {url: shown_count(count) if count else "" for url, count in links.items()},
            }
        )
