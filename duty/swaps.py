"""Swaps of duty: proposed by one, accepted by the other, or made by the lead; both are told (ORG-05)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from duty.models import Override, Roster, SwapProposal
from duty.moves import telling
from duty.rules import may_keep_roster
from duty.services import spans_at, swap_turns
from duty.signals import swap_moved

State = SwapProposal.State
#: Answer -> (state, who may give it).
ANSWERS: dict[str, tuple[str, str]] = {
    "accept": (State.ACCEPTED, "other"),
    "decline": (State.DECLINED, "other"),
    "cancel": (State.WITHDRAWN, "proposer"),
}


def open_proposals(roster: Roster, now: datetime) -> list[SwapProposal]:
    """Proposals that still can be answered. One query."""
    found = roster.proposals.filter(state=State.OPEN, first__gt=now, second__gt=now)
    return list(found.select_related("proposer", "other"))


def open_proposals_of(user: User, now: datetime) -> list[SwapProposal]:
    """Proposals by ``user`` or to them that still can be answered. One query."""
    waiting = SwapProposal.objects.filter(state=State.OPEN, first__gt=now, second__gt=now)
    found = waiting.filter(Q(proposer=user) | Q(other=user))
    return list(found.select_related("roster", "proposer", "other"))


@transaction.atomic
def end_proposals_of(user: User, *, by: User, now: datetime) -> list[SwapProposal]:
    """Withdraw what ``user``, who left, proposed, and decline what they were asked; the other side is told."""
    ended = open_proposals_of(user, now)
    for row in ended:
        row.state = State.WITHDRAWN if row.proposer_id == user.pk else State.DECLINED
        row.answered_at = now
        row.save(update_fields=["state", "answered_at"])
        _tell(row, row.state, [one for one in (row.proposer, row.other) if one != user], by, now)
    return ended


@transaction.atomic
def propose_swap(
    *, roster: Roster, by: User, first: datetime, second: datetime, now: datetime, note: str = ""
) -> SwapProposal:
    """Ask the person whose turn begins at ``second`` to swap it for the own turn at ``first``; they are told.

    Raises ValidationError for turns that began, that are not the own or nobody else's, or that are asked already.
    """
    one, other = _people_at(roster, first, second)
    if min(first, second) <= now or one != by or other is None or other == by:
        raise ValidationError(_("Choose a turn of yours and one of somebody else, both still to come."))
    if roster.proposals.filter(state=State.OPEN, first=first, second=second).exists():
        raise ValidationError(_("This is proposed already."))
    made = SwapProposal.objects.create(
        roster=roster, proposer=by, other=other, first=first, second=second, note=note, made_at=now
    )
    _tell(made, "proposed", [other], by, now)
    return made


@transaction.atomic
def answer_swap(*, proposal: SwapProposal, answer: str, by: User, now: datetime) -> SwapProposal:
    """Accept, decline or cancel ``proposal``; accepting makes the swap. The other side is told.

    Raises PermissionDenied for everybody but the one whose answer it is, ValidationError when it was answered, is
    too late, or the roster changed since.
    """
    found = SwapProposal.objects.select_for_update(of=("self",), no_key=True).select_related(
        "roster", "proposer", "other"
    )
    current = found.get(pk=proposal.pk)
    state, who = ANSWERS[answer]
    if getattr(current, who) != by:
        raise PermissionDenied
    if current.state != State.OPEN:
        raise ValidationError(_("This was answered already."))
    if state == State.ACCEPTED:
        _make(current, by, now)
    current.state, current.answered_at = state, now
    current.save(update_fields=["state", "answered_at"])
    others = [person for person in (current.proposer, current.other) if person != by]
    _tell(current, state, others, by, now)
    return current


def _make(proposal: SwapProposal, by: User, now: datetime) -> None:
    people = _people_at(proposal.roster, proposal.first, proposal.second)
    both = (proposal.proposer, proposal.other)
    if people != both or min(proposal.first, proposal.second) <= now:
        raise ValidationError(_("The roster has changed since, or a turn has begun: propose it again."))
    with telling(rosters=[proposal.roster_id], by=by, now=now, note=proposal.note, told=both):
        swap_turns(roster=proposal.roster, first=proposal.first, second=proposal.second, by=proposal.proposer, now=now)


@transaction.atomic
def swap_for_both(*, roster: Roster, first: datetime, second: datetime, by: User, now: datetime) -> list[Override]:
    """The lead swaps two turns; both people are told. Raises what ``swap_turns`` raises, and PermissionDenied."""
    if not may_keep_roster(roster.group, by):
        raise PermissionDenied
    both = [person for person in _people_at(roster, first, second) if person]
    with telling(rosters=[roster.pk], by=by, now=now, told=both):
        rows = swap_turns(roster=roster, first=first, second=second, by=by, now=now)
    people = [row.user for row in rows if row.user != by]
    told: dict[str, Any] = {"roster": roster, "people": people, "by": by, "first": first, "second": second, "now": now}
    swap_moved.send(Roster, step="made", key=f"made:{rows[0].swap}", note="", **told)
    return rows


def _people_at(roster: Roster, first: datetime, second: datetime) -> tuple[User | None, User | None]:
    """Who has the turns that run at the two moments."""
    one, other = spans_at(roster, first, second)
    return one.user if one else None, other.user if other else None


def _tell(proposal: SwapProposal, step: str, people: list[User], by: User, now: datetime) -> None:
    swap_moved.send(
        SwapProposal,
        roster=proposal.roster,
        step=step,
        people=people,
        by=by,
        first=proposal.first,
        second=proposal.second,
        note=proposal.note,
        key=f"{step}:{proposal.pk}",
        now=now,
    )
