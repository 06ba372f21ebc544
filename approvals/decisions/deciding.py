"""Deciding: one lock, one result, one set of notices; and bulk, which does what may be done."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from approvals.content import digest_of, lines_of
from approvals.decisions.falling import let_fall
from approvals.models import ApprovalRound, Ask, Decision, Outcome, Slot, Step
from approvals.notices import tell
from approvals.questions import question_of
from approvals.services import (
    ask_and_tell,
    concerned,
    end_round,
    kept_from,
    let_go,
    may_fill,
    open_step,
    same_person,
    voted_in,
)
from tickets import clock
from tickets.errors import ActionConflict, ActionError, ActionForbidden, ActionNotFound
from tickets.models import Ticket, TimelineEntry
from tickets.services import log_event

Verdict = Decision.Verdict


@dataclass(frozen=True)
class Place:
    """A place that somebody may fill, and for whom."""

    slot: Slot
    for_person: User | None


def decide(
    *,
    pk: int,
    user: User,
    verdict: str,
    reason: str = "",
    digest: str = "",
    via: str = TimelineEntry.Via.WEB,
    now: datetime | None = None,
    follow: bool = True,
    seen: Collection[str] = (),
) -> Decision:
    """Decide round ``pk`` as ``user``: for themselves, else for the one whose recorded delegate they are.

    ``digest``: of the content that was read; another one is refused. ``seen``: keys of the concerns that were read
    beside it. ``follow``: no when an action of the kind
    decides, which does what follows and stands in the log. Everything is one transaction: decision, next
    step, what the kind does when the round ends, timeline, notices. Raises ActionNotFound for a round that the person
    does not see, ActionForbidden for who may not decide it, ActionConflict when it is over, not yet their turn, the
    content changed, or a reason is missing; then nothing changed.
    """
    fell = None
    with transaction.atomic():
        made, ticket = _locked(pk, user)
        now = now or clock.now()
        _check_open(made, user)
        if digest and digest != made.digest:
            raise ActionConflict(_("The content has changed since you read it."))
        question = question_of(ticket.kind, made.purpose)
        lines = made.content if question.proposal else lines_of(question, ticket, made.content)
        if digest_of(lines) == made.digest:
            return _decide(made, ticket, user, verdict, reason.strip(), via, now, follow=follow, seen=seen)
        fell = let_fall(made=made, ticket=ticket, lines=lines, user=None, now=now)
    raise ActionConflict(_("The content has changed since it was asked.") if fell else _("It is decided already."))


def _decide(
    made: ApprovalRound,
    ticket: Ticket,
    user: User,
    verdict: str,
    reason: str,
    via: str,
    now: datetime,
    *,
    follow: bool,
    seen: Collection[str],
) -> Decision:
    step = made.steps.select_for_update().filter(outcome=Outcome.OPEN).get()
    if verdict not in Verdict.values:
        raise ActionConflict(_("There is no such decision."))
    place = _place_for(made, step, ticket, user, now)
    if verdict != Verdict.APPROVE and not reason:
        raise ActionConflict(_("Say why."))
    decision = Decision.objects.create(
        round=made,
        step=step,
        slot=place.slot,
        person=user,
        for_person=place.for_person,
        verdict=verdict,
        reason=reason,
        at=now,
        via=via,
        digest=made.digest,
    )
    Ask.objects.filter(slot=place.slot).update(waits=False)
    if follow:
        _log(made, ticket, decision, step)
    question = question_of(ticket.kind, made.purpose)
    if question.decided:
        question.decided(round=made, decision=decision, seen=seen)
    _go_on(made, step, ticket, decision, follow=follow)
    return decision


def _locked(pk: int, user: User) -> tuple[ApprovalRound, Ticket]:
    """Lock the ticket, then the round, as every action does, so that an edit and a decision wait for one another."""
    found = ApprovalRound.objects.visible_to(user).filter(pk=pk).values_list("ticket_id", flat=True).first()
    if found is None:
        raise ActionNotFound(_("There is no such approval."))
    ticket = Ticket.objects.select_for_update(no_key=True).get(pk=found)
    return ApprovalRound.objects.select_for_update().get(pk=pk), ticket.specific


def _check_open(made: ApprovalRound, user: User) -> None:
    """Raise ActionConflict with what happened when the round is over."""
    if made.outcome == Outcome.OPEN:
        return
    if made.outcome == Outcome.FALLEN:
        raise ActionConflict(_("The content has changed since; this approval is void."))
    last = made.decisions.select_related("person").last()
    if last is None:
        raise ActionConflict(_("This approval was withdrawn."))
    said = {"person": last.person.display_name, "what": last.get_verdict_display()}
    raise ActionConflict(_("It is decided already: %(person)s, %(what)s.") % said)


def _place_for(made: ApprovalRound, step: Step, ticket: Ticket, user: User, now: datetime) -> Place:
    """The first open place of the step that ``user`` may fill at this moment, their own before another's."""
    kept_away = kept_from(made)
    if user.pk in kept_away:
        raise ActionForbidden(_("You may not decide this: you ask for it, changed it, or carry it out."))
    voted = voted_in(made)
    if user.pk in voted:
        raise ActionConflict(_once(made, step, user))
    slots = list(step.slots.filter(decisions=None).select_related("step").order_by("position"))
    allowed = [place for slot in slots for place in _places(slot, made, ticket, user, now, kept_away | voted)]
    if not allowed:
        found = [place for slot in slots for place in _places(slot, made, ticket, user, now)]
        if any(one.for_person and one.for_person.pk in voted for one in found):
            raise ActionConflict(_("Whoever you stand in for has decided in this round already."))
        raise ActionForbidden(_refusal(made, step, user, found))
    return min(allowed, key=lambda one: (one.for_person is not None, one.slot.position))


