"""What waits for the board, and how a meeting stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.models import User
from approvals.decisions.deciding import may_decide
from approvals.models import ApprovalRound, Ask, Outcome, Step
from approvals.queries import Shown, concerns_of, full, show_all
from approvals.questions import Concern
from changes.approving import PURPOSE
from changes.cab.models import AgendaItem, Meeting
from changes.cab.rules import MEMBER, may_read
from changes.codes import MAJOR
from changes.models import Change

RISKS = {"high": 0, "medium": 1, "low": 2, "": 3}


@dataclass(frozen=True)
class Waiting:
    """A change that waits for the board, or will when the steps before are decided (``later``)."""

    round: ApprovalRound
    change: Change
    later: bool


@dataclass(frozen=True)
class Point:
    """A point of the agenda for a reader. ``votes``: whether they may decide it; ``concerns``: against it now."""

    item: AgendaItem
    change: Change
    shown: Shown
    votes: bool
    concerns: list[Concern]


def find_meeting(user: User, pk: int) -> Meeting:
    """The meeting. Raises PermissionDenied for those who read none, Http404."""
    if not may_read(user):
        raise PermissionDenied
    meeting = Meeting.objects.select_related("made_by").filter(pk=pk).first()
    if meeting is None:
        raise Http404
    return meeting


def what_waits() -> list[Waiting]:
    """Changes whose open round is with the board, or comes to it: those that wait now first, major before others,
    by risk, then by window. Three queries."""
    rounds = ApprovalRound.objects.filter(outcome=Outcome.OPEN, purpose=PURPOSE, ticket__kind="change")
    open_steps = Step.objects.filter(outcome=Outcome.OPEN)
    asked = Ask.objects.filter(waits=True, slot__step__in=open_steps, person__roles=MEMBER)
    now_with = set(asked.filter(round__in=rounds).values_list("round_id", flat=True))
    found = [made for made in rounds if made.pk in now_with or _names_board(made)]
    changes = _changes_of(made.ticket_id for made in found)
    rows = [Waiting(made, changes[made.ticket_id], made.pk not in now_with) for made in found]
    return sorted(rows, key=_pressing)


def _names_board(made: ApprovalRound) -> bool:
    """Whether a step of its policy names members of the board."""
    return any(who.get("role") == MEMBER for step in made.policy["steps"] for who in step["deciders"])


def _changes_of(keys: Iterable[int]) -> dict[int, Change]:
    found = Change.objects.filter(pk__in=list(keys)).select_related("change_type", "group", "assignee", "requester")
    return {change.pk: change for change in found}


def _pressing(row: Waiting) -> tuple[Any, ...]:
    start = row.change.planned_start
    major = row.change.change_type_id == MAJOR
    return row.later, not major, RISKS.get(row.change.risk, 3), start is None, start, row.change.pk


def points_of(meeting: Meeting, user: User, now: datetime) -> list[Point]:
    """The agenda as ``user`` sees it, in order: points of changes that they do not see are left out."""
    items = {item.round_id: item for item in meeting.agenda.all()}
    seen = ApprovalRound.objects.visible_to(user).filter(pk__in=items)
    rounds = sorted(full(seen), key=lambda made: (items[made.pk].position, items[made.pk].pk))
    changes = _changes_of(made.ticket_id for made in rounds)
    return [
        Point(
            item=items[shown.round.pk],
            change=changes[shown.round.ticket_id],
            shown=shown,
            votes=not meeting.is_over and may_decide(shown.round, user, now),
            concerns=[] if meeting.is_over else concerns_of(shown.round, user, now),
        )
        for shown in show_all(rounds, now)
    ]


def not_yet_on(meeting: Meeting) -> list[Waiting]:
    """What waits for the board and is not on the agenda."""
    known = set(meeting.agenda.values_list("round_id", flat=True))
    return [row for row in what_waits() if row.round.pk not in known]


def asked_in(meeting: Meeting) -> list[int]:
    """Keys of whoever takes part: staff who are asked in its rounds now, and the members of the board.

    A customer who is asked decides by the mail and the page of their own round; only staff take part.
    """
    asked = Ask.objects.filter(round__in=meeting.agenda.values("round"), waits=True).values_list(
        "person_id", flat=True
    )
    members = User.objects.filter(roles__code=MEMBER, roles__active=True).values_list("pk", flat=True)
    return who_read([*asked, *members])


def who_read(keys: Iterable[int]) -> list[int]:
    """Those of ``keys`` who read meetings of the board, sorted."""
    people = User.objects.with_access().filter(pk__in=set(keys), is_active=True)
    return sorted(person.pk for person in people if may_read(person))
