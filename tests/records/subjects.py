"""A record of each family in each state, who may take its steps and who may not, and what its steps are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from accounts.models import User
from records.actions import perform
from records.models import Record
from tests.factories import MONDAY, World
from tests.second_family.models import Loan


@dataclass(frozen=True)
class Subject:
    """``path``: the steps that lead to each state; ``data``: what a step is given; who ``may``, and who may not."""

    make: Callable[[World], Record]
    path: dict[str, tuple[str, ...]]
    data: Callable[[World], dict[str, dict[str, Any]]]
    may: str
    may_not: str


def _announcement(world: World) -> Record:
    from announcements.models import Announcement  # by its family alone: the test names no family by hand

    return Announcement()


_WRITTEN = {
    "kind": "planned",
    "text_zh": "升级",
    "shown_from": "2026-11-22T08:00",
    "shown_until": "2036-11-24T23:30",
}
SUBJECTS = {
    "announcement": Subject(
        make=_announcement,
        path={
            "draft": ("write",),
            "published": ("write", "publish"),
            "ended": ("write", "publish", "end"),
            "discarded": ("write", "discard"),
        },
        data=lambda world: {"write": _WRITTEN, "edit": _WRITTEN | {"text_en": "Upgrade"}},
        may="manager",
        may_not="engineer",
    ),
    "loan": Subject(
        make=lambda world: Loan(),
        path={"lent": ("lend",), "back": ("lend", "give_back"), "lost": ("lend", "lose")},
        data=lambda world: {
            "lend": {"device": "cable tester", "borrower": world.engineer.pk},
            "give_back": {"shape": "good"},
        },
        may="engineer",
        may_not="requester",
    ),
}


def record_in(code: str, state: str, world: World) -> Record:
    """A record of the family in ``state``."""
    subject, record = SUBJECTS[code], SUBJECTS[code].make(world)
    for number, name in enumerate(subject.path[state]):
        record = take(code, record, name, world, minutes=number)
    return record


def take(code: str, record: Record, name: str, world: World, *, minutes: int = 10, user: User | None = None) -> Any:
    """``record`` after the step, taken by whoever may."""
    subject = SUBJECTS[code]
    entry = perform(
        record,
        name,
        user=user or world.people[subject.may],
        now=MONDAY + timedelta(minutes=minutes),
        data=subject.data(world).get(name),
    )
    return entry.record  # type: ignore[attr-defined]  # each family's own log
