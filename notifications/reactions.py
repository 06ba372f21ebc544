"""What notices there are and whom they reach. Which action gives which is declared with the action."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from hashlib import blake2b
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from duty.services import reader_keys
from notifications.storing import Known, Telling, give
from notifications.texts import named
from tickets.lifecycle import Action
from tickets.models import Ticket, TimelineEntry

#: P1 and P2 are urgent.
URGENT_RANK = 2
#: The key under which an entry's ``data`` keeps who was mentioned (``{id, zh, en}``; TKT-11).
MENTIONS = "mentions"


@dataclass(frozen=True)
class Happening:
    """An action that was done. ``private``: what was written with it is for staff."""

    ticket: Ticket
    entry: TimelineEntry
    user: User | None
    now: datetime
    private: bool
    known: Known = field(default_factory=Known)

    def people(self, *roles: str) -> list[int]:
        """The keys of those who stand for ``roles``, without doubles."""
        return list(dict.fromkeys(key for role in roles for key in reader_keys(role, self.ticket, self.now)))

    def staff_only(self, people: Iterable[int]) -> list[int]:
        """Those who may read internal notes."""
        return [person.pk for person in self.known.people(people) if person.may(Permission.INTERNAL)]


class Recipients(Enum):
    """Who may be among those whom a notice reaches; what it may say, and whether rooms are told, follows (ORG-03)."""

    #: Customers, too: what was written for staff is left out.
    EVERYBODY = "everybody"
    #: Only those who may read internal notes, and no chat room: they read all that was written.
    STAFF = "staff"
    #: Those to whom it was written, who read it whatever their role: the action chose them, and lets them in.
    ADDRESSED = "addressed"


Choose = Callable[[Happening], Iterable[int]]
Say = Callable[[Happening], Any]


@dataclass(frozen=True)
class Reaction:
    """``event`` for those of ``audience`` whom ``whom`` finds; what stays private hangs on the audience alone.

    ``text``: None says what was written with the action, as far as the audience reads it; a function says something
    else, in which nothing is repeated that the audience does not read. ``about``: the ticket that they are told of;
    ``rooms``: chat rooms and programs are told too, of what everybody is told.
    """

    event: str
    whom: Choose
    audience: Recipients
    text: Say | None = None
    rooms: bool = True
    about: Callable[[Happening], Ticket | None] = lambda happening: happening.ticket

    def to(self, happening: Happening) -> list[int]:
        """The keys of those whom it reaches."""
        people = list(self.whom(happening))
        return happening.staff_only(people) if self.audience is Recipients.STAFF else people

    def says(self, happening: Happening) -> Any:
        """What it says: plain, or by language."""
        if self.text is not None:
            return self.text(happening)
        hidden = happening.private and self.audience is Recipients.EVERYBODY
        return "" if hidden else happening.entry.text

    def tells_rooms(self) -> bool:
        """Whether chat rooms and programs are told."""
        return self.rooms and self.audience is Recipients.EVERYBODY


def _handlers(happening: Happening) -> list[int]:
    """Whoever works on it: the assignee, else the group's duty."""
    return happening.people("assignee")


def _requester(happening: Happening) -> list[int]:
    return happening.people("requester")


def asks_rating(ticket: Ticket) -> bool:
    """Whether the requester is asked how it was: by the customer's rate, unless they have said so themselves (INC-10).

    The same ticket is always asked, or never: its number decides, as good as chance.
    """
    said = ticket.satisfaction_id is not None and not ticket.satisfaction_heard
    if said or ticket.requester_id is None:
        return False
    drawn = int.from_bytes(blake2b(ticket.number.encode(), digest_size=4).digest()) % 100
    return drawn < ticket.organisation.rating_percent


def _asked_how_it_was(happening: Happening) -> list[int]:
    """Who is asked is not told once more that it is closed: stand in front of what says so."""
    return _requester(happening) if asks_rating(happening.ticket) else []


def _main(happening: Happening) -> Ticket | None:
    """The ticket that solves this one too, when it is a duplicate."""
    return happening.ticket.duplicate_of if happening.ticket.duplicate_of_id else None


def _main_handlers(happening: Happening) -> list[int]:
    """Whoever works on the main ticket."""
    main = _main(happening)
    return reader_keys("assignee", main, happening.now) if main else []


def _all_readers(happening: Happening) -> list[int]:
    people = [*happening.people("requester", "watchers", "assignee"), *_main_handlers(happening)]
    return list(dict.fromkeys(people))


def _watching(happening: Happening) -> list[int]:
    return list(dict.fromkeys([*happening.people("watchers", "assignee"), *_main_handlers(happening)]))


def _duplicate_line(happening: Happening) -> str:
    return f"{happening.ticket.number} {happening.ticket.summary}"


def _watchers(happening: Happening) -> list[int]:
    """Watchers; the requester has a notice of their own. What is internal only those who may read it."""
    found = [key for key in happening.people("watchers") if key != happening.ticket.requester_id]
    return found if happening.entry.is_public else happening.staff_only(found)


def _parent_handlers(happening: Happening) -> list[int]:
    parent = happening.ticket.parent
    return reader_keys("assignee", parent, happening.now) if parent else []


