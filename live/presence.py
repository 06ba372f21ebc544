"""Who looks at which ticket: kept in a small table, so that every process tells the same (TKT-07)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from accounts.models import User
from accounts.permissions import Permission
from live.models import Presence
from live.wire import tell
from tickets.models import Ticket

#: Refreshed three times before it is no longer believed.
REFRESHED_EVERY = timedelta(seconds=12)
GONE_AFTER = timedelta(seconds=40)
#: Somebody still writes this long after the last key.
WRITES_FOR = timedelta(seconds=25)


@dataclass(frozen=True, order=True)
class Place:
    """A person at a ticket, by their keys; ``writes``: typed something on it lately."""

    ticket_id: int
    user_id: int
    writes: bool = False


@dataclass(frozen=True)
class Person:
    """Somebody at a ticket, as pages show them; names by language."""

    key: int
    username: str
    names: tuple[str, str]
    writes: bool


#: Number of a ticket: who is there, in the order of their keys.
Crowd = dict[str, tuple[Person, ...]]


def shows_presence(user: User) -> bool:
    """Whether others see where ``user`` is, and ``user`` sees others: those who work on tickets."""
    return user.is_agent and user.may(Permission.INTERNAL)


def stay(places: Iterable[Place], now: datetime) -> None:
    """Remember that the people are there; tells every process when that is news. Three statements at most."""
    wanted = {(place.ticket_id, place.user_id): place for place in sorted(places)}
    if not wanted:
        return
    known = {(place.ticket_id, place.user_id): place.writes for place in _known(now, {key[0] for key in wanted})}
    rows = [
        Presence(ticket_id=ticket, user_id=user, seen_at=now, editing_at=now if place.writes else None)
        for (ticket, user), place in wanted.items()
    ]
    Presence.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "ticket"], update_fields=["seen_at", "editing_at"]
    )
    if any(known.get(key) != place.writes for key, place in wanted.items()):
        tell("presence")


def leave(places: Iterable[Place]) -> None:
    """Forget that the people are there, and tell every process."""
    gone = Q()
    for place in set(places):
        gone |= Q(ticket_id=place.ticket_id, user_id=place.user_id)
    if gone.children and Presence.objects.filter(gone).delete()[0]:
        tell("presence")


def sweep(now: datetime) -> None:
    """Remove what nobody believes any more."""
    Presence.objects.filter(seen_at__lt=now - 3 * GONE_AFTER).delete()


def crowd(now: datetime, user: User | None = None) -> Crowd:
    """Everybody who is at some ticket, by number; only at tickets that ``user`` sees when one is given."""
    found = Presence.objects.filter(seen_at__gt=now - GONE_AFTER)
    if user is not None and not user.may(Permission.VIEW):
        found = found.filter(ticket__in=Ticket.objects.visible_to(user))
    columns = ("ticket__number", "user", "user__username", "user__full_name", "user__full_name_en", "editing_at")
    people: defaultdict[str, list[Person]] = defaultdict(list)
    for number, key, username, name, latin, editing_at in found.order_by("user").values_list(*columns):
        writes = editing_at is not None and editing_at > now - WRITES_FOR
        people[number].append(Person(key, username, (name or username, latin or name or username), writes))
    return {number: tuple(there) for number, there in people.items()}


def shown(there: Iterable[Person], language: str) -> list[dict[str, Any]]:
    """People as the page's script takes them: key, name, initials, whether they write."""
    return [
        {"u": person.key, "n": name, "i": initials(name), "w": person.writes}
        for person in there
        for name in [person.names[0 if language.startswith("zh") else 1]]
    ]


def presence_json(present: Crowd, numbers: Iterable[str], language: str) -> str:
    """Who is at each of ``numbers``; nobody, where nobody is left."""
    return json.dumps({number: shown(present.get(number, ()), language) for number in numbers})


def initials(name: str) -> str:
    """One or two characters that stand for ``name``, as ``User.initials`` makes them."""
    words = name.split()
    return "".join(word[0] for word in words[:2]).upper() if len(words) > 1 else name[:1]


def _known(now: datetime, tickets: Collection[int]) -> list[Place]:
    rows = Presence.objects.filter(ticket_id__in=tickets, seen_at__gt=now - GONE_AFTER)
    return [Place(row.ticket_id, row.user_id, row.editing_at is not None) for row in rows]