def may_decide(made: ApprovalRound, user: User, now: datetime) -> bool:
    """Whether ``user`` may decide ``made`` at ``now``; nothing is locked."""
    step = made.steps.filter(outcome=Outcome.OPEN).first()
    if made.outcome != Outcome.OPEN or step is None:
        return False
    try:
        _place_for(made, step, made.ticket, user, now)
    except ActionError:
        return False
    return True


def _once(made: ApprovalRound, step: Step, user: User) -> str:
    """Why somebody who decided in the round decides no other step of it, and for whom it waits."""
    decided = made.decisions.select_related("step").filter(person__in=same_person(user)).first()
    if decided is not None and decided.step_id == step.pk:
        return _("You have decided this step.")
    waiting = User.objects.filter(approval_asks__slot__step=step, approval_asks__waits=True).distinct()
    names = ", ".join(one.display_name for one in waiting.order_by("username")[:5])
    said = _("Each person decides once in a round, and you have. It waits for: %(people)s.")
    return said % {"people": names or _("nobody yet; the administrators were told")}


def _places(
    slot: Slot, made: ApprovalRound, ticket: Ticket, user: User, now: datetime, kept_away: frozenset[int] = frozenset()
) -> Iterable[Place]:
    found = may_fill(slot, made, ticket, now, kept_away)
    return [Place(slot, one.for_person) for one, _how in found if one.person.pk == user.pk]


def _refusal(made: ApprovalRound, step: Step, user: User, found: list[Place]) -> str:
    if found:
        return _("You may not decide for somebody who asks for it, changed it, or carries it out.")
    if made.steps.filter(outcome=Outcome.WAITING, slots__who__person=user.username).exists():
        return _("An earlier step is not decided yet.")
    if Ask.objects.filter(round=made, person=user).exists():
        return _("You are not asked any more.")
    return _("You are not asked to decide this.")


def _log(made: ApprovalRound, ticket: Ticket, decision: Decision, step: Step) -> None:
    other = decision.for_person
    name = (
        {"zh": f"（代 {other.full_name}）", "en": f" (for {other.full_name_en or other.full_name})"} if other else ""
    )
    log_event(
        ticket=ticket,
        event=f"approval_decided_{decision.verdict}",
        user=decision.person,
        now=decision.at,
        round=made.number,
        step=step.position,
        person=name,
        reason=decision.reason or "—",
    )


def _go_on(made: ApprovalRound, step: Step, ticket: Ticket, decision: Decision, *, follow: bool) -> None:
    """After a decision: end the round, open the next step, or wait for the others."""
    now, user = decision.at, decision.person
    if decision.verdict != Verdict.APPROVE:
        refused = decision.verdict == Verdict.REFUSE
        _finish(made, ticket, Outcome.REFUSED if refused else Outcome.RETURNED, decision, follow=follow)
        return
    if step.decisions.filter(verdict=Verdict.APPROVE).count() < step.needed:
        ask_and_tell(step, ticket, now)  # whoever decided fills no other place of it: another may have to
        return
    others = list(made.asks.filter(slot__step=step, waits=True).values_list("person_id", flat=True))
    made.steps.filter(pk=step.pk).update(outcome=Outcome.APPROVED, ended_at=now, next_at=None)
    made.asks.filter(slot__step=step).update(waits=False)
    following = made.steps.filter(outcome=Outcome.WAITING).order_by("position").first()
    if following is None:
        _finish(made, ticket, Outcome.APPROVED, decision, follow=follow)
        return
    tell("approval_settled", made, others, now=now, user=user, text=decision.reason, key=str(step.position))
    open_step(following, made, ticket, now)


def _finish(made: ApprovalRound, ticket: Ticket, outcome: str, decision: Decision, *, follow: bool) -> None:
    end_round(made, outcome, decision.at)
    question = question_of(ticket.kind, made.purpose)
    if outcome == Outcome.APPROVED and not question.proposal:
        log_event(ticket=ticket, event="approval_complete", user=None, now=decision.at, round=made.number)
    tell("approval_ended", made, concerned(made), now=decision.at, user=decision.person, text=decision.reason)
    let_go(made)
    if question.ended and follow:
        question.ended(round=made, user=decision.person, now=decision.at, text=decision.reason)


@dataclass(frozen=True)
class Refused:
    """A round of a bulk decision that was not decided, and why."""

    pk: int
    number: str
    reason: Any


def decide_many(
    *, pks: Iterable[int], user: User, verdict: str, reason: str, via: str = TimelineEntry.Via.WEB
) -> tuple[list[Decision], list[Refused]]:
    """Decide each of ``pks``, every one by itself: what may be done is done, the rest comes back with its reason."""
    done: list[Decision] = []
    refused: list[Refused] = []
    keys = sorted(set(pks))
    visible = ApprovalRound.objects.visible_to(user).filter(pk__in=keys)
    numbers = dict(visible.values_list("pk", "ticket__number"))
    for pk in keys:
        try:
            done.append(decide(pk=pk, user=user, verdict=verdict, reason=reason, via=via))
        except ActionError as error:
            refused.append(Refused(pk, numbers.get(pk, "—"), str(error)))
    return done, refused
