"""What one open page is told: composed in the same way for a stream and for a page that asks every few seconds."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime

from accounts.models import User
from accounts.permissions import Permission
from itsm.matching import Unmatchable, matches
from live.changes import Changed
from live.looks import Look
from tickets.lifecycle import kind_of
from tickets.models import Ticket
from tickets.queues.listing import Listing
from tickets.queues.queries import VIEWS
from tickets.shared.guests import invited_keys

#: So many lists with filters of their own are asked of the database at one time; the rest are told to look again.
MAX_ASKED = 40

Parts = dict[str, str]


def as_message(parts: Parts) -> str:
    """Parts, which are JSON already, as one JSON object."""
    return "{" + ",".join(f'"{name}":{text}' for name, text in parts.items()) + "}"


class News:
    """Changed tickets of one moment, told to many pages. Remembers what several of them ask."""

    def __init__(self, changed: Collection[Changed], now: datetime) -> None:
        self.changed, self.now = list(changed), now
        self._keys = {item.ticket.pk for item in self.changed}
        self._visible: dict[tuple[int, tuple[str, ...]], tuple[set[int], set[str]]] = {}
        self._rows: dict[tuple[int, Look], str] = {}
        self._asked = 0

    def parts_for(self, user: User, look: Look) -> Parts:
        """Everything about the changed tickets that ``user`` may know and the page shows. Empty: nothing."""
        if not self.changed and not look.have:
            return {}
        if look.portal:
            return {"home": "true"} if self._seen(user, look) else {}
        return {**self._list(user, look), **self._ticket(user, look)}

    def _seen(self, user: User, look: Look) -> list[Changed]:
        """The changed tickets that ``user`` sees."""
        if user.may(Permission.VIEW):
            return self.changed
        keys, _missing = self._limited(user, look)
        return [item for item in self.changed if item.ticket.pk in keys]

    def _limited(self, user: User, look: Look) -> tuple[set[int], set[str]]:
        """For people who do not see every ticket: keys they see among the changed, lines they no longer see."""
        known = (user.pk, look.have)
        if known not in self._visible:
            mine = {
                item.ticket.pk
                for item in self.changed
                if user.organisation_id in (item.ticket.organisation_id, item.ticket.supplier_id)
            }
            if user.is_agent:
                mine |= {item.ticket.pk for item in self.changed} & set(invited_keys(user))
            visible = Ticket.objects.visible_to(user)
            keys = set(visible.filter(pk__in=mine).values_list("pk", flat=True)) if mine else set()
            kept = set(visible.filter(number__in=look.have).values_list("number", flat=True)) if look.have else set()
            self._visible[known] = (keys, set(look.have) - kept)
        return self._visible[known]

    def _list(self, user: User, look: Look) -> Parts:
        if not look.view:
            return {}
        shared = Look(look.language, look.zone, look.view, look.kind, look.filters, have=look.have)
        if (user.pk, shared) not in self._rows:
            self._rows[user.pk, shared] = self._draw(user, look)
        text = self._rows[user.pk, shared]
        if text == "?":
            return {"again": "true"}
        return {"rows": text} if text != "[]" else {}

    def _draw(self, user: User, look: Look) -> str:
        """The lines of the list among the changed tickets, and what is not in it; "?" when that is not known."""
        seen = self._seen(user, look)
        inside = self._inside(user, look, seen)
        if inside is None:
            return "?"
        lines = [
            item.row(look.language, look.zone) if item.ticket.pk in inside else item.gone(look.language)
            for item in seen
        ]
        if not user.may(Permission.VIEW):
            missing = self._limited(user, look)[1]
            lines += [json.dumps({"number": number, "gone": ""}) for number in sorted(missing)]
        return f"[{','.join(lines)}]"

    def _inside(self, user: User, look: Look, seen: Iterable[Changed]) -> set[int] | None:
        """Which of ``seen`` the list contains; None when the view is unknown or too many lists have been asked."""
        view = VIEWS.get(look.view)
        if view is None:
            return None
        seen = [item for item in seen if not look.kind or item.ticket.kind == look.kind]
        if not look.filters:
            condition = view.where(user, self.now)
            try:
                return {item.ticket.pk for item in seen if matches(condition, item.ticket)}
            except Unmatchable:
                pass
        return self._ask(user, look, {item.ticket.pk for item in seen}) if seen else set()

    def _ask(self, user: User, look: Look, keys: set[int]) -> set[int] | None:
        """What the database says: for filters, and conditions that only it can decide. One query."""
        self._asked += 1
        if self._asked > MAX_ASKED:
            return None
        kind = kind_of(look.kind) if look.kind else None
        listing = Listing(look.address, user=user, now=self.now, kind=kind, views=())
        return set(listing.rows.filter(pk__in=keys).values_list("pk", flat=True))

    def _ticket(self, user: User, look: Look) -> Parts:
        item = next((item for item in self.changed if item.ticket.number == look.ticket), None)
        if item is None or item not in self._seen(user, look):
            return {}
        notes = item.notes(look.language, user)
        internal = user.may(Permission.INTERNAL)
        if not notes and not internal:  # what staff note among themselves is no news to customers
            return {}
        return {"ticket": json.dumps({"number": look.ticket, "notes": notes})}
