"""What is asked about tickets and waits for a decision: an app above says so when it starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accounts.models import User
    from tickets.models import Ticket


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question about a ticket. ``what`` is asked ``by`` whom, in which ``words``; ``mine``: it waits for the
    reader, who decides at ``url``."""

    what: str
    by: User | None
    words: str
    text: str
    url: str
    mine: bool


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who is asked: ``keys`` of the tickets that wait for a person, as a query; ``about`` tickets: what, by key."""

    keys: Callable[[User], Any]
    about: Callable[[Iterable[Ticket], User], dict[int, list[Asked]]]


_asking: list[Asking] = []


def register_asking(asking: Asking) -> None:
    """Let pages show what ``asking`` knows."""
    _asking[:] = [asking]


def waiting_keys(user: User) -> Any:
    """Keys of the tickets about which ``user`` is asked, for a condition; nothing where nobody asks."""
    return _asking[0].keys(user) if _asking else []


def asked_about(tickets: Iterable[Ticket], user: User) -> dict[int, list[Asked]]:
    """What is asked about ``tickets``, by key. No query when no round about them is open."""
    open_ones = [ticket for ticket in tickets if ticket.rounds_open]
    return _asking[0].about(open_ones, user) if _asking and open_ones else {}
