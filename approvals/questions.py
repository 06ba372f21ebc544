"""What can be asked about a kind of ticket: declared by the kind, so that this app knows no kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from datetime import datetime

    from django.utils.functional import Promise

    from accounts.models import User

Line = dict[str, Any]
Choices = Iterable[tuple[str, Any]]


def nobody(ticket: Any) -> Iterable[User]:
    """Nobody else is kept from deciding."""
    return ()


def nothing(ticket: Any) -> list[Line]:
    """The columns say it all."""
    return []


def none(ticket: Any) -> Iterable[str]:
    """No action of substance but those that change its columns."""
    return ()


def no_choices() -> Choices:
    """Its tickets have none."""
    return ()


@dataclass(frozen=True)
class Concern:
    """Something that stands against it now, beside what is asked: shown to whoever decides, in their language."""

    key: str
    tone: str
    label: str | Promise
    text: str


def unconcerned(ticket: Any, user: User, now: datetime) -> list[Concern]:
    """Nothing stands against it."""
    return []


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question about tickets of ``kind``.

    ``fields``: columns of substance; ``also``: further lines {name, zh, en, value} of substance; ``actions``: names of
    the actions on a ticket that change those lines, whose author edited it; ``implementers``: who carries it out, and
    is kept from deciding besides requester and last editor; ``grade``, ``risk``: what chooses the policy, and
    ``grades``, ``risks``: what these can be, as choices; ``binds``: whether edits of the ticket as it stands still let
    approvals fall; ``ended``: called with (round, user, now) when it is approved, refused or returned, in the
    transaction; ``fell``: the same when an approved or open round falls.

    ``usual``: steps where no policy says otherwise, as ``policies.as_steps`` has them, for a ticket. ``proposal``:
    what is asked is what the asker proposes, handed to ``ask``, not the ticket as it stands: no edit lets it fall,
    only the asker is kept away, and the kind's own actions log and tell that it was asked. ``keeps_requester_away``:
    whether the ticket's requester may not decide; no where tickets are raised by those who manage them.
    ``keeps_asked``: whoever was asked goes on reading the ticket while the approval stands, also when others decided;
    without it only those who decided do. ``urgent``: whether those who are asked are told at once, by every channel,
    whatever the hour; tickets of high priority are so anyhow. ``concerns``: what stands against it at a moment, for a
    reader: not of substance, for it comes and goes without an edit. ``decided``: called with (round, decision, seen)
    after each decision, in its transaction; ``seen``: keys of the concerns that were read; it may refuse.
    """

    kind: str
    purpose: str
    label: str | Promise
    fields: tuple[str, ...]
    also: Callable[[Any], list[Line]] = nothing
    actions: Callable[[Any], Iterable[str]] = none
    askers: Callable[[Any], Iterable[User]] = nobody
    implementers: Callable[[Any], Iterable[User]] = nobody
    grade: Callable[[Any], str] = lambda ticket: ""
    risk: Callable[[Any], str] = lambda ticket: ""
    grades: Callable[[], Choices] = no_choices
    risks: Callable[[], Choices] = no_choices
    binds: Callable[[Any], bool] = lambda ticket: True
    ended: Callable[..., None] | None = None
    fell: Callable[..., None] | None = None
    usual: Callable[[Any], list[dict[str, Any]]] = nothing
    proposal: bool = False
    keeps_requester_away: bool = True
    keeps_asked: bool = False
    urgent: Callable[[Any], bool] = lambda ticket: False
    concerns: Callable[[Any, User, datetime], list[Concern]] = unconcerned
    decided: Callable[..., None] | None = None


_questions: dict[tuple[str, str], Question] = {}


def register_question(question: Question) -> None:
    """Make ``question`` known; a later one for the same kind and purpose takes its place."""
    _questions[question.kind, question.purpose] = question


def question_of(kind: str, purpose: str) -> Question:
    """The question. Raises KeyError when no kind declares it."""
    return _questions[kind, purpose]


def questions_of(kind: str) -> Iterator[Question]:
    """Every question about tickets of ``kind``."""
    return (question for (code, _purpose), question in _questions.items() if code == kind)


def every_question() -> Iterable[Question]:
    """All of them, for the administration's choices."""
    return _questions.values()


def label_of(kind: str, purpose: str) -> str:
    """What is asked, for people."""
    found = _questions.get((kind, purpose))
    return str(found.label) if found else _("Approval")