def _deciders(happening: Happening) -> list[int]:
    """Who may approve another priority: the group's lead and the incident managers (INC-04)."""
    return happening.people("group_lead", "incident_manager")


def _leads_of_waiting(happening: Happening) -> list[int]:
    """The group's lead, when the ticket waits again: waiting time and again is how a promise vanishes (INC-22)."""
    return happening.people("group_lead") if happening.ticket.wait_count > 1 else []


def _urged(happening: Happening) -> list[int]:
    return happening.people("assignee", "group_duty")


def _solution(happening: Happening) -> str:
    return str(getattr(happening.ticket, "handling", "") or "")


def _task_line(happening: Happening) -> str:
    ticket = happening.ticket
    return f"{ticket.number} {ticket.summary}: {ticket.state_label}"


def _nothing(happening: Happening) -> str:
    return ""


_EVERYBODY, _STAFF = Recipients.EVERYBODY, Recipients.STAFF

#: Name -> what it tells. Actions name what they tell where they are declared (``Action.tells``).
NOTICES: dict[str, Reaction] = {
    "received": Reaction("received", _requester, _EVERYBODY, _nothing),
    "assigned": Reaction("assigned", _handlers, _EVERYBODY),
    "moved": Reaction("moved", _watchers, _EVERYBODY, rooms=False),
    "returned": Reaction("returned", lambda happening: happening.people("group_duty"), _STAFF),
    "replied": Reaction("replied", _all_readers, _EVERYBODY),
    "noted": Reaction("noted", _watching, _STAFF),
    "urged": Reaction("urged", _urged, _EVERYBODY),
    "waiting": Reaction("waiting", _requester, _EVERYBODY),
    "waits_again": Reaction("waits_again", _leads_of_waiting, _STAFF),
    "wait_over": Reaction("wait_over", _handlers, _EVERYBODY, rooms=False),
    "resolved": Reaction("resolved", _requester, _EVERYBODY, _solution),
    "rate_asked": Reaction("rate_asked", _asked_how_it_was, _EVERYBODY, rooms=False),
    "closed": Reaction("closed", _requester, _EVERYBODY),
    "closed_by_time": Reaction("closed_by_time", _requester, _EVERYBODY),
    "withdrawn": Reaction("closed", lambda happening: happening.people("watchers"), _EVERYBODY),
    "duplicate": Reaction("duplicate", _main_handlers, _EVERYBODY, _duplicate_line, rooms=False, about=_main),
    "task_over": Reaction(
        "task_over", _parent_handlers, _EVERYBODY, _task_line, rooms=False, about=lambda done: done.ticket.parent
    ),
    "not_solved": Reaction(
        "not_solved", lambda happening: happening.people("assignee", "incident_manager"), _EVERYBODY
    ),
    "priority_asked": Reaction("priority_asked", _deciders, _STAFF),
}
#: Names of what an action tells through a service, which it calls and which knows whom, as an approval does.
BY_SERVICES: set[str] = set()
#: Only with a group: the desk sees new tickets in its own queue.
_NEEDS_GROUP = frozenset({"assigned"})


def tell(*, ticket: Ticket, entry: TimelineEntry, action: Action, user: User | None, now: datetime) -> None:
    """Store what the action tells people: everybody learns of it once, whatever roles they have in it."""
    private = action.private_text or not entry.is_public
    happening = Happening(ticket, entry, user, now, private)
    reactions = [mentioning(happening)] if entry.data.get(MENTIONS) else []
    reactions += [
        reaction
        for name in ticket.kind_info.told_by(entry.action)
        if name not in BY_SERVICES
        for reaction in (NOTICES[name],)
        if not (reaction.event in _NEEDS_GROUP and ticket.group_id is None)
    ]
    told = {user.pk} if user else set()
    tellings = [telling_of(happening, reaction, told) for reaction in reactions]
    give([telling for telling in tellings if telling], happening.known)


def telling_of(happening: Happening, reaction: Reaction, told: set[int]) -> Telling | None:
    """What those are told whom the same action has not told already; they are added to ``told``."""
    entry, about = happening.entry, reaction.about(happening)
    people = [key for key in reaction.to(happening) if key not in told]
    told |= set(people)
    rooms = reaction.tells_rooms()
    if about is None or not (people or rooms):
        return None
    actor = {"actor": named(happening.user)} if happening.user else {}
    return Telling(
        key=f"{reaction.event}:{about.pk}:{entry.pk}",
        event=reaction.event,
        ticket=about,
        readers=people,
        urgent=about.priority_rank <= URGENT_RANK,
        at=happening.now,
        payload={**actor, "text": reaction.says(happening)},
        rooms=rooms,
        internal=not entry.is_public,
    )


def _mentioned(happening: Happening) -> list[int]:
    """Whom the text mentions: the writer chose them, the form checked that they may read it."""
    keys = [row["id"] for row in happening.entry.data[MENTIONS] if isinstance(row, dict)]
    return list(User.objects.active().filter(username__in=keys).values_list("pk", flat=True))


_MENTIONED = Reaction("mentioned", _mentioned, _EVERYBODY, rooms=False)


def mentioning(happening: Happening) -> Reaction:
    """Who is mentioned is told; in what is written for staff only staff are, and they read it (TKT-11)."""
    return replace(_MENTIONED, audience=_STAFF) if happening.private else _MENTIONED
